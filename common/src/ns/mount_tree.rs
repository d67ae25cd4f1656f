//! Mounts in hand: copied, changed and attached by descriptors, never by a path twice.
#![expect(unsafe_code, reason = "system calls that nix does not offer")]

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::ptr;

use nix::errno::Errno;
use nix::libc::{self, c_long};

use super::descriptor::own_descriptor;

/// Of linux/mount.h; that of libc is as wide as a pointer.
const MS_PRIVATE: u64 = 1 << 18;

/// What [`mount_setattr`] changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    /// Flags to set: MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID …
    pub set: u64,
    /// MS_PRIVATE; else the propagation stays as it is.
    pub is_private: bool,
    /// With MOUNT_ATTR_IDMAP: the user namespace whose IDs the mount shows.
    pub user_namespace: Option<BorrowedFd<'a>>,
}

impl Attributes<'_> {
    /// Flags alone.
    pub fn flags(set: u64) -> Self {
        Self {
            set,
            ..Self::default()
        }
    }
}

/// open_tree(2) with OPEN_TREE_CLONE and AT_RECURSIVE: a copy of the mounts at a place and
/// below it, attached nowhere.
///
/// # Errors
/// EPERM without CAP_SYS_ADMIN over the mount namespace; ENOSYS before Linux 5.2.
pub fn open_tree(place: impl AsFd) -> Result<OwnedFd, Errno> {
    let flags = libc::OPEN_TREE_CLONE
        | libc::O_CLOEXEC as u32
        | (libc::AT_RECURSIVE | libc::AT_EMPTY_PATH) as u32;
    let place = place.as_fd().as_raw_fd();
    let empty = c"".as_ptr();
    // SAFETY: the path is a static empty text, and the call writes nothing.
    own_descriptor(unsafe { libc::syscall(libc::SYS_open_tree, place, empty, flags) })
}

/// move_mount(2) from a descriptor to a descriptor: the mount covers what the second one
/// stands for.
///
/// # Errors
/// EINVAL for a tree of another mount namespace, ENOTDIR, EPERM without CAP_SYS_ADMIN;
/// ENOSYS before Linux 5.2.
pub fn move_mount(tree: impl AsFd, place: impl AsFd) -> Result<(), Errno> {
    let (tree, place) = (tree.as_fd().as_raw_fd(), place.as_fd().as_raw_fd());
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    let empty = c"".as_ptr();
    // SAFETY: both paths are a static empty text, and the call writes nothing.
    let result = unsafe { libc::syscall(libc::SYS_move_mount, tree, empty, place, empty, flags) };
    Errno::result(result).map(drop)
}

/// mount_setattr(2) on a mount; with AT_RECURSIVE in `flags` also on all below it.
///
/// # Errors
/// EINVAL where a file system cannot show other IDs, EPERM where a flag is locked or without
/// CAP_SYS_ADMIN; ENOSYS before Linux 5.12.
pub fn mount_setattr(tree: impl AsFd, flags: i32, attributes: Attributes<'_>) -> Result<(), Errno> {
    let user_namespace = attributes.user_namespace.map(|fd| fd.as_raw_fd());
    let asked = libc::mount_attr {
        attr_set: attributes.set,
        attr_clr: 0,
        propagation: if attributes.is_private { MS_PRIVATE } else { 0 },
        // A descriptor is no negative number.
        userns_fd: user_namespace.unwrap_or_default() as u64,
    };
    // SAFETY: the path is a static empty text; `asked` is of the given size and outlives the
    // call, which reads it only.
    let result: c_long = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_fd().as_raw_fd(),
            c"".as_ptr(),
            flags | libc::AT_EMPTY_PATH,
            &raw const asked,
            size_of::<libc::mount_attr>(),
        )
    };
    Errno::result(result).map(drop)
}

/// fsopen(2), fsconfig(2) and fsmount(2): a new file system, mounted nowhere yet. Options are
/// those of mount(8), with commas.
///
/// # Errors
/// EPERM without CAP_SYS_ADMIN, or for a kind that needs it on the machine; EINVAL for an
/// option that is none; ENODEV for a kind that the kernel has not; ENOSYS before Linux 5.2.
pub fn fsmount(kind: &str, options: &str, attributes: u64) -> Result<OwnedFd, Errno> {
    let text = |text: &str| CString::new(text).map_err(|_| Errno::EINVAL);
    let kind = text(kind)?;
    // SAFETY: the kind ends with a NUL and outlives the call, which writes nothing.
    let context = own_descriptor(unsafe {
        libc::syscall(libc::SYS_fsopen, kind.as_ptr(), libc::FSOPEN_CLOEXEC)
    })?;
    let configure = |command: u32, key: Option<&CStr>, value: Option<&CStr>| {
        let pointer = |text: Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: both texts, if given, end with a NUL and outlive the call.
        let result = unsafe {
            libc::syscall(
                libc::SYS_fsconfig,
                context.as_raw_fd(),
                command,
                pointer(key),
                pointer(value),
                0,
            )
        };
        Errno::result(result).map(drop)
    };
    // Shown as the device in /proc/PID/mounts.
    configure(libc::FSCONFIG_SET_STRING, Some(c"source"), Some(&kind))?;
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some((key, value)) => {
                configure(
                    libc::FSCONFIG_SET_STRING,
                    Some(&text(key)?),
                    Some(&text(value)?),
                )?;
            }
            None => configure(libc::FSCONFIG_SET_FLAG, Some(&text(option)?), None)?,
        }
    }
    configure(libc::FSCONFIG_CMD_CREATE, None, None)?;
    let context = context.as_raw_fd();
    // SAFETY: the call takes three integers.
    own_descriptor(unsafe {
        libc::syscall(
            libc::SYS_fsmount,
            context,
            libc::FSMOUNT_CLOEXEC,
            attributes,
        )
    })
}
