//! A signal to the child when its parent ends.

use std::cell::RefCell;
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use crate::clone::tie_to_parent;
use crate::error::{Result, Step as _};

/// Has the kernel send a signal to the child when the parent ends, however it
/// does. The kernel forgets the wish when the child changes its user or its group,
/// so it is the child that says when: after that, and before exec.
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

    /// In the child: asks for the signal.
    ///
    /// # Errors
    /// [`PeerGone`](crate::Error::PeerGone) if the parent has ended already.
    pub fn tie(&self) -> Result<()> {
        let Some(ends) = &self.0 else {
            return Ok(());
        };
        drop(ends.in_parent.take());
        tie_to_parent(ends.signal, &ends.in_child)
    }
}
