//! The system calls that nix does not offer in the shape the labs need.
#![expect(unsafe_code, reason = "one libc call in each function")]

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;

use crate::error::shell_status;

/// How a child ended, with the signal as a number: nix knows no real-time signals.
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

/// waitpid(2): reaps a child, any with PID -1, and says which and how it ended;
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

/// kill(2) with a signal given by its number: nix has no names for real-time signals.
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

/// Gives a signal its default action, or has it ignored; returns what was before.
///
/// # Errors
/// EINVAL for SIGKILL and SIGSTOP.
pub(crate) fn set(signal: Signal, handler: SigHandler) -> Result<SigHandler, Errno> {
    debug_assert!(matches!(handler, SigHandler::SigDfl | SigHandler::SigIgn));
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: SIG_DFL and SIG_IGN run no code in this process.
    let old = unsafe { sigaction(signal, &action) }?;
    Ok(old.handler())
}

/// Whether a signal is ignored at this moment.
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a null new action only asks; the old one is written to `action`.
    let result = unsafe { libc::sigaction(signal as i32, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: all-zero bytes are a valid sigaction, also where the call failed.
    let action = unsafe { action.assume_init() };
    result == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// setdomainname(2): the NIS domain name of the caller's UTS namespace.
///
/// # Errors
/// EPERM without CAP_SYS_ADMIN, EINVAL over 64 bytes.
pub fn setdomainname(name: &OsStr) -> Result<(), Errno> {
    let name = name.as_bytes();
    // SAFETY: the pointer and the length describe `name`, which the call only reads.
    Errno::result(unsafe { libc::setdomainname(name.as_ptr().cast(), name.len()) }).map(drop)
}
