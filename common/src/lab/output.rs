//! stdout is the transcript, stderr is for everything else.

use std::env;
use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::write;

use super::error::{Error, Result};
use super::stdio::stdout;

/// Writes one line to stderr, `program: …`, in one piece.
pub fn notice(line: fmt::Arguments<'_>) {
    let line = format!("{}: {line}\n", program_name());
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Writes a line of the transcript: `say!("uts.nodename in child:  {name}")?`.
#[macro_export]
macro_rules! say {
    ($($line:tt)*) => { $crate::lab::say(format_args!($($line)*)) };
}

/// Writes a line to stdout in one piece, so that the lines of two processes
/// never mix, and no buffered half is copied into a child.
///
/// # Errors
/// `write stdout`: closed (EBADF), full (ENOSPC); [`Error::ReaderLeft`] for EPIPE.
pub fn say(line: fmt::Arguments<'_>) -> Result<()> {
    let line = format!("{line}\n");
    let mut left = line.as_bytes();
    while !left.is_empty() {
        match write(stdout(), left) {
            Ok(written) => left = left.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(Errno::EPIPE) => return Err(Error::ReaderLeft),
            Err(errno) => return Err(Error::new("write", "stdout", errno)),
        }
    }
    Ok(())
}

/// The program's file name, as its transcript and its errors show it.
pub fn program_name() -> String {
    let path = env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name();
    printable(name.unwrap_or(OsStr::new("lab")))
}

/// The invisible characters that reorder the text after them, from LINE SEPARATOR
/// to RIGHT-TO-LEFT OVERRIDE.
const DIRECTION: RangeInclusive<char> = '\u{2028}'..='\u{202e}';

/// Text from outside without its power over the terminal: control characters
/// and bytes that are no UTF-8 are shown as escapes.
pub fn printable(text: &OsStr) -> String {
    let mut shown = String::new();
    for chunk in text.as_encoded_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() || DIRECTION.contains(&character) {
                shown.extend(character.escape_default());
            } else {
                shown.push(character);
            }
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}
