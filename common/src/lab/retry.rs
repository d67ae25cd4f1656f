//! System calls that a signal interrupts.

use nix::errno::Errno;

/// Makes a system call again as long as a signal interrupts it (EINTR): one that stops
/// and continues this process, or one with a handler.
///
/// # Errors
/// Those of the call, but for EINTR.
pub fn retry_eintr<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            answer => return answer,
        }
    }
}
