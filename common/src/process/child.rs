//! A child process in its parent's hands: waited for, signalled, never forgotten.

use std::mem;

use nix::libc;
use nix::poll::{PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::wait::{self, Ended};
use crate::lab::{Error, Result, Step as _, told};

/// How long a child has to say why it fails, in milliseconds.
const MOMENT: u8 = 100;

/// A child process. One that is dropped before it was waited for is killed and
/// reaped, so that no error path leaves a process behind.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    reaped: bool,
}

impl Child {
    pub(super) fn new(pid: Pid) -> Self {
        Self { pid, reaped: false }
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
        match self.wait_ended()? {
            Ended::Exited(status) => Ok(status),
            Ended::Signaled(signal) => Err(Error::ChildKilled(signal)),
        }
    }

    /// Waits for its end, which is to be status 0.
    ///
    /// # Errors
    /// [`Error::ChildFailed`] with another status, [`Error::ChildKilled`] by a signal.
    pub fn succeed(self) -> Result<()> {
        match self.wait()? {
            0 => Ok(()),
            status => Err(Error::ChildFailed(status)),
        }
    }

    /// Kills it, as SIGKILL from outside kills every process, and returns the status
    /// that a shell would show.
    ///
    /// # Errors
    /// `kill`: EPERM for a child that has taken other credentials.
    pub fn end(self) -> Result<u8> {
        self.kill(Signal::SIGKILL)?;
        self.wait_ended().map(Ended::status)
    }

    /// As [`wait`](Self::wait), where a signal must be told from a status.
    ///
    /// # Errors
    /// `waitpid`, which does not fail for a child that exists.
    pub fn wait_ended(mut self) -> Result<Ended> {
        loop {
            if let Some(ended) = self.reap(0)? {
                return Ok(ended);
            }
        }
    }

    /// How it ended, if it has, without waiting.
    ///
    /// # Errors
    /// As [`wait_ended`](Self::wait_ended).
    pub fn try_wait(&mut self) -> Result<Option<Ended>> {
        self.reap(libc::WNOHANG)
    }

    fn reap(&mut self, options: i32) -> Result<Option<Ended>> {
        let ended = wait::waitpid(self.pid, options).step("waitpid", self.pid)?;
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
        wait::kill(self.pid, signal as i32).step("kill", self.pid)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.reaped || self.has_ended() || self.ends_by_itself() {
            return;
        }
        // The first process of a PID namespace ignores every other signal it
        // has no handler for. ESRCH is impossible before it was waited for.
        let _ = wait::kill(self.pid, libc::SIGKILL);
        match self.reap(0) {
            Ok(Some(Ended::Signaled(libc::SIGKILL))) => told::remember_kill(),
            Ok(Some(ended)) => told::remember_end(ended.into()),
            _ => {}
        }
    }
}

impl Child {
    /// What went wrong in this process may follow from what went wrong in the child,
    /// which is then about to say so, and ends by itself.
    fn ends_by_itself(&mut self) -> bool {
        !told::claim()
            && (0..MOMENT).any(|_| {
                let _ = poll(&mut [], PollTimeout::from(1_u8));
                self.has_ended()
            })
    }

    /// Reaps it if it has ended, and keeps how.
    fn has_ended(&mut self) -> bool {
        if let Ok(Some(ended)) = self.try_wait() {
            told::remember_end(ended.into());
        }
        self.reaped
    }
}
