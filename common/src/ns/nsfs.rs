//! What the kernel tells about a namespace by ioctl(2) on a descriptor of it.
#![expect(unsafe_code, reason = "one libc call in each function")]

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::libc;

use super::descriptor::own_descriptor;
use super::types::{TYPES, Type};

/// NS_GET_USERNS (Linux 4.9): a descriptor of the user namespace that owns this one.
///
/// # Errors
/// EPERM where that lies outside of the caller's user namespace; ENOTTY where the
/// descriptor is none of a namespace. See ioctl_ns(2).
pub fn get_userns(namespace: impl AsFd) -> Result<OwnedFd, Errno> {
    get_related(namespace, libc::NS_GET_USERNS)
}

/// NS_GET_PARENT (Linux 4.9): a descriptor of the namespace around a PID or user namespace.
///
/// # Errors
/// EPERM where that lies outside of what the caller may see, also for the first
/// of all; EINVAL for the other types. See ioctl_ns(2).
pub fn get_parent(namespace: impl AsFd) -> Result<OwnedFd, Errno> {
    get_related(namespace, libc::NS_GET_PARENT)
}

/// SIOCGSKNS (Linux 4.10): a descriptor of the network namespace that a socket was made in.
///
/// # Errors
/// EPERM without CAP_NET_ADMIN there; ENOTTY where the descriptor is none of a socket.
pub fn get_socket_netns(socket: impl AsFd) -> Result<OwnedFd, Errno> {
    const SIOCGSKNS: libc::Ioctl = 0x894c;
    get_related(socket, SIOCGSKNS)
}

fn get_related(namespace: impl AsFd, request: libc::Ioctl) -> Result<OwnedFd, Errno> {
    let namespace = namespace.as_fd();
    // SAFETY: the requests take no argument, so nothing of this process is touched.
    let result = unsafe { libc::ioctl(namespace.as_raw_fd(), request) };
    own_descriptor(result.into())
}

/// NS_GET_NSTYPE (Linux 4.11): the type of the namespace; `None` for one that
/// namespaces(7) does not know yet.
///
/// # Errors
/// ENOTTY where the descriptor is none of a namespace. See ioctl_ns(2).
pub fn get_nstype(namespace: impl AsFd) -> Result<Option<Type>, Errno> {
    let namespace = namespace.as_fd();
    // SAFETY: the request takes no argument; its answer is the result.
    let result = unsafe { libc::ioctl(namespace.as_raw_fd(), libc::NS_GET_NSTYPE) };
    let flag = Errno::result(result)?;
    Ok(TYPES.into_iter().find(|kind| kind.flag.bits() == flag))
}

/// NS_GET_OWNER_UID (Linux 4.11): who made the user namespace, as a user ID of the
/// caller's user namespace; the overflow ID where that has none for it.
///
/// # Errors
/// EINVAL for another type. See ioctl_ns(2).
pub fn get_owner_uid(namespace: impl AsFd) -> Result<libc::uid_t, Errno> {
    let namespace = namespace.as_fd();
    let mut uid = 0;
    // SAFETY: `uid` is of the type that the request writes, and lives across the call.
    let result =
        unsafe { libc::ioctl(namespace.as_raw_fd(), libc::NS_GET_OWNER_UID, &raw mut uid) };
    Errno::result(result).map(|_| uid)
}

/// The device that what a path leads to is on. A network file system is not
/// asked (AT_STATX_DONT_SYNC): one that is out of reach would hold the caller up for ever.
///
/// # Errors
/// ENOENT, EACCES; ENOSYS before Linux 4.11. See statx(2).
pub fn device_at(directory: impl AsFd, path: &CStr) -> Result<libc::dev_t, Errno> {
    let directory = directory.as_fd();
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: the path ends with a NUL, the buffer is as large as the call's own structure,
    // and both outlive the call, which has no wrapper in every C library.
    let result = unsafe {
        libc::syscall(
            libc::SYS_statx,
            directory.as_raw_fd(),
            path.as_ptr(),
            libc::AT_STATX_DONT_SYNC,
            0, // It tells the device, whatever else is asked for.
            found.as_mut_ptr(),
        )
    };
    Errno::result(result)?;
    // SAFETY: numbers only, so that zeroes are a value as well.
    let found = unsafe { found.assume_init() };
    Ok(libc::makedev(found.stx_dev_major, found.stx_dev_minor))
}
