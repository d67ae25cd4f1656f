//! Keys that a session holds, see keyrings(7).
#![expect(unsafe_code, reason = "system calls that nix does not offer")]

use std::ffi::CStr;

use nix::errno::Errno;
use nix::libc::{self, c_long};

/// keyctl(KEYCTL_JOIN_SESSION_KEYRING): a new session keyring, in which nothing is.
///
/// # Errors
/// ENOSYS without CONFIG_KEYS, EDQUOT at the user's limit of keys, EPERM under a filter.
pub fn join_session_keyring() -> Result<c_long, Errno> {
    let (operation, name) = (libc::KEYCTL_JOIN_SESSION_KEYRING, 0);
    // SAFETY: the name is a null pointer: the keyring has none.
    Errno::result(unsafe { libc::syscall(libc::SYS_keyctl, operation, name) })
}

/// add_key(2) of type `user` to the session keyring.
///
/// # Errors
/// As [`join_session_keyring`].
pub fn add_key(description: &CStr, payload: &[u8]) -> Result<c_long, Errno> {
    let keyring = libc::KEY_SPEC_SESSION_KEYRING;
    // SAFETY: both texts end with a NUL, the payload is as long as is said, and all outlive
    // the call.
    Errno::result(unsafe {
        libc::syscall(
            libc::SYS_add_key,
            c"user".as_ptr(),
            description.as_ptr(),
            payload.as_ptr(),
            payload.len(),
            keyring,
        )
    })
}

/// keyctl(KEYCTL_SEARCH): looks for a key of type `user` in the session keyring.
///
/// # Errors
/// ENOKEY where there is none.
pub fn find_key(description: &CStr) -> Result<c_long, Errno> {
    let (operation, keyring) = (libc::KEYCTL_SEARCH, libc::KEY_SPEC_SESSION_KEYRING);
    let (kind, name) = (c"user".as_ptr(), description.as_ptr());
    // SAFETY: both texts end with a NUL and outlive the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_keyctl, operation, keyring, kind, name, 0) })
}
