//! stdin and stdout as the bare descriptors that they are.
//!
//! std's handles come with a buffer each, and a lab reads and writes whole lines
//! without one: what is in no buffer is in no child's copy of it. And std's stdout
//! takes EBADF for success.
#![expect(unsafe_code, reason = "descriptors by their numbers")]

use std::os::fd::{BorrowedFd, RawFd};

use nix::libc::{STDIN_FILENO, STDOUT_FILENO};

/// Descriptor 0.
pub(crate) fn stdin() -> BorrowedFd<'static> {
    borrow(STDIN_FILENO)
}

/// Descriptor 1.
pub(crate) fn stdout() -> BorrowedFd<'static> {
    borrow(STDOUT_FILENO)
}

fn borrow(descriptor: RawFd) -> BorrowedFd<'static> {
    // SAFETY: nothing in a lab owns these numbers, so nothing closes them. The lab's start
    // has put a folder in the place of one that the caller had closed.
    unsafe { BorrowedFd::borrow_raw(descriptor) }
}
