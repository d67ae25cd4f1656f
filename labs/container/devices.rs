//! What the kernel shows: /proc, /sys and /dev, and a /tmp.

use std::fs::{self, File};
use std::path::Path;

use common::ns::{Attributes, atime_flags, mount_setattr, move_mount, open_tree};
use common::{Result, Step as _, explain};
use nix::errno::Errno;
use nix::libc;
use nix::mount::{MsFlags, mount as sys_mount};
use nix::unistd::symlinkat;

use crate::root::{Root, path_of};
use crate::steps::Step;
use crate::trees::hold;
use crate::{Net, Plan};

const COVERED: &str = "in a user namespace a fresh proc may be mounted only where the old one is \
    wholly visible: `just doctor` says what is in the way; or use --without proc";

/// Neither set-user-ID programs nor device files nor, with it, programs.
const SAFE: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);
const NO_PROGRAMS: MsFlags = SAFE.union(MsFlags::MS_NOEXEC);

// ANCHOR: mount
pub(crate) fn mount(plan: &Plan, root: &Root) -> Result<()> {
    if plan.steps.has(Step::Proc) {
        // A proc shows a PID namespace, and belongs to whoever owns that.
        if plan.steps.has(Step::Names) {
            new(root, "proc", "proc", NO_PROGRAMS | atime_flags(), "")
                .map_err(|error| error.hint_if(Errno::EPERM, COVERED))?;
            explain!("mount(proc): shows the container's PID namespace");
        } else {
            of_host(root, "proc", 0)?;
        }
        // A sysfs shows a network namespace, likewise.
        if plan.steps.has(Step::Net) && plan.args.net == Net::None {
            new(root, "sys", "sysfs", NO_PROGRAMS | MsFlags::MS_RDONLY, "")?;
        } else {
            of_host(root, "sys", libc::MOUNT_ATTR_RDONLY)?;
        }
        small_dev(plan, root)?;
    } else {
        for name in ["proc", "sys", "dev"] {
            of_host(root, name, 0)?;
        }
    }
    let options = format!("mode=1777{}", plan.size_option());
    new(root, "tmp", "tmpfs", SAFE, &options)
}
// ANCHOR_END: mount

fn new(root: &Root, place: &str, kind: &str, flags: MsFlags, options: &str) -> Result<()> {
    let directory = root.place(Path::new(place), true)?;
    let path = path_of(&directory);
    sys_mount(Some(kind), path.as_str(), Some(kind), flags, Some(options))
        .step("mount", format!("{kind} on /{place} in the container"))
}

/// The host's own, as guides to chroot() have it.
fn of_host(root: &Root, name: &str, attributes: u64) -> Result<()> {
    let source = format!("/{name}");
    let directory = hold(&source).step("open", &source)?;
    let tree = open_tree(directory).step("open_tree", &source)?;
    let attributes = Attributes {
        set: attributes,
        ..Attributes::default()
    };
    mount_setattr(&tree, libc::AT_RECURSIVE, attributes).step("mount_setattr", &source)?;
    let place = root.place(Path::new(name), true)?;
    move_mount(tree, place).step("move_mount", source)
}

// ANCHOR: dev
/// Device files cannot be made in a user namespace: the host's are mounted one by one.
fn small_dev(plan: &Plan, root: &Root) -> Result<()> {
    new(
        root,
        "dev",
        "tmpfs",
        MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC,
        "mode=755,size=64k",
    )?;
    let dev = root.place(Path::new("dev"), true)?;
    let path = path_of(&dev);
    for name in ["null", "zero", "full", "random", "urandom", "tty"] {
        let (source, copy) = (format!("/dev/{name}"), format!("{path}/{name}"));
        let device = hold(&source).step("open", &source)?;
        let tree = open_tree(device).step("open_tree", &source)?;
        File::create_new(&copy).step("open", &source)?;
        let place = root.place(Path::new(&source[1..]), false)?;
        move_mount(tree, place).step("move_mount", &source)?;
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
    for (name, kind, options) in [
        ("pts", "devpts", "newinstance,ptmxmode=0666,mode=620".into()),
        ("shm", "tmpfs", format!("mode=1777{}", plan.size_option())),
        ("mqueue", "mqueue", String::new()),
    ] {
        // The message queues belong to an IPC namespace.
        if name == "mqueue" && !plan.steps.has(Step::Names) {
            continue;
        }
        let directory = format!("{path}/{name}");
        fs::create_dir(&directory).step("mkdir", format!("/dev/{name}"))?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
        let flags = if name == "pts" {
            flags
        } else {
            flags | MsFlags::MS_NODEV
        };
        new(root, &format!("dev/{name}"), kind, flags, &options)?;
    }
    let readonly = Attributes {
        set: libc::MOUNT_ATTR_RDONLY,
        ..Attributes::default()
    };
    mount_setattr(&dev, 0, readonly).step("mount_setattr", "/dev")?;
    explain!("mount(tmpfs, devpts, mqueue), move_mount(): a /dev with six devices");
    Ok(())
}
// ANCHOR_END: dev
