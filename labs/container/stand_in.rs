//! A stand-in for the host: what an incomplete container does to its host, it does to this one.

use common::net::netlink::{Rtnetlink, link_up};
use common::ns::{make_private, mount_proc};
use common::signals::{Policy, Supervisor};
use common::{Child, Result, Step as _, clone, explain};
use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;
use nix::unistd::sethostname;

// ANCHOR: stand_in
/// Runs a program in an incomplete container, in a stand-in.
pub(crate) fn run(has_cgroup: bool, mut job: impl FnMut() -> Result<u8>) -> Result<u8> {
    let supervisor = Supervisor::begin(Policy::PassOn)?;
    let stand_in = begin(has_cgroup, || {
        supervisor.leave()?;
        job()
    })?;
    Ok(supervisor.wait(stand_in)?.status())
}

/// A process in namespaces of its own, whose mounts are shared as those of systemd's hosts.
pub(crate) fn begin(has_cgroup: bool, mut job: impl FnMut() -> Result<u8>) -> Result<Child> {
    let mut flags = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET;
    // The container's cgroup would lie outside of the stand-in's namespace.
    flags.set(CloneFlags::CLONE_NEWCGROUP, !has_cgroup);
    clone(flags, || {
        make_private()?;
        let (none, shared) = (None::<&str>, MsFlags::MS_REC | MsFlags::MS_SHARED);
        mount(none, "/", none, shared, none).step("mount", "MS_SHARED on /")?;
        mount_proc("/proc")?;
        sethostname("stand-in").step("sethostname", "stand-in")?;
        Rtnetlink::open()?.batch(&[link_up("lo")])?;
        explain!("clone(): a stand-in for the host, in namespaces of its own");
        job()
    })
}
// ANCHOR_END: stand_in
