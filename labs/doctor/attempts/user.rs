//! A user namespace, made in both ways, and its three files written.

use common::identity::Identity;
use common::{Checkpoint, id_map};
use nix::sched::CloneFlags;
use nix::unistd::{getegid, geteuid, getpid};

use super::{Attempt, enter};
use crate::trial::{Trial, Tried, in_child};

pub(crate) static USER: Attempt = Attempt {
    key: "user",
    title: "a user namespace, with its ID maps",
    calls: "unshare(CLONE_NEWUSER), clone(CLONE_NEWUSER); write() to setgroups, uid_map, gid_map\n\
            see: user_namespaces(7)",
    work: user,
};

fn user() -> Tried {
    // As every other lab without root begins: the process writes its own maps.
    in_child(CloneFlags::empty(), enter)?;
    by_clone()
}

/// As `user_ns` does: the parent writes the child's maps.
fn by_clone() -> Tried {
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
