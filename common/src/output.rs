//! stdout is the transcript, stderr is for everything else.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::unistd::write;

use crate::error::{Error, Result};
use crate::startup;
use crate::stdio::stdout;
use crate::sys::Ended;
use crate::told;

/// How the child ended that was dropped on the way of an error, if one was.
static CHILD: OnceLock<Ended> = OnceLock::new();

pub(crate) fn remember_child(ended: Ended) {
    let _ = CHILD.set(ended);
}

/// The exit status of a lab or of its child, its error reported with the hint.
pub fn finish(result: Result<u8>) -> u8 {
    let result = match result {
        Err(Error::Usage(usage, status)) => print_usage(&usage).map(|()| status),
        result => result,
    };
    let error = match (result, CHILD.get()) {
        (Ok(status), _) => return status,
        (Err(Error::PeerGone), Some(&Ended::Exited(status @ 1..))) => return status,
        // The child has said why, or its reader has left; what failed here followed from that.
        (Err(Error::Step(_)), Some(&Ended::Exited(status @ 1..)))
            if status == Error::ReaderLeft.exit_status() || !told::claim() =>
        {
            return status;
        }
        (Err(Error::PeerGone), Some(&Ended::Signaled(signal))) => Error::ChildKilled(signal),
        (Err(error), _) => error,
    };
    match &error {
        Error::Usage(..) | Error::ReaderLeft | Error::PeerGone => {}
        // What fails in one process has others fail that wait for it: the first has said why.
        Error::Step(_) | Error::ChildKilled(_) if !told::claim() => {}
        Error::Step(failure) => notice(format_args!("{failure}")),
        Error::ChildKilled(signal) => notice(format_args!(
            "waitpid child: ended by signal {signal}\n\
             hint: somebody sent it, or the kernel did for want of memory: see `dmesg`"
        )),
    }
    error.exit_status()
}

fn print_usage(usage: &clap::Error) -> Result<()> {
    // The text repeats what was typed: its lines are shown without their power
    // over the terminal, and without colours.
    let text = usage.render().to_string();
    let lines: Vec<_> = text
        .trim_end()
        .lines()
        .map(|line| printable(line.as_ref()))
        .collect();
    if usage.use_stderr() {
        // stderr is the last place to tell anything: a failure ends here.
        let _ = io::stderr().write_all(format!("{}\n", lines.join("\n")).as_bytes());
        return Ok(());
    }
    say(format_args!("{}", lines.join("\n")))
}

/// Writes one line to stderr, `program: …`, in one piece.
pub fn notice(line: fmt::Arguments<'_>) {
    let line = format!("{}: {line}\n", program_name());
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Writes a line of the transcript: `say!("uts.nodename in child:  {name}")?`.
#[macro_export]
macro_rules! say {
    ($($line:tt)*) => { $crate::output::say(format_args!($($line)*)) };
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
    let path = startup::arguments().first().map(Path::new);
    let name = path.and_then(Path::file_name);
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

/// Parses the arguments; usage errors end a lab with status 2.
///
/// # Errors
/// [`Error::Usage`], also for `--help`, which is printed to stdout with status 0.
pub fn parse<Args: clap::Parser>() -> Result<Args> {
    parse_with_status(2)
}

/// Parses the arguments of a tool whose manual has its own status for usage errors.
///
/// # Errors
/// As [`parse`].
pub fn parse_with_status<Args: clap::Parser>(status: u8) -> Result<Args> {
    Args::try_parse_from(startup::arguments()).map_err(|error| {
        let status = if error.use_stderr() { status } else { 0 };
        Error::Usage(Box::new(error), status)
    })
}
