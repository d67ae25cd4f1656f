//! What the kernel tells about a namespace by ioctl(2) on a descriptor of it.
#![expect(unsafe_code, reason = "one libc call in each function")]

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::Path;
use std::ptr;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::libc;
use nix::sys::stat::Mode;
use nix::sys::statfs::{NSFS_MAGIC, fstatfs};
use nix::unistd::Pid;

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

/// NS_GET_ID (Linux 6.18): the 64-bit number of a namespace, which is given out once since
/// the machine was started; that of an inode is given out again.
///
/// # Errors
/// ENOTTY where the kernel is older, or the descriptor none of a namespace.
/// See linux/nsfs.h.
pub fn get_id(namespace: impl AsFd) -> Result<u64, Errno> {
    const NS_GET_ID: libc::Ioctl = 0x8008_b70d_u32 as libc::Ioctl;
    let namespace = namespace.as_fd();
    let mut id = 0_u64;
    // SAFETY: `id` is of the type that the request writes, and lives across the call.
    let result = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_ID, &raw mut id) };
    Errno::result(result).map(|_| id)
}

/// Which of a mount namespace's neighbours in the kernel's list of them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// NS_MNT_GET_PREV: made before.
    Previous,
    /// NS_MNT_GET_NEXT: made after.
    Next,
}

/// NS_MNT_GET_PREV, NS_MNT_GET_NEXT (Linux 6.12): a descriptor of the next mount namespace over
/// whose user namespace the caller has CAP_SYS_ADMIN, whether it has a process or not.
///
/// # Errors
/// ENOENT after the last one; EPERM where the kernel shows the list to the first
/// PID namespace only; ENOTTY where it is older. See linux/nsfs.h.
pub fn get_mount_namespace(of: impl AsFd, which: Neighbour) -> Result<OwnedFd, Errno> {
    let request = match which {
        Neighbour::Previous => libc::NS_MNT_GET_PREV,
        Neighbour::Next => libc::NS_MNT_GET_NEXT,
    };
    let of = of.as_fd();
    let nothing = ptr::null_mut::<libc::mnt_ns_info>();
    // SAFETY: with a null pointer the request writes nothing; its answer is the result.
    let result = unsafe { libc::ioctl(of.as_raw_fd(), request, nothing) };
    own_descriptor(result.into())
}

/// NS_GET_TGID_IN_PIDNS (Linux 6.11): the PID, in this PID namespace, of a process that has
/// `pid` in the caller's.
///
/// # Errors
/// ESRCH where there is no such process, or it has no PID there; ENOTTY where the
/// kernel is older. See linux/nsfs.h.
pub fn get_tgid_in_pidns(namespace: impl AsFd, pid: Pid) -> Result<Pid, Errno> {
    let (namespace, pid) = (namespace.as_fd(), pid.as_raw());
    // SAFETY: the argument is a number, as is the answer.
    let result = unsafe { libc::ioctl(namespace.as_raw_fd(), libc::NS_GET_TGID_IN_PIDNS, pid) };
    Errno::result(result).map(Pid::from_raw)
}

/// Opens the namespace that is bind-mounted on a path below a process's root. Whoever owns that
/// mount namespace may have put anything there by now: so no link is followed, and nothing
/// is opened for reading before it is known for a namespace.
///
/// # Errors
/// EINVAL for something else; ENOENT, EACCES; ENOSYS before Linux 5.6.
pub fn open_mounted(root: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS);
    let place = openat2(root, path, how)?;
    if fstatfs(&place)?.filesystem_type() != NSFS_MAGIC {
        return Err(Errno::EINVAL);
    }
    let again = format!("/proc/self/fd/{}", place.as_raw_fd());
    open(
        again.as_str(),
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
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
