//! What the kernel shows: /proc, /sys and /dev, and a /tmp.

use std::fs::{self, File};
use std::path::Path;

use common::ns::{Attributes, atime_flags, mount_setattr, move_mount, open_tree};
use common::{Result, Step as _, explain};
use nix::errno::Errno;
use nix::libc::{AT_RECURSIVE, MOUNT_ATTR_RDONLY};
use nix::mount::{MsFlags, mount as sys_mount};
use nix::unistd::symlinkat;

use crate::root::{Root, path_of};
use crate::steps::Step;
use crate::trees::hold;
use crate::{Net, Plan};

const COVERED: &str = "in a user namespace a fresh proc may be mounted only where the old one is \
    wholly visible: `just doctor` says what is in the way; or use --without proc";

const SAFE: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);
const NO_PROGRAMS: MsFlags = SAFE.union(MsFlags::MS_NOEXEC);

// ANCHOR: mount
pub(crate) fn mount(plan: &Plan, root: &Root) -> Result<()> {
    let is_fresh = plan.steps.has(Step::Proc);
    // A proc shows a PID namespace, a sysfs a network namespace, and each belongs to its owner.
    if is_fresh && plan.steps.has(Step::Names) {
        new(root, "proc", "proc", NO_PROGRAMS | atime_flags(), "")
            .map_err(|error| error.hint_if(Errno::EPERM, COVERED))?;
        explain!("mount(proc): shows the container's PID namespace");
    } else {
        of_host(root, "proc", 0)?;
    }
    if is_fresh && plan.steps.has(Step::Net) && plan.args.net == Net::None {
        new(root, "sys", "sysfs", NO_PROGRAMS | MsFlags::MS_RDONLY, "")?;
    } else {
        of_host(root, "sys", if is_fresh { MOUNT_ATTR_RDONLY } else { 0 })?;
    }
    if is_fresh {
        small_dev(plan, root)?;
    } else {
        of_host(root, "dev", 0)?;
    }
    new(
        root,
        "tmp",
        "tmpfs",
        SAFE,
        &format!("mode=1777{}", plan.size_option()),
    )
}

/// The host's own, as guides to chroot() have it.
fn of_host(root: &Root, name: &str, set: u64) -> Result<()> {
    let source = format!("/{name}");
    let place = root.place(Path::new(name), true)?;
    hold(&source)
        .and_then(|source| {
            let tree = open_tree(source)?;
            mount_setattr(
                &tree,
                AT_RECURSIVE,
                Attributes {
                    set,
                    ..Attributes::default()
                },
            )?;
            move_mount(tree, place)
        })
        .step("open_tree", source)
}

fn new(root: &Root, place: &str, kind: &str, flags: MsFlags, options: &str) -> Result<()> {
    let directory = root.place(Path::new(place), true)?;
    sys_mount(
        Some(kind),
        path_of(&directory).as_str(),
        Some(kind),
        flags,
        Some(options),
    )
    .step("mount", format!("{kind} on /{place} in the container"))
}
// ANCHOR_END: mount

// ANCHOR: dev
/// Device files cannot be made in a user namespace: the host's are mounted one by one.
fn small_dev(plan: &Plan, root: &Root) -> Result<()> {
    new(
        root,
        "dev",
        "tmpfs",
        NO_PROGRAMS ^ MsFlags::MS_NODEV,
        "mode=755,size=64k",
    )?;
    let dev = root.place(Path::new("dev"), true)?;
    let path = path_of(&dev);
    for name in ["null", "zero", "full", "random", "urandom", "tty"] {
        let copy = format!("{path}/{name}");
        File::create_new(&copy).step("open", format!("/dev/{name}"))?;
        hold(format!("/dev/{name}"))
            .and_then(|device| move_mount(open_tree(device)?, hold(&copy)?))
            .step("move_mount", format!("/dev/{name}"))?;
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
    let shm = format!("mode=1777{}", plan.size_option());
    for (place, kind, flags, options) in [
        (
            "dev/pts",
            "devpts",
            NO_PROGRAMS ^ MsFlags::MS_NODEV,
            "newinstance,ptmxmode=0666,mode=620",
        ),
        ("dev/shm", "tmpfs", NO_PROGRAMS, &shm),
        ("dev/mqueue", "mqueue", NO_PROGRAMS, ""),
    ] {
        // Message queues belong to an IPC namespace.
        if kind != "mqueue" || plan.steps.has(Step::Names) {
            fs::create_dir(path.clone() + &place[3..]).step("mkdir", place)?;
            new(root, place, kind, flags, options)?;
        }
    }
    let readonly = Attributes {
        set: MOUNT_ATTR_RDONLY,
        ..Attributes::default()
    };
    explain!("mount(tmpfs, devpts, mqueue), move_mount(): a /dev with six devices");
    mount_setattr(&dev, 0, readonly).step("mount_setattr", "/dev")
}
// ANCHOR_END: dev
