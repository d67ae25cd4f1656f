//! A signal to the child when its parent ends.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Mutex;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::pipe2;

use super::wait::set_pdeathsig;
use crate::lab::{Error, Result, Step as _, retry_eintr};

/// This process's pipe: the end that its children look at, and the one that the
/// kernel closes when this process ends, however it does.
static PIPE: Mutex<Option<(OwnedFd, OwnedFd)>> = Mutex::new(None);

/// Has the kernel send a signal to the child when the parent ends, however it
/// does. The kernel forgets the wish when the child changes its user or its group,
/// so a child that does asks after that, and before exec.
#[derive(Debug)]
pub struct Lifeline {
    signal: i32,
    parent: OwnedFd,
}

impl Lifeline {
    /// To be called before the child is made.
    ///
    /// # Errors
    /// `pipe2`: EMFILE, ENFILE.
    pub fn new(signal: i32) -> Result<Self> {
        let mut pipe = PIPE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if pipe.is_none() {
            *pipe = Some(pipe2(OFlag::O_CLOEXEC).step("pipe2", "for a lifeline")?);
        }
        let parent = pipe.as_ref().map(|(read_end, _)| read_end.try_clone());
        let parent = parent
            .ok_or(Error::PeerGone)?
            .step("fcntl", "F_DUPFD_CLOEXEC")?;
        Ok(Self { signal, parent })
    }

    // ANCHOR: tie
    /// In the child: has the kernel send the signal when the parent ends.
    ///
    /// A parent that ended before this call sends nothing any more. The pipe tells:
    /// the kernel closes the descriptors of a process before it sends the signal, so
    /// while the parent's end is open the signal is still to come.
    ///
    /// # Errors
    /// [`PeerGone`](crate::Error::PeerGone) if the parent has ended already.
    pub fn tie(&self) -> Result<()> {
        set_pdeathsig(self.signal).step("prctl", "PR_SET_PDEATHSIG")?;
        let mut parent = [PollFd::new(self.parent.as_fd(), PollFlags::empty())];
        match retry_eintr(|| poll(&mut parent, PollTimeout::ZERO)) {
            Ok(1..) => Err(Error::PeerGone),
            none => none.map(drop).step("poll", "for the parent's end"),
        }
    }
    // ANCHOR_END: tie
}

/// In every child: closes its copy of the parent's pipe, which would tell its
/// siblings that the parent is still there.
pub(super) fn leave() {
    drop(
        PIPE.lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take(),
    );
}
