//! Descriptors that system calls without a wrapper have made.
#![expect(unsafe_code, reason = "taking over what the kernel has made")]

use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::libc::c_long;

/// What a call has answered that makes a descriptor for its caller alone.
pub(crate) fn own_descriptor(result: c_long) -> Result<OwnedFd, Errno> {
    // What is no error is a descriptor, and descriptors are small.
    let descriptor = RawFd::try_from(Errno::result(result)?).map_err(|_| Errno::EOVERFLOW)?;
    // SAFETY: the call has made the descriptor, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
