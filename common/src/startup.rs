//! What the caller handed over, recorded before Rust's runtime changes it.
//!
//! Before `main`, std sets SIGPIPE to ignored and opens /dev/null for each of
//! the descriptors 0 to 2 that is closed. A program that is executed later must
//! find both as the caller left them, and output to a closed stdout must not
//! vanish with status 0. Functions listed in `.init_array` run before that.
#![expect(
    unsafe_code,
    reason = "code before main, and closing descriptors by number"
)]

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU8, Ordering};

use nix::libc;
use nix::sys::signal::Signal;

use crate::sys;

static IGNORED: AtomicU8 = AtomicU8::new(0);

/// The signals whose disposition this program or its runtime changes.
const CHANGED: [Signal; 3] = [Signal::SIGPIPE, Signal::SIGCHLD, Signal::SIGXFSZ];

#[used]
// SAFETY: the section holds pointers to functions that the C runtime calls once,
// before main; `record` uses system calls and atomics only, no part of std.
#[unsafe(link_section = ".init_array")]
static RECORD: extern "C" fn() = record;

extern "C" fn record() {
    for descriptor in 0..3 {
        // SAFETY: F_GETFD reads a flag of a descriptor number and no memory.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            // The lowest free number is this one. std takes a folder for open; to
            // write to it is EBADF, as it was, and exec closes it again.
            // SAFETY: the path is a constant string with its zero byte.
            unsafe { libc::open(c"/".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        }
    }
    for (bit, signal) in CHANGED.into_iter().enumerate() {
        if is_ignored(signal) {
            IGNORED.fetch_or(1 << bit, Ordering::Relaxed);
        }
    }
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

/// Puts the dispositions back as the caller had them, for exec.
pub(crate) fn restore() {
    for (bit, signal) in CHANGED.into_iter().enumerate() {
        // Neither call can fail: the signals exist and may be changed.
        let _ = if IGNORED.load(Ordering::Relaxed) & (1 << bit) != 0 {
            sys::set_ignored(signal)
        } else {
            sys::set_default(signal)
        };
    }
}
