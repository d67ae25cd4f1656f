//! clone(2) on a stack of the child's own, and the child's end.
#![expect(unsafe_code, reason = "mapping a stack and running a child on it")]

use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::slice;

use nix::libc;
use nix::sched::{self, CloneFlags};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::error::{Result, Step as _};
use crate::namespace::CLONE_NEWTIME;
use crate::output::finish;
use crate::sys::{self, Ended};

/// One mebibyte, as in the articles. Only touched pages cost memory.
const STACK_SIZE: usize = 1024 * 1024;

// ANCHOR: child_stack
/// The stack that a child of clone() starts on.
///
/// It is mapped, not a static array: its lowest page may not be touched, so an
/// overflow is a SIGSEGV in the child and not silently changed memory below.
#[derive(Debug)]
pub struct ChildStack {
    lowest: NonNull<libc::c_void>,
    size: usize,
}

impl ChildStack {
    /// Maps the stack and its guard page.
    ///
    /// # Errors
    /// `mmap`: ENOMEM under a tight RLIMIT_AS.
    pub fn new() -> Result<Self> {
        let page = sysconf(SysconfVar::PAGE_SIZE)
            .ok()
            .flatten()
            .unwrap_or(4096);
        // A page size is positive and far below the stack's size on every machine.
        let guard = usize::try_from(page).unwrap_or(4096);
        let size = STACK_SIZE + guard;
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_STACK | MapFlags::MAP_NORESERVE;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let length = NonZeroUsize::MIN.saturating_add(size - 1);
        // SAFETY: a new anonymous mapping overlaps nothing that exists.
        let lowest = unsafe { mmap_anonymous(None, length, access, flags) }
            .step("mmap", "of a child's stack")?;
        let stack = Self { lowest, size };
        // SAFETY: the first page belongs to the mapping and nothing refers to it yet.
        unsafe { mprotect(lowest, guard, ProtFlags::PROT_NONE) }
            .step("mprotect", "of a child's guard page")?;
        Ok(stack)
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: the mapping is `size` bytes long, lives as long as `self`, and
        // is borrowed mutably here. Its guard page is never read through the slice:
        // clone() only computes the highest address from it.
        unsafe { slice::from_raw_parts_mut(self.lowest.as_ptr().cast(), self.size) }
    }
}
// ANCHOR_END: child_stack

impl Drop for ChildStack {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own; a child that runs on it has its
        // own copy, because clone() is called without CLONE_VM.
        let _ = unsafe { munmap(self.lowest, self.size) };
    }
}

// ANCHOR: clone
/// clone(2): starts `child_function` in a child process that is a member of the
/// new namespaces in `flags`. The parent gets SIGCHLD when the child ends.
///
/// The child ends with the status that the function returns. It dies with its
/// parent (PR_SET_PDEATHSIG); one whose parent is gone before that is set learns
/// of it at its first checkpoint.
///
/// # Errors
/// `clone`: EPERM without CAP_SYS_ADMIN, ENOSPC at a limit of namespaces or of
/// their nesting, EAGAIN at RLIMIT_NPROC, ENOMEM, EINVAL for a type that the
/// kernel was built without.
pub fn clone(
    flags: CloneFlags,
    child_stack: &mut ChildStack,
    mut child_function: impl FnMut() -> Result<u8>,
) -> Result<Child> {
    clone_without_tie(flags, child_stack, || {
        set_pdeathsig(Signal::SIGKILL).step("prctl", "PR_SET_PDEATHSIG")?;
        child_function()
    })
}
// ANCHOR_END: clone

/// fork(2) by way of clone(): a child that outlives its parent.
///
/// # Errors
/// As [`clone`]; ENOMEM also where the first process of the PID namespace for
/// new children has ended.
pub fn fork(child_function: impl FnMut() -> Result<u8>) -> Result<Child> {
    clone_without_tie(CloneFlags::empty(), &mut ChildStack::new()?, child_function)
}

fn clone_without_tie(
    flags: CloneFlags,
    child_stack: &mut ChildStack,
    mut child_function: impl FnMut() -> Result<u8>,
) -> Result<Child> {
    let callback = Box::new(|| finish(child_function()) as isize);
    // SAFETY: without CLONE_VM the child works on a copy of this process's memory,
    // so its stack and everything the callback borrows are its own. The process
    // has one thread (see the crate's introduction), so no lock is held by a
    // thread that the copy lacks. The callback never returns into the parent's
    // frames: the C library's clone() ends the child when it returns.
    let pid = unsafe {
        sched::clone(
            callback,
            child_stack.as_mut_slice(),
            flags,
            Some(libc::SIGCHLD),
        )
    };
    // What failed is a number below 0 inside the wrapper, and never becomes a PID.
    pid.map(|pid| Child { pid, reaped: false })
        .step("clone", describe(flags))
}

/// The flags as they stand in the source: `CLONE_NEWPID | CLONE_NEWNET`.
pub fn describe(flags: CloneFlags) -> String {
    let time = flags.contains(CLONE_NEWTIME).then_some("CLONE_NEWTIME");
    let names: Vec<_> = flags
        .iter_names()
        .map(|(name, _)| name)
        .chain(time)
        .collect();
    if names.is_empty() {
        "0".into()
    } else {
        names.join(" | ")
    }
}

/// A child process. One that is dropped before it was waited for is killed and
/// reaped, so that no error path leaves a process behind.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    reaped: bool,
}

impl Child {
    /// Its PID in the parent's PID namespace.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for its end and returns its status: its own, or 128 + the signal.
    ///
    /// # Errors
    /// `waitpid`, which does not fail for a child that exists.
    pub fn wait(self) -> Result<u8> {
        Ok(status(self.wait_raw()?))
    }

    /// As [`wait`](Self::wait), where a signal must be told from a status.
    pub(crate) fn wait_raw(mut self) -> Result<Ended> {
        loop {
            if let Some(ended) = self.reap(0)? {
                return Ok(ended);
            }
        }
    }

    /// Its status if it has ended, without waiting.
    pub(crate) fn try_wait(&mut self) -> Result<Option<u8>> {
        Ok(self.reap(libc::WNOHANG)?.map(status))
    }

    fn reap(&mut self, options: i32) -> Result<Option<Ended>> {
        let ended = sys::waitpid(self.pid, options).step("waitpid", self.pid)?;
        self.reaped = ended.is_some();
        Ok(ended)
    }

    /// kill(2), from the parent, which sees the child whatever namespaces it is in.
    ///
    /// # Errors
    /// `kill`: EPERM for a child that has taken other credentials.
    pub fn kill(&self, signal: Signal) -> Result<()> {
        sys::kill(self.pid, signal as i32).step("kill", self.pid)
    }
}

fn status(ended: Ended) -> u8 {
    match ended {
        Ended::Exited(status) => status,
        // Signals are numbered 1 to 64, so the sum fits.
        Ended::Signaled(signal) => 128 + (signal & 0x7f) as u8,
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            // The first process of a PID namespace ignores every other signal it
            // has no handler for. ESRCH is impossible before it was waited for.
            let _ = sys::kill(self.pid, libc::SIGKILL);
            let _ = sys::waitpid(self.pid, 0);
        }
    }
}
