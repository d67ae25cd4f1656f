//! Descriptors that a program inherits, and one that is handed over.
#![expect(unsafe_code, reason = "a system call that nix does not offer")]

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

/// close_range(2) with CLOSE_RANGE_CLOEXEC: exec closes every descriptor from this one on.
///
/// # Errors
/// ENOSYS before Linux 5.9, EINVAL before 5.11.
pub fn close_on_exec_from(first: u32) -> Result<(), Errno> {
    let flags = libc::CLOSE_RANGE_CLOEXEC;
    // SAFETY: the call takes three integers, and closes nothing by itself.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, flags) };
    Errno::result(result).map(drop)
}

/// close_range(2): closes every descriptor from this one on, in a process that executes no
/// program and has no use for them. What owns one of them must never be dropped.
///
/// # Errors
/// ENOSYS before Linux 5.9.
pub fn close_from(first: u32) -> Result<(), Errno> {
    // SAFETY: the call takes three integers. The caller's promise is that of a child of
    // clone(): it ends by _exit(2), which drops nothing.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) }).map(drop)
}

/// umask(2): what new files do not have of their modes. It always succeeds.
pub fn set_umask(mask: libc::mode_t) {
    // SAFETY: the call takes an integer and touches no memory of this process.
    unsafe { libc::umask(mask) };
}

/// Sends a copy of a descriptor through a socket of unix(7) (SCM_RIGHTS).
///
/// # Errors
/// EPIPE where nobody can receive it.
pub fn send_descriptor(socket: impl AsFd, descriptor: impl AsFd) -> Result<(), Errno> {
    let descriptor = [descriptor.as_fd().as_raw_fd()];
    let (text, rights) = (
        [IoSlice::new(b"!")],
        [ControlMessage::ScmRights(&descriptor)],
    );
    let flags = MsgFlags::MSG_NOSIGNAL;
    sendmsg::<()>(socket.as_fd().as_raw_fd(), &text, &rights, flags, None).map(drop)
}

/// Receives a descriptor, closed by exec; `None` where the other end was closed instead.
///
/// # Errors
/// EMFILE, ENFILE.
pub fn receive_descriptor(socket: impl AsFd) -> Result<Option<OwnedFd>, Errno> {
    let mut byte = [0];
    let mut text = [IoSliceMut::new(&mut byte)];
    let mut control = nix::cmsg_space!(RawFd);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let socket = socket.as_fd().as_raw_fd();
    let message = loop {
        match recvmsg::<()>(socket, &mut text, Some(&mut control), flags) {
            Err(Errno::EINTR) => {}
            message => break message?,
        }
    };
    let received = message.cmsgs()?.find_map(|part| match part {
        ControlMessageOwned::ScmRights(descriptors) => descriptors.first().copied(),
        _ => None,
    });
    // SAFETY: the kernel has made this descriptor for the receiver, and nothing else owns it.
    Ok(received.map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor) }))
}
