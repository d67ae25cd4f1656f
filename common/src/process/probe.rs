//! System calls that are asked for nothing: whether they are allowed at all. What refuses one
//! (EPERM, ENOSYS) speaks before the kernel looks at the arguments, and says EINVAL or the like.
#![expect(unsafe_code, reason = "system calls that nix does not offer")]

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::libc::{self, c_long};

use crate::ns::own_descriptor;

/// bpf(2): loads a program of no instructions.
///
/// # Errors
/// EPERM without a capability, else E2BIG.
pub fn bpf() -> Result<c_long, Errno> {
    const PROG_LOAD: i32 = 5;
    // SAFETY: a size of 0 lets the kernel read nothing: all that it asks for is 0.
    Errno::result(unsafe { libc::syscall(libc::SYS_bpf, PROG_LOAD, 0, 0) })
}

/// io_uring_setup(2) for no entries.
///
/// # Errors
/// EPERM where it is forbidden, else EFAULT or EINVAL.
pub fn io_uring_setup() -> Result<c_long, Errno> {
    // SAFETY: the parameters are a null pointer, which the kernel refuses to read.
    Errno::result(unsafe { libc::syscall(libc::SYS_io_uring_setup, 0, 0) })
}

/// userfaultfd(2) with a flag that does not exist.
///
/// # Errors
/// EPERM where it is forbidden, else EINVAL.
pub fn userfaultfd() -> Result<c_long, Errno> {
    // SAFETY: the call takes one integer. UFFD_USER_MODE_ONLY is 1, and 2 is no flag.
    Errno::result(unsafe { libc::syscall(libc::SYS_userfaultfd, 1 | 2) })
}

/// init_module(2) with an image of no bytes.
///
/// # Errors
/// EPERM without CAP_SYS_MODULE, else ENOEXEC.
pub fn init_module() -> Result<c_long, Errno> {
    let nothing = c"".as_ptr();
    // SAFETY: an image of length 0 is no module; the parameters are an empty text.
    Errno::result(unsafe { libc::syscall(libc::SYS_init_module, nothing, 0, nothing) })
}

/// syslog(2), SYSLOG_ACTION_SIZE_BUFFER: the size of the kernel's log.
///
/// # Errors
/// EPERM without CAP_SYSLOG, where kernel.dmesg_restrict is 1.
pub fn kernel_log_size() -> Result<c_long, Errno> {
    const SIZE_BUFFER: i32 = 10;
    // SAFETY: the request uses neither the buffer, a null pointer, nor its length.
    Errno::result(unsafe { libc::syscall(libc::SYS_syslog, SIZE_BUFFER, 0, 0) })
}

/// The longest handle of a file, in bytes (MAX_HANDLE_SZ).
const LONGEST: usize = 128;

/// `struct file_handle` with room for the longest.
#[repr(C)]
struct Handle {
    length: u32,
    kind: i32,
    bytes: [u8; LONGEST],
}

/// name_to_handle_at(2): the bytes by which a file system knows a file, its type first.
///
/// # Errors
/// EOPNOTSUPP where the file system knows none.
pub fn name_to_handle(file: &CStr) -> Result<Vec<u8>, Errno> {
    let mut handle = Handle {
        length: LONGEST as u32,
        kind: 0,
        bytes: [0; LONGEST],
    };
    let mut mount = 0;
    // SAFETY: the path ends with a NUL; the handle has the room that its length says; all
    // outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_name_to_handle_at,
            libc::AT_FDCWD,
            file.as_ptr(),
            &raw mut handle,
            &raw mut mount,
            0,
        )
    };
    Errno::result(result)?;
    let bytes = handle
        .bytes
        .get(..handle.length as usize)
        .unwrap_or_default();
    Ok([&handle.kind.to_ne_bytes(), bytes].concat())
}

/// open_by_handle_at(2), to read: any file of the file system that `mount` is on, whatever
/// part of it is mounted.
///
/// # Errors
/// EPERM without CAP_DAC_READ_SEARCH, ESTALE for a handle of no file.
pub fn open_by_handle(mount: impl AsFd, handle: &[u8]) -> Result<OwnedFd, Errno> {
    let (kind, bytes) = handle.split_first_chunk::<4>().ok_or(Errno::EINVAL)?;
    let mut handle = Handle {
        length: 0,
        kind: i32::from_ne_bytes(*kind),
        bytes: [0; LONGEST],
    };
    let place = handle.bytes.get_mut(..bytes.len()).ok_or(Errno::EINVAL)?;
    place.copy_from_slice(bytes);
    handle.length = bytes.len() as u32;
    let (mount, flags) = (mount.as_fd().as_raw_fd(), libc::O_RDONLY | libc::O_CLOEXEC);
    // SAFETY: the handle is as long as its length says, and outlives the call.
    own_descriptor(unsafe {
        libc::syscall(libc::SYS_open_by_handle_at, mount, &raw mut handle, flags)
    })
}
