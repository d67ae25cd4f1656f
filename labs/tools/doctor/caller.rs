//! As whom things are tried: as the caller, and by root as an ordinary user, too.

use common::error::Step as _;
use common::identity::{drop_to_ordinary_user, ordinary_user};
use common::rootless::{Capability, is_capable};
use common::{Error, Result};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, geteuid, getpid, getppid};

use crate::trial::{Tried, in_child};

/// Somebody to try things as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) uid: u32,
    /// Not who called, but who root becomes.
    pub(crate) is_ordinary: bool,
}

/// The caller, and an ordinary user where the caller can become one.
pub(crate) fn all() -> Vec<Caller> {
    let you = Caller {
        uid: geteuid().as_raw(),
        is_ordinary: false,
    };
    let ordinary = Caller {
        uid: ordinary_user(),
        is_ordinary: true,
    };
    match ordinary.try_to(|| Ok(())) {
        Ok(()) => vec![you, ordinary],
        Err(_) => vec![you],
    }
}

impl Caller {
    /// Whether a lab works directly, or has to enter a user namespace first.
    pub(crate) fn is_capable(self, needed: &[Capability]) -> bool {
        !self.is_ordinary && is_capable(needed)
    }

    /// Does something as this caller, in a child of its own.
    pub(crate) fn try_to(self, work: impl Fn() -> Tried) -> Tried {
        let parent = getpid();
        in_child(CloneFlags::empty(), || {
            if self.is_ordinary {
                become_ordinary(parent)?;
            }
            work()
        })
    }
}

fn become_ordinary(parent: Pid) -> Result<()> {
    if drop_to_ordinary_user()?.is_none() {
        return Err(Error::new("setresuid", "to an ordinary user", Errno::EPERM));
    }
    // The kernel has cut the tie to the parent along with the old credentials.
    set_pdeathsig(Signal::SIGKILL).step("prctl", "PR_SET_PDEATHSIG")?;
    if getppid() != parent {
        return Err(Error::PeerGone);
    }
    Ok(())
}
