//! Numbers between parent and children, each stamped by the kernel with its sender's PID.

use std::cell::RefCell;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, RecvMsg, SockFlag, SockType, recvmsg, sendmsg,
    setsockopt, socketpair, sockopt,
};
use nix::unistd::Pid;

use crate::lab::{Error, Result, Step as _, retry_eintr};

/// A socket pair on which a parent and its children exchange numbers. The kernel
/// adds the sender's credentials (SO_PASSCRED, unix(7)) and translates the PID in
/// them to the receiver's PID namespace: the parent learns who a process is out
/// here, the number says what it is in there.
#[derive(Debug)]
pub struct Reports {
    parent_end: RefCell<Option<OwnedFd>>,
    child_end: RefCell<Option<OwnedFd>>,
}

impl Reports {
    /// Makes the socket pair, closed by exec.
    ///
    /// # Errors
    /// `socketpair`: EMFILE, ENFILE.
    pub fn new() -> Result<Self> {
        let (parent_end, child_end) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )
        .step("socketpair", "for reports")?;
        setsockopt(&parent_end, sockopt::PassCred, &true).step("setsockopt", "SO_PASSCRED")?;
        Ok(Self {
            parent_end: RefCell::new(Some(parent_end)),
            child_end: RefCell::new(Some(child_end)),
        })
    }

    /// In a child: says a number.
    ///
    /// # Errors
    /// [`Error::PeerGone`] if the parent has ended.
    pub fn send(&self, number: i32) -> Result<()> {
        drop(self.parent_end.take());
        with(&self.child_end, |end| send(end, number))
    }

    /// In a child: waits for the parent's answer.
    ///
    /// # Errors
    /// [`Error::PeerGone`] if the parent has ended.
    pub fn ask(&self) -> Result<i32> {
        drop(self.parent_end.take());
        with(&self.child_end, receive).map(|(_, number)| number)
    }

    /// In the parent: the next report, as the sender's PID here and its number.
    ///
    /// # Errors
    /// [`Error::PeerGone`] if every child has ended.
    pub fn receive(&self) -> Result<(Pid, i32)> {
        drop(self.child_end.take());
        let (sender, number) = with(&self.parent_end, receive)?;
        let sender = sender
            .ok_or(Errno::EBADMSG)
            .step("recvmsg", "of a report")?;
        Ok((sender, number))
    }

    /// In a process that has no part in it: closes both ends, so that the others notice
    /// when one of them ends.
    pub fn leave(&self) {
        drop((self.parent_end.take(), self.child_end.take()));
    }

    /// In the parent: answers a child that asks.
    ///
    /// # Errors
    /// [`Error::PeerGone`] if every child has ended.
    pub fn answer(&self, number: i32) -> Result<()> {
        drop(self.child_end.take());
        with(&self.parent_end, |end| send(end, number))
    }
}

/// Uses an end; one that was closed means that the other process's is gone, too.
fn with<T>(end: &RefCell<Option<OwnedFd>>, job: impl FnOnce(&OwnedFd) -> Result<T>) -> Result<T> {
    end.borrow().as_ref().map_or(Err(Error::PeerGone), job)
}

fn send(end: &OwnedFd, number: i32) -> Result<()> {
    let bytes = number.to_ne_bytes();
    let text = [IoSlice::new(&bytes)];
    let socket = end.as_raw_fd();
    match retry_eintr(|| sendmsg::<()>(socket, &text, &[], MsgFlags::empty(), None)) {
        // ECONNRESET: the peer ended with reports that it had not read.
        Err(Errno::EPIPE | Errno::ECONNRESET) => Err(Error::PeerGone),
        sent => sent.map(drop).step("sendmsg", "of a report"),
    }
}

fn receive(end: &OwnedFd) -> Result<(Option<Pid>, i32)> {
    let mut bytes = [0; 4];
    let mut text = [IoSliceMut::new(&mut bytes)];
    let mut control = nix::cmsg_space!(nix::libc::ucred);
    let (socket, flags) = (end.as_raw_fd(), MsgFlags::MSG_CMSG_CLOEXEC);
    let sender = loop {
        match recvmsg::<()>(socket, &mut text, Some(&mut control), flags) {
            Err(Errno::EINTR) => {}
            Err(Errno::ECONNRESET) => return Err(Error::PeerGone),
            Ok(message) if message.bytes == 0 => return Err(Error::PeerGone),
            message => break sender(&message.step("recvmsg", "of a report")?),
        }
    };
    Ok((sender, i32::from_ne_bytes(bytes)))
}

fn sender(message: &RecvMsg<'_, '_, ()>) -> Option<Pid> {
    message.cmsgs().ok()?.find_map(|part| match part {
        ControlMessageOwned::ScmCredentials(sender) => Some(Pid::from_raw(sender.pid())),
        _ => None,
    })
}
