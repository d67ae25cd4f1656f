//! The lab's `main`: what the caller handed over, recorded before it is changed.
//!
//! The C library calls [`main!`](crate::main) itself. Rust's own start, which it
//! would call otherwise, costs more than most labs do: it parses /proc/self/maps
//! and maps a stack for the handler of SIGSEGV. It also sets SIGPIPE to ignored
//! and opens /dev/null for a closed stdout, so that output vanishes with status 0.
#![expect(unsafe_code, reason = "main as the C library calls it")]

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::sys::signal::{SigHandler, Signal};
use nix::sys::stat::Mode;

use crate::sys;

static ARGUMENTS: OnceLock<Vec<OsString>> = OnceLock::new();
static IGNORED: AtomicU8 = AtomicU8::new(0);

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

/// Makes `fn lab() -> Result<u8>` the program, in a file with `#![no_main]`:
/// prints its error and the hint, and exits with its status.
#[macro_export]
macro_rules! main {
    ($lab:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn main(
            count: ::std::ffi::c_int,
            values: *const *const ::std::ffi::c_char,
        ) -> ::std::ffi::c_int {
            // SAFETY: these are the arguments of the C library's call.
            unsafe { $crate::startup::begin(count, values) };
            $crate::startup::end($crate::output::finish($lab()))
        }
    };
}

/// Records arguments and signal dispositions, and sets the latter for a lab.
///
/// # Safety
/// The arguments must be those that the C library calls `main` with.
pub unsafe fn begin(count: c_int, values: *const *const c_char) {
    let count = usize::try_from(count).unwrap_or_default();
    // SAFETY: the array holds that many arguments, and lives as long as the process.
    let values = unsafe { std::slice::from_raw_parts(values, count) };
    let arguments = values.iter().map(|&value| {
        // SAFETY: each is a string with its zero byte, and lives as long.
        let value = unsafe { CStr::from_ptr(value) };
        OsStr::from_bytes(value.to_bytes()).to_owned()
    });
    let _ = ARGUMENTS.set(arguments.collect());

    occupy_closed_descriptors();
    for (bit, (signal, handler)) in CHANGED.into_iter().enumerate() {
        if let Ok(SigHandler::SigIgn) = sys::set(signal, handler) {
            IGNORED.fetch_or(1 << bit, Ordering::Relaxed);
        }
    }
}

/// _exit(2): ends the process at once. No lab leaves anything to exit(3), neither
/// buffers nor handlers, and a child must not run its parent's.
pub fn end(status: u8) -> ! {
    // SAFETY: _exit(2) takes a number and does not return.
    unsafe { libc::_exit(status.into()) }
}

/// A descriptor that the lab opens must not become its stdout. In the place of a
/// closed one stands a folder: to write to it is EBADF, as it was, and exec closes it.
fn occupy_closed_descriptors() {
    for descriptor in 0..3 {
        // SAFETY: F_GETFD reads a flag of a descriptor number and no memory.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            // The lowest free number is this one; it stays open to the end.
            let folder = open("/", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty());
            std::mem::forget(folder);
        }
    }
}

/// The arguments that the lab was called with, its name first.
pub fn arguments() -> &'static [OsString] {
    ARGUMENTS.get().map(Vec::as_slice).unwrap_or_default()
}

/// Puts the dispositions back as the caller had them, for exec.
pub(crate) fn restore() {
    for (bit, (signal, _)) in CHANGED.into_iter().enumerate() {
        let ignored = IGNORED.load(Ordering::Relaxed) & (1 << bit) != 0;
        let handler = if ignored {
            SigHandler::SigIgn
        } else {
            SigHandler::SigDfl
        };
        // The call cannot fail: the signals exist and may be changed.
        let _ = sys::set(signal, handler);
    }
}
