//! Standing for a child process: signals go in, its stops and its end come out.

use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};

use crate::child::Child;
use crate::error::{Result, Step as _};
use crate::exec::die_by;
use crate::foreground::Foreground;
use crate::signals::{Signals, has_it_too};
use crate::sys::Ended;

/// What other processes send to end a program, or to tell it something.
const PASSED_ON: [Signal; 6] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// The parent of a program that could only run in a child. Whoever started the
/// parent knows its PID alone, so it behaves as the program does: it passes
/// signals on, stops when the child stops, and ends as the child ends.
#[derive(Debug)]
pub struct Proxy {
    signals: Signals,
    foreground: Foreground,
}

impl Proxy {
    /// Collects signals from here on: to be called before the child is made.
    ///
    /// # Errors
    /// `sigprocmask`, `signalfd`: EMFILE, ENFILE.
    pub fn begin() -> Result<Self> {
        Ok(Self {
            signals: Signals::collect(PASSED_ON.into_iter().collect())?,
            foreground: Foreground::note(),
        })
    }

    /// In the child: the signal mask as the caller had it, for the program.
    ///
    /// # Errors
    /// `sigprocmask`, which does not fail with a valid mask.
    pub fn leave(&self) -> Result<()> {
        self.signals.leave()
    }

    /// In the parent: waits, and returns the child's status. A signal that ended
    /// the child ends this process, too.
    ///
    /// # Errors
    /// `waitpid` and `read`, which do not fail while the child exists.
    pub fn wait(&self, mut child: Child) -> Result<u8> {
        let ended = loop {
            if let Some(ended) = child.try_wait_raw()? {
                break ended;
            }
            if has_stopped(&child)? {
                stop_with(&child)?;
            }
            let received = self.signals.next()?;
            let is_it = |signal: &Signal| *signal as u32 == received.ssi_signo;
            match PASSED_ON.into_iter().find(is_it) {
                Some(signal) if !has_it_too(child.pid(), &received) => pass_on(&child, signal),
                _ => {}
            }
        };
        self.foreground.take_back();
        match ended {
            Ended::Exited(status) => Ok(status),
            Ended::Signaled(signal) => Ok(die_by(signal)),
        }
    }
}

fn has_stopped(child: &Child) -> Result<bool> {
    let options = WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG;
    let state = waitid(Id::Pid(child.pid()), options).step("waitid", child.pid())?;
    Ok(matches!(state, WaitStatus::Stopped(..)))
}

/// A shell that watches this process sees it stop, and its `fg` wakes both.
fn stop_with(child: &Child) -> Result<()> {
    raise(Signal::SIGSTOP).step("raise", "SIGSTOP")?;
    pass_on(child, Signal::SIGCONT);
    Ok(())
}

fn pass_on(child: &Child, signal: Signal) {
    // A program with other credentials may be out of reach (EPERM); it then goes
    // its own way, as it does with a signal that it ignores.
    let _ = child.kill(signal);
}
