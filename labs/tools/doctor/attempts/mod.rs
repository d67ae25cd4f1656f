//! What is tried: each type of namespace made and used, as the labs use it.

mod cgroup;
mod ipc;
mod mounts;
mod net;
mod processes;
mod time;
mod user;

use common::Step as _;
use common::rootless::{Capability, is_capable, map_to_root};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use crate::trial::Tried;

/// One thing to try.
pub(crate) struct Attempt {
    /// Its name, in the table of labs and for programs that read `--json`.
    pub(crate) key: &'static str,
    /// What it tries, for a person.
    pub(crate) title: &'static str,
    /// The calls that it consists of, and where to read on.
    pub(crate) calls: &'static str,
    /// Done in a child process, in which it may leave everything as it is.
    pub(crate) work: fn() -> Tried,
}

/// Every attempt, in the order in which they are made.
pub(crate) const ALL: [&Attempt; 17] = [
    &processes::PROCFS,
    &user::ENTER,
    &user::USER,
    &processes::UTS,
    &processes::PID,
    &processes::JOIN,
    &mounts::MOUNT,
    &mounts::PROC,
    &processes::LEAVE,
    &ipc::IPC,
    &net::NET,
    &net::PING,
    &net::PORT,
    &cgroup::CGROUP,
    &cgroup::SUB_CGROUP,
    &time::TIME,
    &processes::EVERY,
];

/// What labs make use of and do without.
const OPTIONAL: &Attempt = &cgroup::SUB_CGROUP;

impl Attempt {
    /// Whether every lab does without it.
    pub(crate) fn is_optional(&self) -> bool {
        self.key == OPTIONAL.key
    }
}

pub(crate) use cgroup::CGROUP;
pub(crate) use ipc::IPC;
pub(crate) use mounts::{MOUNT, PROC};
pub(crate) use net::{NET, PING, PORT};
pub(crate) use processes::{EVERY, JOIN, LEAVE, PID, PROCFS, UTS};
pub(crate) use time::TIME;
pub(crate) use user::USER;

/// As the labs begin: without one of these capabilities, in a user namespace.
fn enter_unless_capable(needed: &[Capability]) -> Tried {
    if is_capable(needed) { Ok(()) } else { enter() }
}

/// A user namespace in which the caller is root.
fn enter() -> Tried {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    unshare(CloneFlags::CLONE_NEWUSER).step("unshare", "CLONE_NEWUSER")?;
    Ok(map_to_root(uid, gid)?)
}
