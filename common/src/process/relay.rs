//! Between a caller's terminal and one that a container has for itself: three small processes,
//! one for each direction and one for the window's size.

use std::fs::File;
use std::io::{self, Read, Write, stderr, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::{OFlag, open};
use nix::pty::{posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::stat::Mode;
use nix::sys::termios::{OutputFlags, SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, getpgrp, isatty, tcgetpgrp};

use super::child::Child;
use super::clone::{fork, fork_untied};
use super::descriptors::{receive_descriptor, send_descriptor};
use super::pty::{copy_window_size, set_controlling_terminal};
use super::wait::Ended;
use crate::lab::{Error, Result, Step as _, retry_eintr};

/// What stands between two terminals. A program that shared its caller's could type into it
/// (TIOCSTI), and the caller's shell would read that.
#[derive(Debug)]
pub struct Relay {
    process: Child,
    socket: OwnedFd,
    /// How the caller's terminal was before.
    modes: Option<Termios>,
}

impl Relay {
    /// Starts the relay; `None` if no standard descriptor is a terminal.
    ///
    /// # Errors
    /// `socketpair`: EMFILE, ENFILE; `fork`.
    pub fn begin() -> Result<Option<Self>> {
        let Some(outside) = terminal() else {
            return Ok(None);
        };
        let (kind, flags) = (SockType::Stream, SockFlag::SOCK_CLOEXEC);
        let (socket, relays) = socketpair(AddressFamily::Unix, kind, None, flags)
            .step("socketpair", "for the terminal")?;
        let mut socket = Some(socket);
        let process = fork_untied(|| {
            // Or the end of the caller would go unnoticed.
            drop(socket.take());
            relay(&relays, &outside)
        })?;
        let socket = socket.ok_or(Error::PeerGone)?;
        Ok(Some(Self {
            process,
            socket,
            modes: tcgetattr(stdin()).ok(),
        }))
    }

    // ANCHOR: give
    /// In the container, whose session is new: makes a terminal there, takes one side of it for
    /// the standard descriptors that are one, and gives the relay the other.
    ///
    /// # Errors
    /// `posix_openpt`: ENOENT without /dev/ptmx; `open`, `ioctl`, `sendmsg`.
    pub fn give_terminal(&self) -> Result<()> {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let master = posix_openpt(flags).step("posix_openpt", "for the container")?;
        unlockpt(&master).step("unlockpt", "for the container")?;
        let name = ptsname_r(&master).step("ptsname", "for the container")?;
        let inside = open(name.as_str(), flags, Mode::empty()).step("open", &name)?;
        set_controlling_terminal(&inside).step("ioctl", "TIOCSCTTY")?;
        if let Some(outside) = terminal() {
            // A terminal that has hung up has neither modes nor a size.
            let _ = copy_window_size(&outside, &inside);
            let _ = tcgetattr(&outside).and_then(|mut modes| {
                // Line ends are the outer terminal's where that is not made raw.
                let is_raw = is_terminal(stdin().as_fd());
                modes.output_flags.set(OutputFlags::OPOST, is_raw);
                set(&inside, &modes)
            });
        }
        send_descriptor(&self.socket, &master).step("sendmsg", "SCM_RIGHTS")?;
        if is_terminal(stdin().as_fd()) {
            dup2_stdin(&inside).step("dup2", "stdin")?;
        }
        if is_terminal(stdout().as_fd()) {
            dup2_stdout(&inside).step("dup2", "stdout")?;
        }
        if is_terminal(stderr().as_fd()) {
            dup2_stderr(&inside).step("dup2", "stderr")?;
        }
        Ok(())
    }
    // ANCHOR_END: give

    /// After the container's end: what it has written is shown to the last byte.
    ///
    /// # Errors
    /// `waitpid`, as [`Child::succeed`].
    pub fn end(self) -> Result<()> {
        drop(self.socket);
        // One that somebody has killed has restored nothing.
        let ended = self.process.wait_ended()?;
        if let Some(modes) = self.modes.filter(|_| ended != Ended::Exited(0)) {
            let _ = set(stdin(), &modes);
        }
        Ok(())
    }
}

/// The relay's life. It ends when nobody has the other terminal any more, and so outlives its
/// parent by as much: the caller's terminal must be as it was.
fn relay(socket: &OwnedFd, outside: &OwnedFd) -> Result<u8> {
    let mut signals = SigSet::all();
    // Job control goes on: a relay in the background may not read.
    for of_job_control in [Signal::SIGTTIN, Signal::SIGTTOU, Signal::SIGTSTP] {
        signals.remove(of_job_control);
    }
    signals.thread_block().step("sigprocmask", "SIG_BLOCK")?;
    let Some(inside) = receive_descriptor(socket).step("recvmsg", "SCM_RIGHTS")? else {
        return Ok(0);
    };
    let (inside, outside) = (
        File::from(inside),
        File::from(outside.try_clone().step("fcntl", "F_DUPFD_CLOEXEC")?),
    );
    // A job in the background may write, and leaves the keys to the shell.
    let is_read = is_terminal(stdin().as_fd()) && tcgetpgrp(stdin()) == Ok(getpgrp());
    let modes = tcgetattr(&outside).ok().filter(|_| is_read);
    if let Some(modes) = &modes {
        let mut raw = modes.clone();
        cfmakeraw(&mut raw);
        let _ = set(&outside, &raw);
    }
    let _keys = if is_read {
        Some(fork(|| copy(stdin(), &inside))?)
    } else {
        None
    };
    let _window = fork(|| follow_size(&outside, &inside))?;
    copy(&inside, &outside)?;
    if let Some(modes) = &modes {
        let _ = SigSet::from(Signal::SIGTTOU).thread_block();
        let _ = set(&outside, modes);
    }
    Ok(0)
}

/// Until the first error: EIO of a terminal whose other side is closed.
fn copy(mut from: impl Read, mut to: impl Write) -> Result<u8> {
    let _ = io::copy(&mut from, &mut to);
    Ok(0)
}

fn follow_size(outside: &File, inside: &File) -> Result<u8> {
    let changes = SignalFd::new(&SigSet::from(Signal::SIGWINCH)).step("signalfd", "SIGWINCH")?;
    loop {
        let _ = copy_window_size(outside, inside);
        retry_eintr(|| changes.read_signal()).step("read", "a signalfd")?;
    }
}

fn set(terminal: impl AsFd, modes: &Termios) -> nix::Result<()> {
    tcsetattr(terminal, SetArg::TCSADRAIN, modes)
}

fn is_terminal(stream: BorrowedFd<'_>) -> bool {
    isatty(stream).unwrap_or(false)
}

/// The caller's terminal, by whichever standard descriptor it is there: first those that can
/// be written.
fn terminal() -> Option<OwnedFd> {
    let (input, output, errors) = (stdin(), stdout(), stderr());
    let streams = [output.as_fd(), errors.as_fd(), input.as_fd()];
    let found = streams.into_iter().find(|&stream| is_terminal(stream));
    found.and_then(|stream| stream.try_clone_to_owned().ok())
}
