//! The NIS domain name of a UTS namespace, which nix does not offer to set.
#![expect(unsafe_code, reason = "one libc call")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use nix::errno::Errno;
use nix::libc;

/// setdomainname(2): the NIS domain name of the caller's UTS namespace.
///
/// # Errors
/// EPERM without CAP_SYS_ADMIN, EINVAL over 64 bytes.
pub fn setdomainname(name: &OsStr) -> Result<(), Errno> {
    let name = name.as_bytes();
    // SAFETY: the pointer and the length describe `name`, which the call only reads.
    Errno::result(unsafe { libc::setdomainname(name.as_ptr().cast(), name.len()) }).map(drop)
}
