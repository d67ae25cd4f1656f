//! The ways to start a process that ends at once, for those who measure them.
#![expect(unsafe_code, reason = "one system call in each function")]

use std::convert::Infallible;
use std::ffi::CStr;

use nix::libc;
use nix::sched::{self, CloneFlags};
use nix::unistd::{self, ForkResult, Pid, execve};

use super::clone::ChildStack;
use crate::lab::{Result, Step as _};

/// fork(2): a child with a copy of this process's memory, which ends at once with
/// status 0.
///
/// # Errors
/// `fork`: EAGAIN at a limit of processes, ENOMEM.
pub fn fork() -> Result<Pid> {
    fork_and(|| ())
}

/// fork(2) and, in the child, execve(2) without an environment. Where the program
/// cannot be executed, the child's status is the errno: all that execve(2) has are
/// below 128.
///
/// # Errors
/// `fork`: as [`fork`].
pub fn fork_and_exec(path: &CStr, arguments: &[&CStr]) -> Result<Pid> {
    fork_and(|| {
        let Err(errno): nix::Result<Infallible> = execve(path, arguments, &[] as &[&CStr]);
        end(errno as u8)
    })
}

/// vfork(2) as the kernel does it: clone(CLONE_VM | CLONE_VFORK). The child, which
/// ends at once with status 0, borrows this process's memory, and this process
/// sleeps until it has. A stack of its own takes the place of the shared one: what
/// vfork() does to the stack no compiler but C's knows.
///
/// # Errors
/// `clone`: EAGAIN at a limit of processes, ENOMEM.
pub fn vfork(child_stack: &mut ChildStack) -> Result<Pid> {
    let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
    let child_function = Box::new(|| 0);
    // SAFETY: the child shares this memory, but runs on its own stack, and its
    // function touches nothing. The one thread of this process is suspended until
    // the child has ended, so the two never run at once and the closure lives on.
    let pid = unsafe {
        sched::clone(
            child_function,
            child_stack.usable(),
            flags,
            Some(libc::SIGCHLD),
        )
    };
    pid.step("clone", "CLONE_VM | CLONE_VFORK")
}

fn fork_and(job: impl FnOnce()) -> Result<Pid> {
    // SAFETY: the process has one thread (see the crate's introduction), so the
    // child's copy of the memory holds no lock of another one.
    match unsafe { unistd::fork() }.step("fork", "a child")? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            job();
            end(0)
        }
    }
}

/// _exit(2): ends the process at once; a child must not run its parent's handlers.
pub(super) fn end(status: u8) -> ! {
    // SAFETY: _exit(2) takes a number and does not return.
    unsafe { libc::_exit(status.into()) }
}
