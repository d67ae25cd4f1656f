//! Standing in front of a program that is PID 1: signals, status, terminal.

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::child::Child;
use crate::error::{Result, shell_status};
use crate::foreground::Foreground;
use crate::namespace::check_proc;
use crate::proc_status;
use crate::signals::{Signals, has_it_too};

/// What a person or a supervisor sends to end a program.
const PASSED_ON: [Signal; 3] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM];

/// Receives signals on behalf of a child that is PID 1 of its namespace. The
/// kernel drops each signal that PID 1 has no handler for, so a parent that only
/// passed them on could not be stopped.
#[derive(Debug)]
pub struct Relay {
    signals: Signals,
    foreground: Foreground,
}

impl Relay {
    /// Collects signals from here on: to be called after clone(), for the child is
    /// to have the caller's signal mask, and before the child goes on to its program.
    ///
    /// # Errors
    /// `sigprocmask`, `signalfd`: EMFILE, ENFILE.
    pub fn begin() -> Result<Self> {
        Ok(Self {
            signals: Signals::collect(PASSED_ON.into_iter().collect())?,
            foreground: Foreground::note(),
        })
    }

    /// Waits for the child's end and returns its status. A signal that it has no
    /// handler for kills it, with status 128 + the signal.
    ///
    /// # Errors
    /// `read` and `kill`, which do not fail while the child exists.
    pub fn wait(&self, mut child: Child) -> Result<u8> {
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            let received = self.signals.next()?;
            let signal = PASSED_ON
                .into_iter()
                .find(|&s| s as u32 == received.ssi_signo);
            let Some(signal) = signal else {
                continue; // SIGCHLD: the next round looks after the child.
            };
            if !takes(child.pid(), signal) {
                child.end()?;
                break shell_status(signal as i32);
            }
            if !has_it_too(child.pid(), &received) {
                child.kill(signal)?;
            }
        };
        self.foreground.take_back();
        Ok(status)
    }
}

/// Whether a process has a handler for a signal, or blocks it to fetch it with
/// sigwait() or a signalfd: SigCgt and SigBlk in proc_pid_status(5). Without a /proc
/// that knows its PID nothing is known, and the answer is no.
fn takes(pid: Pid, signal: Signal) -> bool {
    let bit = 1 << (signal as u32 - 1);
    let says = |field| {
        let mask = proc_status::field(pid, field).unwrap_or_default();
        let mask = mask.and_then(|mask| u64::from_str_radix(&mask, 16).ok());
        mask.is_some_and(|mask| mask & bit != 0)
    };
    check_proc().is_ok() && (says("SigCgt") || says("SigBlk"))
}
