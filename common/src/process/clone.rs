//! clone(2): a child on a stack of its own, in new namespaces.
#![expect(unsafe_code, reason = "mapping a stack and running a child on it")]

use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::slice;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{self, CloneFlags};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, SysconfVar, sysconf};

use super::child::Child;
use super::lifeline::{self, Lifeline};
use crate::lab::{Error, Result, Step as _, finish, told};
use crate::ns::describe;

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
    guard: usize,
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
        let stack = Self { lowest, guard };
        // SAFETY: the first page belongs to the mapping and nothing refers to it yet.
        unsafe { mprotect(lowest, guard, ProtFlags::PROT_NONE) }
            .step("mprotect", "of a child's guard page")?;
        Ok(stack)
    }

    pub(super) fn usable(&mut self) -> &mut [u8] {
        // SAFETY: the mapping is longer than the guard page, which begins it.
        let usable = unsafe { self.lowest.cast::<u8>().add(self.guard) };
        // SAFETY: so many readable and writable bytes follow the guard page, live as
        // long as `self`, and are borrowed mutably here.
        unsafe { slice::from_raw_parts_mut(usable.as_ptr(), STACK_SIZE) }
    }
}
// ANCHOR_END: child_stack

impl Drop for ChildStack {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own; a child that runs on it has its
        // own copy, because clone() is called without CLONE_VM.
        let _ = unsafe { munmap(self.lowest, self.guard + STACK_SIZE) };
    }
}

// ANCHOR: clone
/// clone(2) as the articles call it: `child_function` runs in a new process, on
/// `child_stack`, as a member of the new namespaces in `flags`; the parent gets
/// `exit_signal` when it ends.
///
/// # Errors
/// As [`clone`].
pub fn bare_clone(
    mut child_function: impl FnMut() -> u8,
    child_stack: &mut ChildStack,
    flags: CloneFlags,
    exit_signal: Signal,
) -> nix::Result<Pid> {
    if flags.contains(CloneFlags::CLONE_VM) {
        return Err(Errno::EINVAL); // A child in its parent's memory is a thread.
    }
    let child_function = Box::new(|| child_function().into());
    // SAFETY: without CLONE_VM, which was refused above, the child works on a copy of
    // this process's memory: its stack and everything the function borrows are its own.
    // The process has one thread (see the crate's introduction), so no lock is held by
    // a thread that the copy lacks. The function never returns into the parent's
    // frames: the C library's clone() ends the child when it returns.
    unsafe {
        sched::clone(
            child_function,
            child_stack.usable(),
            flags,
            Some(exit_signal as i32),
        )
    }
}
// ANCHOR_END: clone

/// clone(2) with all that a lab's child has: a stack, and a tie to its parent, with
/// which it dies (see [`Lifeline::tie`]). It ends with the status that the function
/// returns; an error is reported as the lab's own.
///
/// # Errors
/// `clone`: EPERM without CAP_SYS_ADMIN, ENOSPC at a limit of namespaces or of
/// their nesting, EAGAIN at RLIMIT_NPROC, ENOMEM, EINVAL for a type that the
/// kernel was built without, and for CLONE_VM. `pipe2`: EMFILE, ENFILE.
pub fn clone(flags: CloneFlags, child_function: impl FnMut() -> Result<u8>) -> Result<Child> {
    clone_on(
        child_function,
        &mut ChildStack::new()?,
        flags,
        Signal::SIGCHLD,
    )
}

/// As [`clone`], with the stack and the exit signal in sight.
///
/// # Errors
/// As [`clone`].
pub fn clone_on(
    child_function: impl FnMut() -> Result<u8>,
    child_stack: &mut ChildStack,
    flags: CloneFlags,
    exit_signal: Signal,
) -> Result<Child> {
    let lifeline = Lifeline::new(Signal::SIGKILL as i32)?;
    let child_function = tied(child_function, Some(&lifeline));
    bare_clone(child_function, child_stack, flags, exit_signal)
        .map_err(|errno| Error::new("clone", describe(flags), errno).flags(flags))
        .map(Child::new)
}

/// fork(2) by way of clone(): a child that dies with its parent, as one of [`clone`].
///
/// # Errors
/// `fork`: as [`clone`]; ENOMEM also where the first process of the PID namespace
/// for new children has ended.
pub fn fork(child_function: impl FnMut() -> Result<u8>) -> Result<Child> {
    let lifeline = Lifeline::new(Signal::SIGKILL as i32)?;
    plain_fork(tied(child_function, Some(&lifeline)))
}

/// As [`fork`], but the child outlives its parent.
///
/// # Errors
/// As [`fork`].
pub fn fork_untied(child_function: impl FnMut() -> Result<u8>) -> Result<Child> {
    plain_fork(tied(child_function, None))
}

fn plain_fork(child_function: impl FnMut() -> u8) -> Result<Child> {
    let mut child_stack = ChildStack::new()?;
    let flags = CloneFlags::empty();
    bare_clone(child_function, &mut child_stack, flags, Signal::SIGCHLD)
        .step("fork", "a child")
        .map(Child::new)
}

/// What a lab's child does before and after its own part.
pub(super) fn tied(
    mut child_function: impl FnMut() -> Result<u8>,
    lifeline: Option<&Lifeline>,
) -> impl FnMut() -> u8 {
    told::share();
    move || {
        lifeline::leave();
        let tied = lifeline.map_or(Ok(()), Lifeline::tie);
        finish(tied.and_then(|()| child_function()))
    }
}
