//! Descriptors that stand for a process.
#![expect(unsafe_code, reason = "a system call that nix does not offer")]

use std::os::fd::{AsFd, AsRawFd as _, OwnedFd, RawFd};
use std::ptr;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;
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

/// pidfd_send_signal(2).
///
/// # Errors
/// ESRCH where the process has ended, EPERM, ENOSYS before Linux 5.1.
pub fn pidfd_send_signal(process: impl AsFd, signal: Signal) -> Result<(), Errno> {
    let process = process.as_fd().as_raw_fd();
    let nothing = ptr::null::<libc::siginfo_t>();
    // SAFETY: the signal's information is a null pointer: as kill(2) would have it.
    let result = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process,
            signal as i32,
            nothing,
            0,
        )
    };
    Errno::result(result).map(drop)
}
