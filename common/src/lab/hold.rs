//! `--hold`: keeps a lab's namespaces alive, to look at them from another terminal.

use std::io::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc::SIGINT;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::Mode;
use nix::unistd::{getpgrp, read, tcgetpgrp};

use super::error::{Result, Step as _, shell_status};
use super::start::is_ignored;
use super::stdio::stdin;

/// Whether Ctrl-C has ended a hold of this process.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How soon a lab that is put into the foreground listens to Enter again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The option that labs with something to look at have.
#[derive(clap::Args, Debug)]
pub struct HoldArgs {
    /// Stay until Enter or Ctrl-C, or for SECONDS, and print what to paste elsewhere
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = false)]
    hold: Option<Option<u32>>,
}

impl HoldArgs {
    /// Gets ready to hold, if that was asked for. From here on Ctrl-C ends the
    /// hold, in the parent only: call it before the child is made, which inherits
    /// the blocked signal.
    ///
    /// # Errors
    /// `signalfd`, for want of descriptors.
    pub fn begin(&self) -> Result<Option<Hold>> {
        let Some(seconds) = self.hold else {
            return Ok(None);
        };
        let mut interrupt = SigSet::empty();
        // A blocked signal is queued even if it is ignored, as in a background job of a script.
        if !is_ignored(Signal::SIGINT) {
            interrupt.add(Signal::SIGINT);
        }
        interrupt.thread_block().step("sigprocmask", "SIGINT")?;
        let interrupts = SignalFd::with_flags(&interrupt, SfdFlags::SFD_CLOEXEC)
            .step("signalfd", "for Ctrl-C")?;
        let limit = seconds.map(|seconds| Duration::from_secs(seconds.into()));
        Ok(Some(Hold { interrupts, limit }))
    }
}

/// A hold that was asked for.
#[derive(Debug)]
pub struct Hold {
    interrupts: SignalFd,
    limit: Option<Duration>,
}

impl Hold {
    /// Prints the commands on stderr and waits for Enter, Ctrl-C or the time; without a
    /// time for the end of stdin, too; and in any case for the hang-up of the terminal.
    ///
    /// # Errors
    /// `poll`, which does not fail with these descriptors.
    pub fn wait(&self, commands: &str) -> Result<()> {
        let end = match self.limit {
            Some(limit) => format!("Enter, Ctrl-C or {} s end it", limit.as_secs()),
            None => "Enter or Ctrl-C ends it".into(),
        };
        let text = format!("\nIn another terminal ({end}):\n{commands}\n\n");
        let _ = std::io::stderr().write_all(text.as_bytes());

        let started = Instant::now();
        let terminal = terminal();
        let mut listening = true;
        loop {
            let left = self
                .limit
                .map(|limit| limit.saturating_sub(started.elapsed()));
            let mut descriptors = vec![PollFd::new(self.interrupts.as_fd(), PollFlags::POLLIN)];
            // Without a flag poll() tells of a hang-up only.
            let hangs_up = |terminal| PollFd::new(terminal, PollFlags::empty());
            descriptors.extend(terminal.as_ref().map(OwnedFd::as_fd).map(hangs_up));
            // What is typed while this process is in the background is the shell's, and
            // a read would stop it (SIGTTIN). Nothing tells of the way back (`fg`).
            let reads = listening && !in_background();
            let mut pause = left;
            if reads {
                descriptors.push(PollFd::new(stdin(), PollFlags::POLLIN));
            } else if listening {
                pause = Some(left.map_or(LOOK_AGAIN, |left| left.min(LOOK_AGAIN)));
            }
            match poll(&mut descriptors, timeout(pause)) {
                Err(Errno::EINTR) => continue,
                ready => ready.step("poll", "for Enter and Ctrl-C")?,
            };
            let typed = reads && descriptors.pop().and_then(|stdin| stdin.any()) == Some(true);
            let ends = descriptors.iter().any(|end| end.any() == Some(true));
            if descriptors.first().and_then(|interrupt| interrupt.any()) == Some(true) {
                INTERRUPTED.store(true, Ordering::Relaxed);
            }
            if ends || left.is_some_and(|left| left.is_zero()) {
                return Ok(());
            }
            if typed && !in_background() {
                match read(stdin(), &mut [0; 256]) {
                    Err(Errno::EINTR) => {}
                    // The end of stdin: nobody can press Enter any more.
                    Ok(0) | Err(_) if self.limit.is_some() => listening = false,
                    _ => return Ok(()),
                }
            }
        }
    }
}

/// The exit status of a lab: that of an interrupted program if Ctrl-C ended its hold, though the
/// lab came to its end. `just` calls a recipe that was interrupted and ends with 0 an error.
pub(super) fn status_after(status: u8) -> u8 {
    if status == 0 && INTERRUPTED.load(Ordering::Relaxed) {
        return shell_status(SIGINT);
    }
    status
}

/// The terminal of this process, whose hang-up ends a hold, unless the caller ignores
/// SIGHUP, as nohup does.
fn terminal() -> Option<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let terminal = open("/dev/tty", flags, Mode::empty()).ok();
    terminal.filter(|_| !is_ignored(Signal::SIGHUP))
}

/// Whether stdin is this process's terminal, and another process group's turn.
fn in_background() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|foreground| foreground != getpgrp())
}

/// Rounded up, so that no time is left when poll() returns.
fn timeout(left: Option<Duration>) -> PollTimeout {
    let Some(left) = left else {
        return PollTimeout::NONE;
    };
    let milliseconds = left.as_micros().div_ceil(1000);
    i32::try_from(milliseconds)
        .ok()
        .and_then(|milliseconds| PollTimeout::try_from(milliseconds).ok())
        .unwrap_or(PollTimeout::MAX)
}
