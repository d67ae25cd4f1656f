//! Descriptors that stand for a process.
#![expect(unsafe_code, reason = "a system call that nix does not offer")]

use std::os::fd::{AsFd, AsRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::libc;
use nix::unistd::Pid;

use crate::ns::own_descriptor;

/// pidfd_open(2): a descriptor of a process, closed by exec. Unlike the number it
/// never comes to mean another process.
///
/// # Errors
/// ESRCH where no process has the PID in this PID namespace, EMFILE, ENFILE,
/// ENOSYS before Linux 5.3.
pub fn pidfd_open(pid: Pid) -> Result<OwnedFd, Errno> {
    // SAFETY: pidfd_open(2) takes two integers and touches no memory of this process.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    own_descriptor(result)
}

/// pidfd_getfd(2): a copy of a descriptor of another process.
///
/// # Errors
/// EBADF where that process has no such descriptor, EPERM where it may not be traced,
/// ENOSYS before Linux 5.6.
pub fn pidfd_getfd(process: impl AsFd, descriptor: RawFd) -> Result<OwnedFd, Errno> {
    let process = process.as_fd().as_raw_fd();
    // SAFETY: pidfd_getfd(2) takes three integers and touches no memory of this process.
    own_descriptor(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process, descriptor, 0) })
}
