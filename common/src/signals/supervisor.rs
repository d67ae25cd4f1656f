//! The process that stands before a program: signals go in, its end comes out.

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, Signal, raise};
use nix::sys::signalfd::siginfo;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getpid};

use super::signalfd::{Signals, has_it_too};
use crate::lab::{Result, Step as _, retry_eintr, set_disposition, shell_status};
use crate::process::{Child, Ended, Foreground, kill};
use crate::procfs::{Status, check_proc};

/// What becomes of a signal that comes to the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The supervisor outlives INT and TERM, as that of unshare(1), and the program gets
    /// what its terminal sends it; every other signal ends the supervisor.
    Outlive,
    /// The program gets each signal, and the supervisor stops whenever the program stops:
    /// whoever started the supervisor knows its PID alone.
    PassOn,
    /// The program is PID 1 of its namespace. The kernel drops each signal that it has
    /// no handler for, so that a supervisor that only passed them on could not be
    /// stopped: such a signal ends the program.
    EndPid1,
}

/// What a process gets for its own faults, and from its terminal's job control: these are
/// meant for no other process.
const ITS_OWN: [Signal; 10] = [
    Signal::SIGABRT,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGSEGV,
    Signal::SIGSYS,
    Signal::SIGTRAP,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// unshare(1): the parent outlives these, the program does not.
const OUTLIVED: [Signal; 2] = [Signal::SIGINT, Signal::SIGTERM];

/// What a lab ignores while it works, and ends by while it waits for a program.
const IGNORED_BY_LABS: [Signal; 2] = [Signal::SIGPIPE, Signal::SIGXFSZ];

/// Signals that end no process, whether it has a handler or not.
const HARMLESS: [Signal; 3] = [Signal::SIGCONT, Signal::SIGURG, Signal::SIGWINCH];

/// The parent of a program: it waits for the program's end, takes signals on its
/// behalf, and gives the terminal back to whoever had it.
#[derive(Debug)]
pub struct Supervisor {
    policy: Policy,
    signals: Signals,
    foreground: Foreground,
}

impl Supervisor {
    /// Collects signals from here on, but for those that the caller ignores.
    ///
    /// # Errors
    /// `sigprocmask`, `signalfd`: EMFILE, ENFILE.
    pub fn begin(policy: Policy) -> Result<Self> {
        let signals = match policy {
            Policy::Outlive => OUTLIVED.into_iter().chain(IGNORED_BY_LABS).collect(),
            Policy::PassOn | Policy::EndPid1 => all_but(&ITS_OWN),
        };
        Ok(Self {
            policy,
            signals: Signals::collect(signals)?,
            foreground: Foreground::note(),
        })
    }

    /// What it collects. A child that is made later inherits the collection, and takes
    /// its own signals from it.
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// In a child that is made after [`begin`](Self::begin): the signal mask as the
    /// caller had it, for the program.
    ///
    /// # Errors
    /// `sigprocmask`, which does not fail with a valid mask.
    pub fn leave(&self) -> Result<()> {
        self.signals.leave()
    }

    /// In the parent: waits for the child's end.
    ///
    /// # Errors
    /// `waitpid`, `read` and `kill`, which do not fail while the child exists.
    pub fn wait(&self, mut child: Child) -> Result<Ended> {
        let ended = loop {
            if let Some(ended) = child.try_wait()? {
                break ended;
            }
            if self.policy == Policy::PassOn && has_stopped(child.pid())? {
                // A shell that watches this process sees it stop, and its `fg` wakes both.
                raise(Signal::SIGSTOP).step("raise", "SIGSTOP")?;
                send(child.pid(), Signal::SIGCONT as i32);
            }
            let received = self.signals.next()?;
            if received.ssi_signo == Signal::SIGCHLD as u32 {
                continue; // The next round looks after the child.
            }
            if let Some(ended) = self.deliver(&child, &received)? {
                child.end()?;
                break ended;
            }
        };
        self.foreground.take_back();
        Ok(ended)
    }

    /// Does with a signal what the policy says; it may be the program's end.
    fn deliver(&self, child: &Child, received: &siginfo) -> Result<Option<Ended>> {
        // A signal number is below 65, so the cast changes nothing.
        let signal = received.ssi_signo as i32;
        match self.policy {
            Policy::Outlive => {
                if !is_one_of(signal, &OUTLIVED) {
                    end_as(Ended::Signaled(signal));
                }
                return Ok(None);
            }
            Policy::EndPid1 if !is_one_of(signal, &HARMLESS) && !is_chosen(child.pid(), signal) => {
                return Ok(Some(Ended::Signaled(signal)));
            }
            _ => {}
        }
        if !has_it_too(child.pid(), received) {
            send(child.pid(), signal);
        }
        Ok(None)
    }
}

/// A program with other credentials may be out of reach (EPERM); it then goes its
/// own way, as it does with a signal that it ignores.
fn send(program: Pid, signal: i32) {
    let _ = kill(program, signal);
}

fn has_stopped(child: Pid) -> Result<bool> {
    let options = WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG;
    match retry_eintr(|| waitid(Id::Pid(child), options)) {
        // It has ended meanwhile: a zombie has no other state to be asked for.
        Err(Errno::ECHILD) => Ok(false),
        state => Ok(matches!(
            state.step("waitid", child)?,
            WaitStatus::Stopped(..)
        )),
    }
}

fn all_but(signals: &[Signal]) -> SigSet {
    let mut set = SigSet::all();
    for signal in signals {
        set.remove(*signal);
    }
    set
}

fn is_one_of(number: i32, signals: &[Signal]) -> bool {
    signals.iter().any(|signal| *signal as i32 == number)
}

/// Whether a program has chosen what a signal does to it: it has a handler, blocks it
/// to fetch it with sigwait() or a signalfd, or ignores it, see proc_pid_status(5).
/// Without a /proc that knows its PID nothing is known, and the answer is no.
fn is_chosen(pid: Pid, signal: i32) -> bool {
    let status = match check_proc().and_then(|()| Status::of(pid)) {
        Ok(Some(status)) => status,
        _ => return false,
    };
    let bit = 1 << (signal - 1);
    ["SigCgt", "SigBlk", "SigIgn"].into_iter().any(|field| {
        let mask = u64::from_str_radix(status.field(field).unwrap_or_default(), 16);
        mask.is_ok_and(|mask| mask & bit != 0)
    })
}

/// Ends this process as the program ended: with its status, or by its signal. It
/// returns only where that has no effect, as for PID 1 of a namespace: with the
/// status that a shell would show.
pub fn end_as(ended: Ended) -> u8 {
    let signal = match ended {
        Ended::Exited(status) => return status,
        Ended::Signaled(signal) => signal,
    };
    if let Ok(signal) = Signal::try_from(signal) {
        set_disposition(signal, SigHandler::SigDfl);
        // Only this one: a TERM or INT that came in the meantime stays pending.
        let _ = SigSet::from(signal).thread_unblock();
    }
    let _ = kill(getpid(), signal);
    shell_status(signal)
}
