//! A signal handler that remembers who has sent the signal.
#![expect(unsafe_code, reason = "a function that runs when a signal comes")]

use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::libc::{c_int, c_void, siginfo_t};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// No process has this PID, so it stands for "no signal".
const NOBODY: i32 = -1;

static SENDER: AtomicI32 = AtomicI32::new(NOBODY);

/// sigaction(2): from here on the signal runs a handler of this process, also
/// where the caller of the lab had it blocked.
///
/// # Errors
/// EINVAL for SIGKILL and SIGSTOP.
pub fn install(signal: Signal) -> Result<(), Errno> {
    let handler = SigHandler::SigAction(remember);
    let action = SigAction::new(handler, SaFlags::SA_SIGINFO, SigSet::empty());
    // SAFETY: the handler only stores to an atomic, which is allowed at any moment.
    unsafe { sigaction(signal, &action) }?;
    SigSet::from(signal).thread_unblock()
}

/// The sender of the last signal that the handler has run for since this was
/// asked before: its PID in this process's namespace, 0 for one outside it.
pub fn last_sender() -> Option<i32> {
    let sender = SENDER.swap(NOBODY, Ordering::Relaxed);
    (sender != NOBODY).then_some(sender)
}

extern "C" fn remember(_signal: c_int, information: *mut siginfo_t, _context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a pointer to a siginfo_t that lives
    // as long as the handler runs.
    let information = unsafe { &*information };
    // SAFETY: the field is one of a union; every signal that kill(2) sends has it,
    // and any other part of the union is integers, too.
    let sender = unsafe { information.si_pid() };
    SENDER.store(sender, Ordering::Relaxed);
}
