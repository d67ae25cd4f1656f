//! Standing in front of a program that is PID 1: signals, status, terminal.

use std::fs;
use std::io::{IsTerminal as _, stdin};

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

use crate::clone::Child;
use crate::error::{Result, Step as _, shell_status};
use crate::startup;

/// What a person or a supervisor sends to end a program.
const PASSED_ON: [Signal; 3] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM];

/// Receives signals on behalf of a child that is PID 1 of its namespace. The
/// kernel drops each signal that PID 1 has no handler for, so a parent that only
/// passed them on could not be stopped.
#[derive(Debug)]
pub struct Relay {
    signals: SignalFd,
    caller_mask: SigSet,
    has_terminal: bool,
}

impl Relay {
    /// Collects signals from here on: to be called before the child is made.
    ///
    /// # Errors
    /// `sigprocmask`, `signalfd`: EMFILE, ENFILE.
    pub fn begin() -> Result<Self> {
        // A blocked signal is queued even if it is ignored, and a caller that
        // ignores one (nohup, a script's background job) means the program to.
        let mut collected: SigSet = PASSED_ON
            .into_iter()
            .filter(|&signal| !startup::is_ignored(signal))
            .collect();
        collected.add(Signal::SIGCHLD);
        let caller_mask = SigSet::thread_get_mask().step("sigprocmask", "of the caller")?;
        collected.thread_block().step("sigprocmask", "SIG_BLOCK")?;
        let signals = SignalFd::with_flags(&collected, SfdFlags::SFD_CLOEXEC)
            .step("signalfd", "for the program's signals")?;
        let has_terminal = stdin().is_terminal() && tcgetpgrp(stdin()) == Ok(getpgrp());
        Ok(Self {
            signals,
            caller_mask,
            has_terminal,
        })
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
            let received = match self.signals.read_signal() {
                Err(Errno::EINTR) => continue,
                received => received.step("read", "a signalfd")?,
            };
            let Some(received) = received else {
                continue;
            };
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
            // The terminal's driver has sent it to the whole foreground group, the
            // child among it.
            if received.ssi_code != libc::SI_KERNEL {
                child.kill(signal)?;
            }
        };
        self.take_terminal_back();
        Ok(status)
    }

    /// An interactive shell makes itself the terminal's foreground group. As
    /// PID 1 it cannot name the group that was there before, which lies outside
    /// its namespace, and so leaves the terminal to a group that is gone.
    fn take_terminal_back(&self) {
        if !self.has_terminal {
            return;
        }
        // A background process that takes the terminal is stopped by SIGTTOU,
        // unless it blocks the signal.
        let stop = SigSet::from(Signal::SIGTTOU);
        if stop.thread_block().is_ok() {
            // A terminal that has hung up has no foreground group to set.
            let _ = tcsetpgrp(stdin(), getpgrp());
            let _ = stop.thread_unblock();
        }
    }
}

/// Whether a process has a handler for a signal, or blocks it to fetch it with
/// sigwait() or a signalfd: SigCgt and SigBlk in proc_pid_status(5). Without /proc
/// nothing is known, and the answer is no.
fn takes(pid: Pid, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let bit = 1 << (signal as u32 - 1);
    let masks = status.lines().filter_map(|line| {
        line.strip_prefix("SigCgt:")
            .or_else(|| line.strip_prefix("SigBlk:"))
    });
    masks
        .filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .any(|mask| mask & bit != 0)
}
