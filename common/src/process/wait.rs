//! waitpid(2), kill(2) and the signal at a parent's end, with signals as numbers:
//! nix has no names for real-time signals.
#![expect(unsafe_code, reason = "one libc call in each function")]

use nix::errno::Errno;
use nix::libc;
use nix::unistd::Pid;

use crate::lab::shell_status;

/// As the PID in waitpid(2): any child.
pub const ANY_CHILD: Pid = Pid::from_raw(-1);

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By exit(2), with this status.
    Exited(u8),
    /// By this signal.
    Signaled(i32),
}

impl Ended {
    /// As a shell shows it: the child's own status, or 128 + the signal.
    pub fn status(self) -> u8 {
        match self {
            Self::Exited(status) => status,
            Self::Signaled(signal) => shell_status(signal),
        }
    }
}

/// The status, or the signal.
impl From<Ended> for Result<u8, i32> {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Exited(status) => Ok(status),
            Ended::Signaled(signal) => Err(signal),
        }
    }
}

/// waitpid(2): reaps a child, or [`ANY_CHILD`], and says which and how it ended;
/// `None` if `options` hold WNOHANG and the child is still there.
///
/// # Errors
/// ECHILD where there is no such child.
pub fn waitpid(pid: Pid, options: i32) -> Result<Option<(Pid, Ended)>, Errno> {
    let mut status = 0;
    // Without __WALL the kernel finds only children whose exit signal is SIGCHLD.
    let options = options | libc::__WALL;
    loop {
        // SAFETY: `status` lives across the call, which writes nothing else.
        let result = unsafe { libc::waitpid(pid.as_raw(), &raw mut status, options) };
        match Errno::result(result) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
            Ok(0) => return Ok(None),
            Ok(child) if libc::WIFSIGNALED(status) => {
                let ended = Ended::Signaled(libc::WTERMSIG(status));
                return Ok(Some((Pid::from_raw(child), ended)));
            }
            // Eight bits are all that exit(2) hands to a parent.
            Ok(child) => {
                let ended = Ended::Exited((libc::WEXITSTATUS(status) & 0xff) as u8);
                return Ok(Some((Pid::from_raw(child), ended)));
            }
        }
    }
}

/// kill(2) with a signal given by its number.
///
/// # Errors
/// ESRCH where no process has the PID, EPERM for another user's.
pub fn kill(pid: Pid, signal: i32) -> Result<(), Errno> {
    // SAFETY: kill(2) takes two integers and touches no memory of this process.
    Errno::result(unsafe { libc::kill(pid.as_raw(), signal) }).map(drop)
}

/// prctl(PR_SET_PDEATHSIG) with a signal given by its number.
///
/// # Errors
/// EINVAL for a number that is no signal's.
pub(crate) fn set_pdeathsig(signal: i32) -> Result<(), Errno> {
    // SAFETY: this option takes an integer and touches no memory of this process.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::c_long::from(signal)) })
        .map(drop)
}
