//! A user namespace, made in both ways, and its three files written.

use common::identity::Identity;
use common::{Checkpoint, id_map, namespace};
use nix::sched::CloneFlags;
use nix::unistd::{getegid, geteuid, getpid};

use super::{Attempt, enter};
use crate::trial::{Trial, Tried};

/// How every lab but `user_ns` begins without root: each attempt of those who need
/// it begins so, too, and this one does nothing else.
pub(crate) static ENTER: Attempt = Attempt {
    key: "enter",
    title: "entering a user namespace, as root of it",
    calls: "unshare(CLONE_NEWUSER), write() to setgroups, uid_map and gid_map of its own\n\
            see: user_namespaces(7)",
    work: enter,
};

pub(crate) static USER: Attempt = Attempt {
    key: "user",
    title: "a child in a user namespace, with ID maps",
    calls: "clone(CLONE_NEWUSER), write() to setgroups, uid_map and gid_map of the child\n\
            see: user_namespaces(7)",
    work: child_with_maps,
};

fn child_with_maps() -> Tried {
    // A PID in another namespace's /proc would be a stranger's.
    namespace::check_proc()?;
    let (uid, gid) = (geteuid(), getegid());
    Identity::of(getpid())?;
    let written = Checkpoint::new()?;
    let trial = Trial::start(CloneFlags::CLONE_NEWUSER, || Ok(written.wait()?))?;
    let child = trial.child.pid();
    id_map::write(child, "setgroups", "deny")?;
    id_map::write(child, "uid_map", &format!("0 {uid} 1"))?;
    id_map::write(child, "gid_map", &format!("0 {gid} 1"))?;
    written.open()?;
    trial.end()
}
