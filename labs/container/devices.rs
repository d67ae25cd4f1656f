//! What the kernel shows: /proc, /sys and /dev, and a /tmp.

use std::os::fd::OwnedFd;
use std::path::Path;

use common::ns::{Attributes, RootDirectory, atime_flags, fsmount, mount_setattr, move_mount};
use common::{Result, Step as _, explain};
use nix::errno::Errno;
use nix::libc::{self, AT_RECURSIVE, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID};
use nix::libc::{MOUNT_ATTR_RDONLY, MOUNT_ATTR_STRICTATIME};
use nix::mount::MsFlags;
use nix::sys::statfs::{PROC_SUPER_MAGIC, TMPFS_MAGIC, statfs};
use nix::unistd::symlinkat;

use crate::root::place;
use crate::steps::Step;
use crate::trees::{copy_with, hold, not_as_asked};
use crate::{Net, Plan};

const COVERED: &str = "in a user namespace a fresh proc may be mounted only where the old one is \
    wholly visible: `just doctor` says what is in the way; or use --without proc";
const NO_DIRECTORY: &str = "a file in this root file system: make it a directory";

/// A device file is still written where its mount is read-only: only the file is not changed.
const DEVICES: u64 = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
const DATA: u64 = DEVICES | MOUNT_ATTR_NODEV;

// ANCHOR: mount
/// Mounts them all; what is returned are /proc and /sys, by descriptors of the mounts.
pub(crate) fn mount(plan: &Plan, root: &RootDirectory) -> Result<[RootDirectory; 2]> {
    let is_fresh = plan.steps.has(Step::Proc);
    // A proc shows a PID namespace, a sysfs a network namespace, and each belongs to its owner.
    let proc = if is_fresh && plan.steps.has(Step::Names) {
        new(root, "proc", "proc", DATA | atime(), "")
            .map_err(|error| error.hint_if(Errno::EPERM, COVERED))?
    } else {
        of_host(root, "proc", 0)?
    };
    let sys = if is_fresh && plan.steps.has(Step::Net) && plan.args.net == Net::None {
        new(root, "sys", "sysfs", DATA | MOUNT_ATTR_RDONLY, "")?
    } else {
        of_host(root, "sys", if is_fresh { MOUNT_ATTR_RDONLY } else { 0 })?
    };
    if is_fresh {
        explain!("fsmount(proc), fsmount(sysfs): they show the container's namespaces");
        small_dev(plan, root)?;
    } else {
        of_host(root, "dev", 0)?;
    }
    let options = format!("mode=1777{}", plan.size_option());
    new(
        root,
        "tmp",
        "tmpfs",
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
        &options,
    )?;
    Ok([proc, sys].map(|mount| RootDirectory::new(mount, false)))
}

/// A new file system, on a place in the root. The descriptor is of the mount, wherever the
/// place may be moved meanwhile: a root file system can be somebody's who does that.
fn new(root: &RootDirectory, name: &str, kind: &str, flags: u64, options: &str) -> Result<OwnedFd> {
    let directory = place(root, Path::new(name), true)?;
    fsmount(kind, options, flags)
        .and_then(|mount| move_mount(&mount, directory).map(|()| mount))
        .step("mount", format!("{kind} on /{name} in the new root"))
        .map_err(|error| error.hint_if(Errno::ENOTDIR, NO_DIRECTORY))
}

/// The host's own, as guides to chroot() have it.
fn of_host(root: &RootDirectory, name: &str, set: u64) -> Result<OwnedFd> {
    let source = format!("/{name}");
    let place = place(root, Path::new(name), true)?;
    hold(&source)
        .and_then(|held| copy_with(&held, AT_RECURSIVE, set))
        .and_then(|tree| move_mount(&tree, place).map(|()| tree))
        .step("open_tree", source)
}
// ANCHOR_END: mount

// ANCHOR: dev
/// Device files cannot be made in a user namespace: the host's are mounted one by one.
fn small_dev(plan: &Plan, root: &RootDirectory) -> Result<()> {
    let dev = RootDirectory::new(
        new(root, "dev", "tmpfs", DEVICES, "mode=755,size=64k")?,
        true,
    );
    for name in ["null", "zero", "full", "random", "urandom", "tty"] {
        let place = place(&dev, Path::new(name), false)?;
        hold(format!("/dev/{name}"))
            .and_then(|held| copy_with(&held, 0, DEVICES | MOUNT_ATTR_RDONLY))
            .and_then(|device| move_mount(device, place))
            .step("open_tree", format!("/dev/{name}"))?;
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ] {
        symlinkat(target, &dev, name).step("symlink", format!("/dev/{name}"))?;
    }
    let options = format!("mode=1777{}", plan.size_option());
    new(
        &dev,
        "pts",
        "devpts",
        DEVICES,
        "newinstance,ptmxmode=0666,mode=620",
    )?;
    new(&dev, "shm", "tmpfs", DATA, &options)?;
    // Message queues belong to an IPC namespace.
    if plan.steps.has(Step::Names) {
        new(&dev, "mqueue", "mqueue", DATA, "")?;
    }
    explain!(
        "fsmount(tmpfs, devpts, mqueue), open_tree(),\n\
         move_mount(): a /dev of six devices"
    );
    mount_setattr(&dev, 0, Attributes::flags(MOUNT_ATTR_RDONLY))
        .step("mount_setattr", "/dev in the new root")
}
// ANCHOR_END: dev

/// Whether they are where a program looks for them: a root file system can be somebody's who
/// renames its directories meanwhile.
pub(crate) fn check(plan: &Plan) -> Result<()> {
    if plan.steps.has(Step::Proc) {
        for (path, kind) in [("/proc", PROC_SUPER_MAGIC), ("/dev", TMPFS_MAGIC)] {
            if statfs(path).step("statfs", path)?.filesystem_type() != kind {
                return Err(not_as_asked(path));
            }
        }
    }
    Ok(())
}

/// How the proc on /proc keeps access times, which a user namespace locks.
fn atime() -> u64 {
    let flags = atime_flags();
    [
        (MsFlags::MS_NOATIME, libc::MOUNT_ATTR_NOATIME),
        (MsFlags::MS_STRICTATIME, MOUNT_ATTR_STRICTATIME),
        (MsFlags::MS_NODIRATIME, libc::MOUNT_ATTR_NODIRATIME),
    ]
    .into_iter()
    .filter(|(flag, _)| flags.contains(*flag))
    .fold(0, |all, (_, attribute)| all | attribute)
}
