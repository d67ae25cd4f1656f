//! What the caller handed over, recorded before Rust's own start changes it, and
//! set as a lab needs it.
//!
//! Rust's start opens /dev/null for a closed stdout, so that output vanishes with
//! status 0, and has SIGPIPE ignored, which a program would inherit.
#![expect(
    unsafe_code,
    reason = "a function that the C library calls before main"
)]

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU8, Ordering};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::stat::Mode;

/// The signals whose disposition every lab changes, and to what.
const CHANGED: [(Signal, SigHandler); 3] = [
    // A reader that has left is an error of write(), EPIPE, and not the end.
    (Signal::SIGPIPE, SigHandler::SigIgn),
    // Where a caller has it ignored, the kernel reaps children itself and
    // waitpid() answers ECHILD.
    (Signal::SIGCHLD, SigHandler::SigDfl),
    // At a limit of file sizes write() then answers EFBIG.
    (Signal::SIGXFSZ, SigHandler::SigIgn),
];

/// Which of them the caller had ignored, a bit for each.
static IGNORED: AtomicU8 = AtomicU8::new(0);

/// The C library calls what stands in this section before `main`. Only glibc passes
/// arguments to it, so it takes none.
#[used]
#[unsafe(link_section = ".init_array")]
static RECORD: extern "C" fn() = record;

extern "C" fn record() {
    for descriptor in 0..3 {
        // SAFETY: F_GETFD reads a flag of a descriptor number and no memory.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            occupy_lowest();
        }
    }
    for (bit, (signal, _)) in CHANGED.into_iter().enumerate() {
        if is_ignored(signal) {
            IGNORED.fetch_or(1 << bit, Ordering::Relaxed);
        }
    }
}

/// A descriptor that the lab opens must not become its stdout. In the place of a
/// closed one stands a folder: to write to it is EBADF, as it was, and exec closes it.
fn occupy_lowest() {
    let folder = open("/", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty());
    std::mem::forget(folder);
}

/// Sets the dispositions for a lab.
pub(super) fn set_dispositions() {
    for (signal, handler) in CHANGED {
        set_disposition(signal, handler);
    }
    // Rust's start catches both, to tell of an overflow of its stack. PID 1 of a new
    // namespace would then hear one that a member sends, which the kernel else drops.
    for signal in [Signal::SIGSEGV, Signal::SIGBUS] {
        if !is_ignored(signal) {
            set_disposition(signal, SigHandler::SigDfl);
        }
    }
}

/// Puts the dispositions back as the caller had them, for exec.
pub(crate) fn restore_dispositions() {
    for (signal, _) in CHANGED {
        let handler = if is_ignored_by_caller(signal) {
            SigHandler::SigIgn
        } else {
            SigHandler::SigDfl
        };
        set_disposition(signal, handler);
    }
}

/// Whether the caller had a signal ignored, whatever the lab has made of it.
pub(crate) fn is_ignored_by_caller(signal: Signal) -> bool {
    let place = CHANGED.iter().position(|(changed, _)| *changed == signal);
    place.map_or_else(
        || is_ignored(signal),
        |bit| IGNORED.load(Ordering::Relaxed) & (1 << bit) != 0,
    )
}

/// Gives a signal its default action, or has it ignored. That cannot fail for a
/// signal that may be changed.
pub(crate) fn set_disposition(signal: Signal, handler: SigHandler) {
    debug_assert!(matches!(handler, SigHandler::SigDfl | SigHandler::SigIgn));
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: SIG_DFL and SIG_IGN run no code in this process.
    let _ = unsafe { sigaction(signal, &action) };
}

/// Whether a signal is ignored at this moment.
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a null new action only asks; the old one is written to `action`.
    let result = unsafe { libc::sigaction(signal as i32, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: all-zero bytes are a valid sigaction, also where the call failed.
    let action = unsafe { action.assume_init() };
    Errno::result(result).is_ok() && action.sa_sigaction == libc::SIG_IGN
}
