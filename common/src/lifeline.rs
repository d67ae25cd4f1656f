//! A signal to the child when its parent ends.

use std::cell::RefCell;
use std::os::fd::{AsFd as _, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::pipe2;

use crate::error::{Error, Result, Step as _};
use crate::sys;

/// Has the kernel send a signal to the child when the parent ends, however it
/// does. The kernel forgets the wish when the child changes its user or its group,
/// so a child that does asks after that, and before exec.
#[derive(Debug)]
pub struct Lifeline(Option<Ends>);

#[derive(Debug)]
struct Ends {
    signal: i32,
    in_child: OwnedFd,
    in_parent: RefCell<Option<OwnedFd>>,
}

impl Lifeline {
    /// To be called before the child is made; without a signal it does nothing.
    ///
    /// # Errors
    /// `pipe2`: EMFILE, ENFILE.
    pub fn new(signal: Option<i32>) -> Result<Self> {
        let Some(signal) = signal else {
            return Ok(Self(None));
        };
        let (in_child, in_parent) = pipe2(OFlag::O_CLOEXEC).step("pipe2", "for a lifeline")?;
        let in_parent = RefCell::new(Some(in_parent));
        Ok(Self(Some(Ends {
            signal,
            in_child,
            in_parent,
        })))
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
        let Some(ends) = &self.0 else {
            return Ok(());
        };
        drop(ends.in_parent.take());
        sys::set_pdeathsig(ends.signal).step("prctl", "PR_SET_PDEATHSIG")?;
        let mut parent = [PollFd::new(ends.in_child.as_fd(), PollFlags::empty())];
        loop {
            match poll(&mut parent, PollTimeout::ZERO) {
                Err(Errno::EINTR) => {}
                Ok(1..) => return Err(Error::PeerGone),
                none => return none.map(drop).step("poll", "for the parent's end"),
            }
        }
    }
    // ANCHOR_END: tie

    /// In the parent: what it is to keep open as long as the child lives.
    pub(crate) fn into_parents_end(self) -> Option<OwnedFd> {
        self.0.and_then(|ends| ends.in_parent.take())
    }
}
