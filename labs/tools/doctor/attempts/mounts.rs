//! Mounts in a mount namespace: a tmpfs, and a fresh proc.

use common::Step as _;
use common::own_proc::mount_own_proc;
use common::rootless::Capability;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::{Attempt, enter_unless_capable};
use crate::trial::{Tried, in_child};

pub(crate) static MOUNT: Attempt = Attempt {
    key: "mount",
    title: "a tmpfs in a mount namespace",
    calls: "unshare(CLONE_NEWNS), mount(MS_REC | MS_PRIVATE on /), mount(tmpfs on /tmp),\n\
            mount(MS_SHARED on /tmp), clone(CLONE_NEWNS)\nsee: mount_namespaces(7)",
    work: tmpfs,
};

pub(crate) static PROC: Attempt = Attempt {
    key: "proc",
    title: "a fresh proc in a mount and a PID namespace",
    calls: "clone(CLONE_NEWPID | CLONE_NEWNS), mount(MS_REC | MS_PRIVATE on /),\n\
            mount(proc on /proc)\nsee: proc(5), mount_namespaces(7)",
    work: || {
        enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
        let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
        in_child(flags, || Ok(mount_own_proc()?))
    },
};

fn tmpfs() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_CHROOT])?;
    unshare(CloneFlags::CLONE_NEWNS).step("unshare", "CLONE_NEWNS")?;
    set_propagation("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE).step("mount", "MS_PRIVATE on /")?;
    let (none, no_flags) = (None::<&str>, MsFlags::empty());
    mount(Some("tmpfs"), "/tmp", Some("tmpfs"), no_flags, none).step("mount", "tmpfs on /tmp")?;
    set_propagation("/tmp", MsFlags::MS_SHARED).step("mount", "MS_SHARED on /tmp")?;
    in_child(CloneFlags::CLONE_NEWNS, || Ok(()))
}

/// mount(2) of nothing: how later mounts travel to and from this one.
pub(super) fn set_propagation(directory: &str, how: MsFlags) -> nix::Result<()> {
    let none = None::<&str>;
    mount(none, directory, none, how, none)
}
