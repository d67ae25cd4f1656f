//! stdout is the transcript, stderr is for everything else.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use nix::errno::Errno;
use nix::sys::signal::Signal;

use crate::error::{Error, Result};
use crate::{startup, sys};

/// Runs a lab: prints its error and the hint, chooses the exit status.
pub fn run(lab: fn() -> Result<u8>) -> ExitCode {
    // A caller may have SIGCHLD ignored; the kernel then reaps children itself
    // and waitpid() answers ECHILD.
    let _ = sys::set_default(Signal::SIGCHLD);
    ExitCode::from(finish(lab()))
}

/// The exit status of a result, its error reported.
pub(crate) fn finish(result: Result<u8>) -> u8 {
    let result = match result {
        Err(Error::Usage(usage, status)) => print_usage(&usage).map(|()| status),
        result => result,
    };
    result.unwrap_or_else(|error| {
        if let Error::Step(failure) = &error {
            notice(format_args!("{failure}"));
        }
        error.exit_status()
    })
}

fn print_usage(usage: &clap::Error) -> Result<()> {
    if usage.use_stderr() {
        // stderr is the last place to tell anything: a failure ends here.
        let _ = usage.print();
        return Ok(());
    }
    let text = usage.render();
    match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => say(format_args!("{text}")),
        _ => say(format_args!("{}", text.ansi())),
    }
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
    if startup::was_closed(1) {
        // std has opened /dev/null in its place, where output would vanish.
        return Err(write_error(&Errno::EBADF.into()));
    }
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(format!("{line}\n").as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| write_error(&error))
}

fn write_error(error: &io::Error) -> Error {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPIPE) => Error::ReaderLeft,
        errno => Error::new("write", "stdout", errno.unwrap_or(Errno::EIO)),
    }
}

/// The program's file name, as its transcript and its errors show it.
pub fn program_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    printable(Path::new(&path).file_name().unwrap_or(OsStr::new("lab")))
}

/// Text from outside without its power over the terminal: control characters
/// and bytes that are no UTF-8 are shown as escapes.
pub fn printable(text: &OsStr) -> String {
    let mut shown = String::new();
    for chunk in text.as_encoded_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
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
    Args::try_parse().map_err(|error| {
        let status = if error.use_stderr() { status } else { 0 };
        Error::Usage(Box::new(error), status)
    })
}
