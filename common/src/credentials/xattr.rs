//! Extended attributes of files, see xattr(7).
#![expect(unsafe_code, reason = "system calls that nix does not offer")]

use std::ffi::CStr;

use nix::errno::Errno;
use nix::libc;

/// setxattr(2): makes an attribute of a file, or gives it another value.
///
/// # Errors
/// EPERM for who may not, EINVAL for a value that the attribute cannot have, EOPNOTSUPP
/// where the file system has no such attributes, ENOENT.
pub fn setxattr(path: &CStr, name: &CStr, value: &[u8]) -> Result<(), Errno> {
    let (bytes, size) = (value.as_ptr().cast(), value.len());
    // SAFETY: path and name end with a NUL, the value is as long as is said; the kernel only
    // reads them, and all outlive the call.
    Errno::result(unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), bytes, size, 0) }).map(drop)
}

/// getxattr(2): copies an attribute of a file into `value`, and says how long it is.
///
/// # Errors
/// ENODATA where the file has none, ERANGE where `value` is too short, EOVERFLOW for a
/// `security.capability` that means nothing in this user namespace, ENOENT.
pub fn getxattr(path: &CStr, name: &CStr, value: &mut [u8]) -> Result<usize, Errno> {
    let (bytes, size) = (value.as_mut_ptr().cast(), value.len());
    // SAFETY: path and name end with a NUL; the kernel writes no more than `size` bytes to
    // the value, which is borrowed mutably and as long as that; all outlive the call.
    let length =
        Errno::result(unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), bytes, size) })?;
    // What is no error is a length, at most `size`.
    Ok(length.unsigned_abs())
}
