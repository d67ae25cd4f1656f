//! A guardian process for what no namespace holds: it outlives even SIGKILL of the lab.

use std::fs::{DirBuilder, remove_dir};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::poll::{PollTimeout, poll};
use nix::sys::prctl::set_name;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getpid, setsid};

use super::checkpoint::Checkpoint;
use super::child::Child;
use super::clone::fork_untied;
use super::pidfd::{pidfd_open, pidfd_send_signal};
use crate::lab::{Error, Result, Step as _};

/// How often it is tried to remove the directory, at most a tenth of a second apart:
/// five seconds are far more than a process takes that has ended.
const ATTEMPTS: u32 = 50;
/// The longest pause between two attempts, in milliseconds.
const LONGEST_PAUSE: u8 = 100;
/// The guardian's status when it could not make the directory, less the errno.
const NO_DIRECTORY: u8 = 100;

// ANCHOR: guardian
/// A directory that is removed when the processes that use it have ended.
///
/// A process of its own makes it, holds the read end of a pipe, and removes the
/// directory at end of file: when no process has the write end any more. The kernel
/// closes that for a process however it ends. To be begun before the other children,
/// who inherit the write end, so that they are waited for, too.
#[derive(Debug)]
pub struct Guardian {
    lifeline: Option<Checkpoint>,
    process: Option<Child>,
}

impl Guardian {
    /// Starts the guardian, which makes the directory; that must not exist yet.
    ///
    /// # Errors
    /// `mkdir`: EACCES, EROFS, EEXIST and the others of mkdir(2); `clone`, `pipe2`.
    pub fn of_directory(path: &Path) -> Result<Self> {
        let (made, lifeline) = (Checkpoint::new()?, Checkpoint::new()?);
        let process = fork_untied(|| guard(path, &made, &lifeline))?;
        match made.wait() {
            Err(Error::PeerGone) => match process.wait()?.checked_sub(NO_DIRECTORY) {
                Some(errno) => {
                    let errno = Errno::from_raw(errno.into());
                    Err(Error::new("mkdir", path.display(), errno))
                }
                // Something else has failed, and the guardian has said what.
                None => Err(Error::PeerGone),
            },
            made => made.map(|()| Self {
                lifeline: Some(lifeline),
                process: Some(process),
            }),
        }
    }

    /// As [`of_directory`](Self::of_directory), with a name that is not taken yet: `NAME-PID`,
    /// or the next number. Labs in several PID namespaces may share a PID.
    ///
    /// # Errors
    /// As [`of_directory`](Self::of_directory).
    pub fn of_new_directory(parent: &Path, name: &str) -> Result<(PathBuf, Self)> {
        let mut number = getpid().as_raw();
        loop {
            let path = parent.join(format!("{name}-{number}"));
            match Self::of_directory(&path) {
                Err(error) if error.errno() == Some(Errno::EEXIST) => number += 1,
                guardian => return Ok((path, guardian?)),
            }
        }
    }

    /// Starts one that kills a child when this process has ended, however it did: the signal
    /// that the kernel sends at a parent's end can be waived by a child (prctl(2), setuid(2)).
    ///
    /// # Errors
    /// `pidfd_open`, `clone`, `pipe2`.
    pub fn of_process(child: &Child) -> Result<Self> {
        let (begun, lifeline) = (Checkpoint::new()?, Checkpoint::new()?);
        let process = pidfd_open(child.pid()).step("pidfd_open", child.pid())?;
        let guardian = fork_untied(|| {
            hide()?;
            begun.open()?;
            let _ = lifeline.wait();
            // ESRCH: it has ended by itself.
            let _ = pidfd_send_signal(&process, Signal::SIGKILL);
            Ok(0)
        })?;
        begun.wait()?;
        Ok(Self {
            lifeline: Some(lifeline),
            process: Some(guardian),
        })
    }

    /// Waits until the directory, or the process, is gone.
    ///
    /// # Errors
    /// [`Error::PeerGone`] if it could not be removed: the guardian says why.
    pub fn end(mut self) -> Result<()> {
        drop(self.lifeline.take());
        match self.process.take().map(Child::wait) {
            None | Some(Ok(0)) => Ok(()),
            Some(Ok(_)) => Err(Error::PeerGone),
            Some(Err(error)) => Err(error),
        }
    }
}

/// A terminal's Ctrl-C goes to a process group, a hang-up to a session, and `pkill` to a name.
/// None of them may end the guardian before its work is done.
fn hide() -> Result<()> {
    SigSet::all()
        .thread_block()
        .step("sigprocmask", "SIG_BLOCK")?;
    set_name(c"guardian").step("prctl", "PR_SET_NAME")?;
    setsid().step("setsid", "of the guardian").map(drop)
}

/// The guardian's life. If it cannot make the directory, its status tells the errno.
fn guard(path: &Path, made: &Checkpoint, lifeline: &Checkpoint) -> Result<u8> {
    hide()?;
    if let Err(error) = DirBuilder::new().create(path) {
        // Every errno that mkdir(2) has is below 128.
        return Ok(NO_DIRECTORY + error.raw_os_error().unwrap_or_default() as u8);
    }
    match made.open() {
        // A lab that is gone by now is what the next line waits for.
        Ok(()) | Err(Error::PeerGone) => {}
        Err(error) => return remove(path).and(Err(error)),
    }
    let _ = lifeline.wait();
    remove(path)
}

/// Removes the directory, and waits while it is in use: a process that ends closes
/// its descriptors a moment before it leaves its cgroup.
fn remove(path: &Path) -> Result<u8> {
    let mut pause = 1_u8;
    for _ in 0..ATTEMPTS {
        match remove_dir(path).step("rmdir", path.display()) {
            Err(error) if error.errno() == Some(Errno::EBUSY) => {}
            Err(error) if error.errno() != Some(Errno::ENOENT) => return Err(error),
            _ => return Ok(0),
        }
        // cgroup v1 has no file that tells when a cgroup becomes empty.
        let _ = poll(&mut [], PollTimeout::from(pause));
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
    let busy = Error::new("rmdir", path.display(), Errno::EBUSY);
    Err(busy.hint("a process that is not the lab's is in there: see its cgroup.procs"))
}
// ANCHOR_END: guardian

impl Drop for Guardian {
    /// Waits until the directory is gone; the guardian itself reports a failure.
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Some(process) = self.process.take() {
            let _ = process.wait();
        }
    }
}
