//! Signals that a process takes one by one, from a descriptor.

use std::os::fd::{AsFd as _, BorrowedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::unistd::{Pid, getpgid, getpgrp};

use crate::lab::{Result, Step as _, is_ignored_by_caller, retry_eintr};

/// Signals that are blocked, and so wait until they are taken: see signalfd(2).
#[derive(Debug)]
pub struct Signals {
    queue: SignalFd,
    caller_mask: SigSet,
}

impl Signals {
    /// Collects signals from here on, SIGCHLD always among them. A child that is
    /// made later inherits the collection, and has its own signals from it.
    ///
    /// # Errors
    /// `sigprocmask`, `signalfd`: EMFILE, ENFILE.
    pub fn collect(mut wanted: SigSet) -> Result<Self> {
        // A blocked signal is queued even if it is ignored, and a caller that
        // ignores one (nohup, a script's background job) means the program to.
        for signal in &wanted.clone() {
            if is_ignored_by_caller(signal) {
                wanted.remove(signal);
            }
        }
        wanted.add(Signal::SIGCHLD);
        let caller_mask = SigSet::thread_get_mask().step("sigprocmask", "of the caller")?;
        wanted.thread_block().step("sigprocmask", "SIG_BLOCK")?;
        let queue = SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC)
            .step("signalfd", "for the program's signals")?;
        Ok(Self { queue, caller_mask })
    }

    /// Readable while a signal waits to be taken, for poll(2).
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }

    /// In the child: the signal mask as the caller had it, for the program.
    ///
    /// # Errors
    /// `sigprocmask`, which does not fail with a valid mask.
    pub fn leave(&self) -> Result<()> {
        self.caller_mask
            .thread_set_mask()
            .step("sigprocmask", "SIG_SETMASK")
    }

    /// Waits for the next signal. What comes to the process that asks is taken,
    /// also from a descriptor that its parent has opened.
    ///
    /// # Errors
    /// `read`, which does not fail on a signalfd that blocks.
    pub fn next(&self) -> Result<siginfo> {
        let received = retry_eintr(|| self.queue.read_signal());
        // None is the answer of a descriptor that does not block.
        received
            .and_then(|received| received.ok_or(Errno::EAGAIN))
            .step("read", "a signalfd")
    }
}

/// Whether a child has a signal that this process received, too: what the terminal's
/// driver (or another part of the kernel) sends goes to the whole process group.
pub fn has_it_too(child: Pid, received: &siginfo) -> bool {
    received.ssi_code == libc::SI_KERNEL && getpgid(Some(child)) == Ok(getpgrp())
}
