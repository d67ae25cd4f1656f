//! A child process in its parent's hands: waited for, signalled, never forgotten.

use std::mem;
use std::os::fd::OwnedFd;

use nix::libc;
use nix::poll::{PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::error::{Error, Result, Step as _};
use crate::output;
use crate::sys::{self, Ended};
use crate::told;

/// How long a child has to say why it fails, in milliseconds.
const MOMENT: u8 = 100;

/// A child process. One that is dropped before it was waited for is killed and
/// reaped, so that no error path leaves a process behind.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    reaped: bool,
    /// Closed by the kernel when this process ends, however it does.
    _lifeline: Option<OwnedFd>,
}

impl Child {
    pub(crate) fn new(pid: Pid, lifeline: Option<OwnedFd>) -> Self {
        Self {
            pid,
            reaped: false,
            _lifeline: lifeline,
        }
    }

    /// Its PID in the parent's PID namespace.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for its end and returns its status.
    ///
    /// # Errors
    /// [`Error::ChildKilled`] if a signal ended it.
    pub fn wait(self) -> Result<u8> {
        match self.wait_raw()? {
            Ended::Exited(status) => Ok(status),
            Ended::Signaled(signal) => Err(Error::ChildKilled(signal)),
        }
    }

    /// Kills it, as SIGKILL from outside kills every process, and returns the status
    /// that a shell would show.
    ///
    /// # Errors
    /// `kill`: EPERM for a child that has taken other credentials.
    pub fn end(self) -> Result<u8> {
        self.kill(Signal::SIGKILL)?;
        self.wait_raw().map(Ended::status)
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
        Ok(self.try_wait_raw()?.map(Ended::status))
    }

    /// As [`try_wait`](Self::try_wait), where a signal must be told from a status.
    pub(crate) fn try_wait_raw(&mut self) -> Result<Option<Ended>> {
        self.reap(libc::WNOHANG)
    }

    fn reap(&mut self, options: i32) -> Result<Option<Ended>> {
        let ended = sys::waitpid(self.pid, options).step("waitpid", self.pid)?;
        self.reaped = ended.is_some();
        Ok(ended.map(|(_, ended)| ended))
    }

    /// Gives the child up to a caller that reaps it by its PID or among others,
    /// or that leaves it to another parent. Nothing of the handle is dropped.
    pub fn into_pid(self) -> Pid {
        let pid = self.pid;
        mem::forget(self);
        pid
    }

    /// kill(2), from the parent, which sees the child whatever namespaces it is in.
    ///
    /// # Errors
    /// `kill`: EPERM for a child that has taken other credentials.
    pub fn kill(&self, signal: Signal) -> Result<()> {
        sys::kill(self.pid, signal as i32).step("kill", self.pid)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped && !self.has_time_to_speak() {
            // The first process of a PID namespace ignores every other signal it
            // has no handler for. ESRCH is impossible before it was waited for.
            let _ = sys::kill(self.pid, libc::SIGKILL);
            let _ = self.remember(0);
        }
    }
}

impl Child {
    /// What went wrong in this process may follow from what went wrong in the child,
    /// which is then about to say so, and ends by itself.
    fn has_time_to_speak(&mut self) -> bool {
        !told::claim()
            && (0..MOMENT).any(|_| {
                let _ = poll(&mut [], PollTimeout::from(1_u8));
                self.remember(libc::WNOHANG)
            })
    }

    /// Reaps it and keeps the status that it ended with.
    fn remember(&mut self, options: i32) -> bool {
        let ended = self.reap(options).ok().flatten();
        ended.into_iter().for_each(output::remember_child);
        self.reaped
    }
}
