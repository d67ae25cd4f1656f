//! A guardian process for what no namespace holds: it outlives even SIGKILL of the lab.

use std::fs::{DirBuilder, remove_dir};
use std::path::Path;

use nix::errno::Errno;
use nix::poll::{PollTimeout, poll};
use nix::sys::signal::SigSet;
use nix::unistd::setsid;

use crate::checkpoint::Checkpoint;
use crate::clone::{Child, fork};
use crate::error::{Error, Result, Step as _};
use crate::pidfd::{pidfd_kill, pidfd_open};

/// The longest pause between two attempts to remove the directory, in milliseconds.
const LONGEST_PAUSE: u8 = 100;

// ANCHOR: guardian
/// Something that is cleared away when the processes that use it have ended: a
/// directory, or a child.
///
/// A process of its own makes the directory, holds the read end of a pipe, and removes the
/// directory at end of file: when no process has the write end any more. The kernel
/// closes that for a process however it ends. For a directory, to be begun before the other children,
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
        let process = fork(None, || guard(path, &made, &lifeline))?;
        match made.wait() {
            Err(Error::PeerGone) => {
                let errno = Errno::from_raw(process.wait()?.into());
                Err(Error::new("mkdir", path.display(), errno))
            }
            made => made.map(|()| Self {
                lifeline: Some(lifeline),
                process: Some(process),
            }),
        }
    }

    /// Starts a guardian that kills a child when this process ends. The child has a
    /// parent-death signal already, but the kernel forgets that when a process changes
    /// its credentials: see PR_SET_PDEATHSIG(2const). To be begun when nothing waits
    /// for end of file any more, because the guardian holds copies of all pipes.
    ///
    /// # Errors
    /// `pidfd_open`: ENOSYS before Linux 5.3; `fork`, `pipe2`.
    pub fn of_child(child: &Child) -> Result<Self> {
        let pid = child.pid();
        let child = pidfd_open(pid).step("pidfd_open", format!("of process {pid}"))?;
        let lifeline = Checkpoint::new()?;
        let process = fork(None, || {
            withdraw()?;
            let _ = lifeline.wait();
            // ESRCH: the parent has reaped it.
            let _ = pidfd_kill(&child);
            Ok(0)
        })?;
        Ok(Self {
            lifeline: Some(lifeline),
            process: Some(process),
        })
    }
}

/// A terminal's Ctrl-C goes to a process group, a hang-up to a session, and `pkill`
/// to a name. None of them may end a guardian before its work is done.
fn withdraw() -> Result<()> {
    SigSet::all()
        .thread_block()
        .step("sigprocmask", "SIG_BLOCK")?;
    setsid().step("setsid", "of the guardian").map(drop)
}

/// The guardian's life. If it cannot make the directory, its status is the errno.
fn guard(path: &Path, made: &Checkpoint, lifeline: &Checkpoint) -> Result<u8> {
    withdraw()?;
    if let Err(error) = DirBuilder::new().create(path) {
        // Every errno that mkdir(2) has is below 128.
        return Ok(error.raw_os_error().unwrap_or_default() as u8);
    }
    // A lab that is gone by now is what the next line waits for.
    let _ = made.open();
    let _ = lifeline.wait();
    remove(path)
}

/// Removes the directory, and waits while it is in use: a process that ends closes
/// its descriptors a moment before it leaves its cgroup.
fn remove(path: &Path) -> Result<u8> {
    let mut pause = 1_u8;
    loop {
        match remove_dir(path).map_err(|error| error.raw_os_error().map(Errno::from_raw)) {
            Err(Some(Errno::EBUSY)) => {}
            Ok(()) | Err(Some(Errno::ENOENT)) => return Ok(0),
            Err(errno) => {
                let errno = errno.unwrap_or(Errno::EIO);
                return Err(Error::new("rmdir", path.display(), errno));
            }
        }
        // cgroup v1 has no file that tells when a cgroup becomes empty.
        let _ = poll(&mut [], PollTimeout::from(pause));
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}
// ANCHOR_END: guardian

impl Drop for Guardian {
    /// Waits until the directory or the child is gone; the guardian itself reports a failure.
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Some(process) = self.process.take() {
            let _ = process.wait();
        }
    }
}
