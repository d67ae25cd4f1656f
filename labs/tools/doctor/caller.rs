//! As whom things are tried: as the caller, and by root as an ordinary user, too.

use common::Error;
use common::credentials::{drop_to_ordinary_user, ordinary_user};
use common::process::Lifeline;
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

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
    let exists = ordinary.try_to(|| Ok(())).is_ok();
    [you]
        .into_iter()
        .chain(exists.then_some(ordinary))
        .collect()
}

impl Caller {
    /// Does something as this caller, in a child of its own.
    pub(crate) fn try_to(self, work: impl Fn() -> Tried) -> Tried {
        // The kernel cuts the tie to the parent when a process changes its user.
        let lifeline = Lifeline::new(Signal::SIGKILL as i32)?;
        in_child(CloneFlags::empty(), || {
            if self.is_ordinary && drop_to_ordinary_user()?.is_none() {
                return Err(Error::new("setresuid", "to an ordinary user", Errno::EPERM).into());
            }
            lifeline.tie()?;
            work()
        })
    }
}
