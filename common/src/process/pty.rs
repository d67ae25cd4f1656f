//! Terminals: the controlling one, a window's size, and what waits to be read.
#![expect(unsafe_code, reason = "ioctl(2), a call in each function")]

use std::os::fd::{AsFd, AsRawFd as _};

use nix::errno::Errno;
use nix::libc;

/// TIOCSCTTY: the terminal becomes the controlling one of this process's session.
///
/// # Errors
/// EPERM where the process leads no session, has a terminal, or this one has a session.
pub fn set_controlling_terminal(terminal: impl AsFd) -> Result<(), Errno> {
    // SAFETY: the request takes an integer: 0 takes the terminal from nobody.
    let result = unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCSCTTY, 0) };
    Errno::result(result).map(drop)
}

/// TIOCGWINSZ and TIOCSWINSZ: gives a terminal the size of another one's window.
///
/// # Errors
/// ENOTTY where one is no terminal.
pub fn copy_window_size(from: impl AsFd, to: impl AsFd) -> Result<(), Errno> {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let (from, to) = (from.as_fd().as_raw_fd(), to.as_fd().as_raw_fd());
    // SAFETY: `size` is of the type that the request writes, and outlives the call.
    Errno::result(unsafe { libc::ioctl(from, libc::TIOCGWINSZ, &raw mut size) })?;
    // SAFETY: `size` is of the type that the request reads, and outlives the call.
    Errno::result(unsafe { libc::ioctl(to, libc::TIOCSWINSZ, &raw const size) }).map(drop)
}

/// FIONREAD: how many bytes a terminal has for its readers.
///
/// # Errors
/// ENOTTY where it is no terminal.
pub fn waiting_bytes(terminal: impl AsFd) -> Result<i32, Errno> {
    let mut count = 0;
    let terminal = terminal.as_fd().as_raw_fd();
    // SAFETY: `count` is of the type that the request writes, and outlives the call.
    Errno::result(unsafe { libc::ioctl(terminal, libc::FIONREAD, &raw mut count) })?;
    Ok(count)
}

/// TIOCSTI: puts a byte into a terminal's input, as if it had been typed there.
///
/// # Errors
/// EPERM where the terminal is not this process's, EIO where dev.tty.legacy_tiocsti is 0.
pub fn type_into(terminal: impl AsFd, byte: u8) -> Result<(), Errno> {
    let terminal = terminal.as_fd().as_raw_fd();
    // SAFETY: the request reads one byte, which outlives the call.
    Errno::result(unsafe { libc::ioctl(terminal, libc::TIOCSTI, &raw const byte) }).map(drop)
}
