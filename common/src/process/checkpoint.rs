//! The checkpoint: a pipe at which one process waits for the other.

use std::cell::RefCell;
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

use crate::lab::{Error, Result, Step as _, retry_eintr};

// ANCHOR: checkpoint
/// A pipe between parent and child. Each "go" is one byte; end of file means that
/// the other process has given up, and ends the one that waits.
///
/// Both processes hold both ends after clone(). Each closes the end it does not
/// use: a reader that keeps its copy of the write end never sees end of file.
#[derive(Debug)]
pub struct Checkpoint {
    read_end: RefCell<Option<OwnedFd>>,
    write_end: RefCell<Option<OwnedFd>>,
}

impl Checkpoint {
    /// Makes the pipe. It is closed by exec, so that no program inherits it.
    ///
    /// # Errors
    /// `pipe2`: EMFILE, ENFILE.
    pub fn new() -> Result<Self> {
        let (read_end, write_end) = pipe2(OFlag::O_CLOEXEC).step("pipe2", "for a checkpoint")?;
        Ok(Self {
            read_end: RefCell::new(Some(read_end)),
            write_end: RefCell::new(Some(write_end)),
        })
    }

    /// Lets the other process pass, once.
    ///
    /// # Errors
    /// [`Error::PeerGone`] if it has ended.
    pub fn open(&self) -> Result<()> {
        drop(self.read_end.take());
        let write_end = self.write_end.borrow();
        let write_end = write_end.as_ref().ok_or(Error::PeerGone)?;
        match retry_eintr(|| write(write_end, b"!")) {
            Err(Errno::EPIPE) => Err(Error::PeerGone),
            written => written.map(drop).step("write", "to a checkpoint"),
        }
    }

    /// Waits until the other process opens the checkpoint.
    ///
    /// # Errors
    /// [`Error::PeerGone`] if it ends without doing so.
    pub fn wait(&self) -> Result<()> {
        drop(self.write_end.take());
        let read_end = self.read_end.borrow();
        let read_end = read_end.as_ref().ok_or(Error::PeerGone)?;
        match retry_eintr(|| read(read_end, &mut [0])) {
            Ok(0) => Err(Error::PeerGone),
            read => read.map(drop).step("read", "from a checkpoint"),
        }
    }
}
// ANCHOR_END: checkpoint
