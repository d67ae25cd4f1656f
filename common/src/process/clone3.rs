//! clone3(2): a child that is born in another cgroup.
#![expect(unsafe_code, reason = "a system call that nix does not offer")]

use std::os::fd::{AsRawFd as _, BorrowedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::child::Child;
use super::clone::tied;
use super::lifeline::Lifeline;
use super::spawn::end;
use crate::lab::{Error, Result};
use crate::ns::describe;

/// The flag is one of clone3(2) alone: it does not fit into clone(2)'s.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// `struct clone_args` of linux/sched.h, which libc has for 64 bits only.
#[derive(Default)]
#[repr(C)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

// ANCHOR: clone3
/// clone3(2) with an exit signal and, if one is given, CLONE_INTO_CGROUP: the child is a
/// member of that cgroup, a descriptor of its directory, before it runs. It goes on with a
/// copy of its parent's stack, as after fork(2). Otherwise as [`clone`](super::clone()).
///
/// # Errors
/// As `clone`; `clone3`: ENOSYS before Linux 5.3, E2BIG before 5.7 with a cgroup; EACCES,
/// EBUSY, EOPNOTSUPP for a cgroup that takes no process of this one's.
pub fn clone3(
    flags: CloneFlags,
    cgroup: Option<BorrowedFd<'_>>,
    child_function: impl FnMut() -> Result<u8>,
) -> Result<Child> {
    let lifeline = Lifeline::new(Signal::SIGKILL as i32)?;
    let mut child_function = tied(child_function, Some(&lifeline));
    let refused = |errno| Error::new("clone3", describe(flags), errno).flags(flags);
    if flags.contains(CloneFlags::CLONE_VM) {
        return Err(refused(Errno::EINVAL)); // Two processes on one stack.
    }
    // ANCHOR: asked
    let mut asked = CloneArgs {
        flags: flags.bits() as u32 as u64,
        exit_signal: Signal::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = cgroup {
        asked.flags |= CLONE_INTO_CGROUP;
        asked.cgroup = cgroup.as_raw_fd() as u64;
    }
    // ANCHOR_END: asked
    let size = size_of::<CloneArgs>();
    // SAFETY: without CLONE_VM the child works on a copy of this process's memory. The process
    // has one thread (see the crate's introduction), so no lock is held by a thread that the
    // copy lacks; and the child ends below, without returning into its parent's frames.
    let result = unsafe { libc::syscall(libc::SYS_clone3, &raw const asked, size) };
    match Errno::result(result).map_err(refused)? {
        0 => end(child_function()),
        // A PID is below 2^22.
        pid => Ok(Child::new(Pid::from_raw(pid as i32))),
    }
}
// ANCHOR_END: clone3
