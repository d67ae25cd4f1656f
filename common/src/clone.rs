//! clone(2) on a stack of the child's own, and the child's end.
#![expect(unsafe_code, reason = "mapping a stack and running a child on it")]

use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::slice;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{self, CloneFlags};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use nix::sys::signal::Signal;
use nix::unistd::{SysconfVar, sysconf};

use crate::child::Child;
use crate::error::{Error, Result, Step as _};
use crate::lifeline::Lifeline;
use crate::namespace::CLONE_NEWTIME;
use crate::output::finish;
use crate::told;

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

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
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
/// clone(2): starts `child_function` in a child process that is a member of the
/// new namespaces in `flags`. The parent gets SIGCHLD when the child ends.
///
/// The child ends with the status that the function returns, and it dies with its
/// parent, see [`Lifeline::tie`].
///
/// # Errors
/// `clone`: EPERM without CAP_SYS_ADMIN, ENOSPC at a limit of namespaces or of
/// their nesting, EAGAIN at RLIMIT_NPROC, ENOMEM, EINVAL for a type that the
/// kernel was built without, and for CLONE_VM: a child in its parent's memory is a
/// thread. `pipe2`: EMFILE, ENFILE.
pub fn clone(
    flags: CloneFlags,
    child_stack: &mut ChildStack,
    child_function: impl FnMut() -> Result<u8>,
) -> Result<Child> {
    let step = ("clone", describe(flags));
    clone_tied(
        step,
        flags,
        child_stack,
        Some(Signal::SIGKILL),
        child_function,
    )
}
// ANCHOR_END: clone

/// fork(2) by way of clone(): a child that gets `parent_death_signal` when its
/// parent ends, and outlives it without one.
///
/// # Errors
/// `fork`: as [`clone`]; ENOMEM also where the first process of the PID namespace
/// for new children has ended.
pub fn fork(
    parent_death_signal: Option<Signal>,
    child_function: impl FnMut() -> Result<u8>,
) -> Result<Child> {
    let mut stack = ChildStack::new()?;
    let step = ("fork", "a child".to_owned());
    clone_tied(
        step,
        CloneFlags::empty(),
        &mut stack,
        parent_death_signal,
        child_function,
    )
}

fn clone_tied(
    (step, object): (&'static str, String),
    flags: CloneFlags,
    child_stack: &mut ChildStack,
    parent_death_signal: Option<Signal>,
    mut child_function: impl FnMut() -> Result<u8>,
) -> Result<Child> {
    if flags.contains(CloneFlags::CLONE_VM) {
        return Err(Error::new(step, object, Errno::EINVAL));
    }
    told::share();
    let lifeline = Lifeline::new(parent_death_signal.map(|signal| signal as i32))?;
    let mut child = || {
        lifeline.tie()?;
        child_function()
    };
    let callback = Box::new(|| finish(child()) as isize);
    // SAFETY: without CLONE_VM, which was refused above, the child works on
    // a copy of this process's memory: its stack and everything the callback borrows
    // are its own. The process has one thread (see the crate's introduction), so no lock
    // is held by a thread that the copy lacks. The callback never returns into the
    // parent's frames: the C library's clone() ends the child when it returns.
    let pid = unsafe {
        sched::clone(
            callback,
            child_stack.as_mut_slice(),
            flags,
            Some(libc::SIGCHLD),
        )
    };
    // What failed is a number below 0 inside the wrapper, and never becomes a PID.
    let pid = pid.step(step, object)?;
    Ok(Child::new(pid, lifeline.into_parents_end()))
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
