//! Between the caller's terminal and the container's: a process that copies bytes.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _, stderr, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use common::process::{
    copy_window_size, fork_untied, receive_descriptor, send_descriptor, set_controlling_terminal,
};
use common::signals::Signals;
use common::{Child, Result, Step as _};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::stat::Mode;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, isatty};

pub(crate) struct Relay {
    process: Child,
    /// The container's terminal goes through it to the relay, which ends with it.
    socket: Option<OwnedFd>,
}

impl Relay {
    /// Starts the relay, if the caller has a terminal.
    pub(crate) fn begin() -> Result<Option<Self>> {
        if terminal().is_none() {
            return Ok(None);
        }
        let (kind, flags) = (SockType::Stream, SockFlag::SOCK_CLOEXEC);
        let (socket, relays) = socketpair(AddressFamily::Unix, kind, None, flags)
            .step("socketpair", "for the terminal")?;
        let mut socket = Some(socket);
        let process = fork_untied(|| {
            socket = None;
            copy(&relays)
        })?;
        Ok(Some(Self { process, socket }))
    }

    // ANCHOR: give
    /// In the container: makes a terminal, keeps one side and sends the relay the other.
    pub(crate) fn give_terminal(&self) -> Result<()> {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)
            .step("posix_openpt", "for the container")?;
        unlockpt(&master).step("unlockpt", "for the container")?;
        let name = ptsname_r(&master).step("ptsname", "for the container")?;
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let slave = open(name.as_str(), flags, Mode::empty()).step("open", &name)?;
        set_controlling_terminal(&slave).step("ioctl", "TIOCSCTTY")?;
        if let Some(outside) = terminal() {
            // A terminal that has hung up has neither modes nor a size.
            let _ = copy_window_size(&outside, &slave);
            let _ =
                tcgetattr(&outside).and_then(|modes| tcsetattr(&slave, SetArg::TCSANOW, &modes));
        }
        if let Some(socket) = &self.socket {
            send_descriptor(socket, &master).step("sendmsg", "SCM_RIGHTS")?;
        }
        let is_terminal = |stream: BorrowedFd<'_>| isatty(stream).unwrap_or(false);
        if is_terminal(stdin().as_fd()) {
            dup2_stdin(&slave).step("dup2", "stdin")?;
        }
        if is_terminal(stdout().as_fd()) {
            dup2_stdout(&slave).step("dup2", "stdout")?;
        }
        if is_terminal(stderr().as_fd()) {
            dup2_stderr(&slave).step("dup2", "stderr")?;
        }
        Ok(())
    }
    // ANCHOR_END: give

    /// After the container's end: what it has written is shown to the last byte.
    pub(crate) fn end(self) -> Result<()> {
        drop(self.socket);
        self.process.succeed()
    }
}

/// The caller's terminal, by whichever standard descriptor it is there.
fn terminal() -> Option<OwnedFd> {
    let of = |stream: BorrowedFd<'_>| {
        let is_terminal = isatty(stream).unwrap_or(false);
        is_terminal
            .then(|| stream.try_clone_to_owned().ok())
            .flatten()
    };
    of(stdin().as_fd())
        .or_else(|| of(stdout().as_fd()))
        .or_else(|| of(stderr().as_fd()))
}

// ANCHOR: copy
/// The relay's life: the caller's terminal hands on each key, until the container has ended.
fn copy(socket: &OwnedFd) -> Result<u8> {
    // The caller's terminal must be restored, whatever signal its foreground group gets.
    let mut all = SigSet::all();
    for of_job_control in [Signal::SIGTTIN, Signal::SIGTTOU, Signal::SIGTSTP] {
        all.remove(of_job_control);
    }
    let signals = Signals::collect(all)?;
    let received = receive_descriptor(socket).step("recvmsg", "SCM_RIGHTS")?;
    let (Some(inside), Some(outside)) = (received, terminal()) else {
        return Ok(0);
    };
    let flags = FcntlArg::F_SETFL(OFlag::O_NONBLOCK);
    fcntl(&inside, flags).step("fcntl", "O_NONBLOCK")?;
    let is_read = isatty(stdin()).unwrap_or(false);
    let before = if is_read {
        tcgetattr(&outside).ok()
    } else {
        None
    };
    if let Some(before) = &before {
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        let _ = tcsetattr(&outside, SetArg::TCSADRAIN, &raw);
    }
    let result = shuttle(
        socket,
        &signals,
        &File::from(inside),
        &File::from(outside),
        is_read,
    );
    if let Some(before) = &before {
        let _ = SigSet::from(Signal::SIGTTOU).thread_block();
        let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, before);
    }
    result.step("read", "a terminal")
}

fn shuttle(
    socket: &OwnedFd,
    signals: &Signals,
    mut inside: &File,
    mut outside: &File,
    mut is_read: bool,
) -> std::io::Result<u8> {
    let (mut buffer, mut typed) = ([0; 4096], Vec::new());
    let mut has_ended = false;
    loop {
        let mut wanted = PollFlags::POLLIN;
        wanted.set(PollFlags::POLLOUT, !typed.is_empty());
        let keys = if is_read && typed.is_empty() {
            PollFlags::POLLIN
        } else {
            PollFlags::empty()
        };
        let mut of = [
            PollFd::new(inside.as_fd(), wanted),
            PollFd::new(signals.descriptor(), PollFlags::POLLIN),
            PollFd::new(outside.as_fd(), keys),
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
        ];
        // A process that holds the terminal open, and outlives the container, is not waited for.
        let patience = if has_ended {
            PollTimeout::from(100_u8)
        } else {
            PollTimeout::NONE
        };
        let count = if has_ended {
            poll(&mut of[..2], patience)
        } else {
            poll(&mut of, patience)
        };
        if count? == 0 {
            return Ok(0);
        }
        let [from_inside, signal, key, end] = of.map(|fd| fd.any().unwrap_or(false));
        has_ended |= end;
        if signal
            && signals
                .next()
                .is_ok_and(|signal| signal.ssi_signo == Signal::SIGWINCH as u32)
        {
            let _ = copy_window_size(outside, inside);
        }
        if from_inside {
            match inside.read(&mut buffer) {
                // EIO: nobody holds the other side any more.
                Ok(0) => return Ok(0),
                Err(error) if error.raw_os_error() == Some(Errno::EIO as i32) => return Ok(0),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => outside.write_all(&buffer[..read?])?,
            }
        }
        if key {
            let read = outside.read(&mut buffer).unwrap_or(0);
            is_read = read > 0;
            typed.extend_from_slice(&buffer[..read]);
        }
        if !typed.is_empty() {
            match inside.write(&typed) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                written => drop(typed.drain(..written?)),
            }
        }
    }
}
// ANCHOR_END: copy
