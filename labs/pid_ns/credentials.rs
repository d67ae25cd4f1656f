//! Who has sent it? A socket, a message and a signal each name a PID and a uid.

use std::io::{IoSliceMut, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use common::lab::{Hold, retry_eintr};
use common::{Checkpoint, Error, Result, Step as _, clone, explain, say};
use nix::errno::Errno;
use nix::libc::ucred;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, getsockopt, recvmsg, setsockopt, sockopt};
use nix::unistd::{getpid, getuid};

/// A PID and a uid, as the receiver is told them.
type Sender = (i32, u32);

pub(crate) fn lab(hold: Option<&Hold>) -> Result<u8> {
    // For an empty name the kernel chooses one that is free, see unix(7). listen(2) notes
    // who the parent is at a time when there is no child yet.
    let unnamed = SocketAddr::from_pathname("").step("bind", "a name of the kernel's choice")?;
    let listener = UnixListener::bind_addr(&unnamed).step("listen", "on a Unix socket")?;
    let address = listener
        .local_addr()
        .step("getsockname", "of a Unix socket")?;
    let ends = collect(Signal::SIGCHLD)?;

    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID;
    let (announced, child_is_ready) = (Checkpoint::new()?, Checkpoint::new()?);
    let child = clone(flags, || {
        child_function(&address, &announced, &child_is_ready)
    })?;
    explain!(
        "listen(), clone(CLONE_NEWUSER | CLONE_NEWPID): the child has no number for\n\
         its parent, and no uid for anybody: nothing is written to its uid_map\n\
         see: cat /proc/{pid}/uid_map; grep -E 'NSpid|Uid' /proc/{pid}/status",
        pid = child.pid()
    );
    let (own, uid) = (getpid(), getuid());
    say!(
        "The parent is PID {own}, uid {uid}; its child is PID {} to it.",
        child.pid()
    )?;
    if let Some(hold) = hold {
        hold.wait(&format!(
            "  cat /proc/{0}/uid_map\n  grep -E 'NSpid|Uid' /proc/{0}/status",
            child.pid()
        ))?;
    }
    announced.open()?;
    child_is_ready.wait()?;

    let (mut stream, _) = listener.accept().step("accept", "a Unix socket")?;
    setsockopt(&stream, sockopt::PassCred, &true).step("setsockopt", "SO_PASSCRED")?;
    stream.write_all(b"!").step("write", "to the child")?;
    kill(child.pid(), Signal::SIGUSR1).step("kill", child.pid())?;
    child_is_ready.wait()?;
    row("child   parent  SO_PEERCRED", of_peer(&stream)?)?;
    row("child   parent  SCM_CREDENTIALS", of_message(&stream)?)?;
    row("child   parent  SIGCHLD, at its end", of_signal(&ends)?)?;
    child.wait()
}

fn child_function(
    address: &SocketAddr,
    announced: &Checkpoint,
    child_is_ready: &Checkpoint,
) -> Result<u8> {
    announced.wait()?;
    say!(
        "The child is PID {}, uid {} to itself.\n",
        getpid(),
        getuid()
    )?;
    let signals = collect(Signal::SIGUSR1)?;
    let mut stream = retry_eintr(|| {
        let stream = UnixStream::connect_addr(address);
        stream.map_err(|error| Errno::try_from(error).unwrap_or(Errno::EIO))
    })
    .step("connect", "to the parent")?;
    setsockopt(&stream, sockopt::PassCred, &true).step("setsockopt", "SO_PASSCRED")?;
    child_is_ready.open()?;

    say!("FROM    TO      TOLD BY                  PID    UID")?;
    row("parent  child   SO_PEERCRED", of_peer(&stream)?)?;
    row("parent  child   SCM_CREDENTIALS", of_message(&stream)?)?;
    row("parent  child   SIGUSR1, by kill()", of_signal(&signals)?)?;
    stream.write_all(b"!").step("write", "to the parent")?;
    child_is_ready.open()?;
    Ok(0)
}

/// Who called listen(2) or connect(2) at the other end.
fn of_peer(stream: &UnixStream) -> Result<Sender> {
    let peer = getsockopt(stream, sockopt::PeerCredentials).step("getsockopt", "SO_PEERCRED")?;
    Ok((peer.pid(), peer.uid()))
}

/// Who has sent the next message: with SO_PASSCRED the kernel adds it by itself.
fn of_message(stream: &UnixStream) -> Result<Sender> {
    let sender = retry_eintr(|| {
        let (mut byte, mut control) = ([0], nix::cmsg_space!(ucred));
        let (mut text, flags) = ([IoSliceMut::new(&mut byte)], MsgFlags::MSG_CMSG_CLOEXEC);
        let message = recvmsg::<()>(stream.as_raw_fd(), &mut text, Some(&mut control), flags)?;
        match message.cmsgs()?.next() {
            Some(ControlMessageOwned::ScmCredentials(sender)) if message.bytes > 0 => {
                Ok((sender.pid(), sender.uid()))
            }
            _ => Err(Errno::ECONNRESET),
        }
    });
    match sender {
        Err(Errno::ECONNRESET) => Err(Error::PeerGone),
        sender => sender.step("recvmsg", "SCM_CREDENTIALS"),
    }
}

/// Who has sent the next signal: `si_pid` and `si_uid`.
fn of_signal(signals: &SignalFd) -> Result<Sender> {
    let signal = retry_eintr(|| signals.read_signal()).step("read", "a signalfd")?;
    let signal = signal.ok_or(Errno::EAGAIN).step("read", "a signalfd")?;
    Ok((signal.ssi_pid as i32, signal.ssi_uid))
}

/// A signal that is read from a descriptor, see signalfd(2).
fn collect(signal: Signal) -> Result<SignalFd> {
    let set = SigSet::from(signal);
    set.thread_block().step("sigprocmask", signal)?;
    SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC).step("signalfd", signal)
}

fn row(told: &str, (pid, uid): Sender) -> Result<()> {
    say!("{told:35}  {pid:>7}  {uid:>5}")
}
