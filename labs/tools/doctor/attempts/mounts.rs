//! Mounts in a mount namespace: a tmpfs, a fresh proc, and the message queues.

use std::fs;
use std::path::Path;

use common::namespace::{self, check_proc};
use common::own_proc::mount_own_proc;
use common::rootless::Capability;
use common::sysv::msgget;
use common::{Result, Step as _};
use nix::libc::IPC_PRIVATE;
use nix::mount::{MsFlags, mount};
use nix::mqueue::{MQ_OFlag, MqAttr, mq_open};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::getpid;

use super::{enter_unless_capable, unshare};
use crate::trial::{Tried, in_child};

pub(super) fn tmpfs() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_CHROOT])?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    make_private()?;
    mount_new("tmpfs", "/tmp")?;
    propagate("/tmp", MsFlags::MS_SHARED).step("mount", "MS_SHARED on /tmp")?;
    in_child(CloneFlags::CLONE_NEWNS, || Ok(()))
}

pub(super) fn proc() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
    in_child(flags, || Ok(mount_own_proc()?))
}

pub(super) fn proc_after_unshare() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID)?;
    in_child(CloneFlags::empty(), || Ok(mount_own_proc()?))
}

pub(super) fn message_queues() -> Tried {
    check_proc()?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let flags = CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNS;
    unshare(flags)?;
    make_private()?;
    if !Path::new("/dev/mqueue").is_dir() {
        mount_new("tmpfs", "/dev")?;
        fs::create_dir("/dev/mqueue").step("mkdir", "/dev/mqueue")?;
    }
    mount_new("mqueue", "/dev/mqueue")?;

    namespace::link(getpid(), "ipc")?;
    msgget(IPC_PRIVATE, 0o600).step("msgget", "IPC_PRIVATE")?;
    let (make, mode) = (MQ_OFlag::O_CREAT | MQ_OFlag::O_RDWR, Mode::S_IRWXU);
    mq_open("/doctor", make, mode, Some(&MqAttr::new(0, 1, 64, 0))).step("mq_open", "/doctor")?;
    fs::read("/proc/sys/kernel/msgmax").step("open", "/proc/sys/kernel/msgmax")?;
    in_child(flags, || Ok(()))
}

fn mount_new(kind: &str, directory: &str) -> Result<()> {
    mount(
        Some(kind),
        directory,
        Some(kind),
        MsFlags::empty(),
        None::<&str>,
    )
    .step("mount", format!("{kind} on {directory}"))
}

fn make_private() -> Result<()> {
    propagate("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE).step("mount", "MS_PRIVATE on /")
}

/// mount(2) of nothing: how later mounts travel to and from this one.
fn propagate(directory: &str, how: MsFlags) -> nix::Result<()> {
    let none = None::<&str>;
    mount(none, directory, none, how, none)
}
