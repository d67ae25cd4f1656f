//! A lab from its start to its exit status.

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use nix::libc::SIGKILL;

use super::error::{Error, Result};
use super::output::{notice, printable, say};
use super::{hold, start, told};

/// Runs a lab, as `main` does: prints its error and the hint, and chooses the exit status.
pub fn run(lab: fn() -> Result<u8>) -> ExitCode {
    start::set_dispositions();
    ExitCode::from(hold::status_after(finish(lab())))
}

/// The exit status of a lab or of its child, its error reported with the hint.
pub(crate) fn finish(result: Result<u8>) -> u8 {
    let error = match result {
        Ok(status) => return status,
        Err(Error::Usage { text, status }) => {
            return finish(print_usage(&text, status).map(|()| status));
        }
        Err(error) => follows_from_a_child(error),
    };
    match &error {
        Error::Usage { .. } | Error::ReaderLeft | Error::PeerGone | Error::ChildFailed(_) => {}
        // What fails in one process has others fail that wait for it: the first has said why.
        Error::Step(_) | Error::ChildKilled(_) if !told::claim() => {
            if let Some(Ok(status)) = told::child_end() {
                return status;
            }
        }
        Error::Step(failure) => notice(format_args!("{failure}")),
        Error::ChildKilled(signal) => notice(format_args!(
            "waitpid child: ended by signal {signal}\n\
             hint: somebody sent it, or the kernel did for want of memory: see `dmesg`"
        )),
    }
    error.exit_status()
}

/// What a child's end explains is told by the child, or is that end.
fn follows_from_a_child(error: Error) -> Error {
    let reader_left = Error::ReaderLeft.exit_status();
    match (error, told::child_end()) {
        (Error::PeerGone, Some(Ok(status))) => Error::ChildFailed(status),
        (Error::PeerGone, Some(Err(signal))) => Error::ChildKilled(signal),
        (Error::PeerGone, _) if told::child_was_killed() && told::claim() => {
            Error::ChildKilled(SIGKILL)
        }
        (Error::Step(_), Some(Ok(status))) if status == reader_left => Error::ReaderLeft,
        (error, _) => error,
    }
}

/// The text repeats what was typed: its lines are shown without their power over the
/// terminal, and without colours. What is no error goes to stdout.
fn print_usage(text: &str, status: u8) -> Result<()> {
    let lines = text.trim_end().lines().map(|line| printable(line.as_ref()));
    let text = lines.collect::<Vec<_>>().join("\n");
    if status == 0 {
        return say(format_args!("{text}"));
    }
    // stderr is the last place to tell anything: a failure ends here.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
    Ok(())
}

/// Parses the arguments; usage errors end a lab with status 2.
///
/// # Errors
/// [`Error::Usage`], also for `--help`, which is printed to stdout with status 0.
pub fn parse<Args: clap::Parser>() -> Result<Args> {
    #[cfg(feature = "dist")]
    super::dist::write_instead(Args::command())?;
    Args::try_parse_from(env::args_os()).map_err(|error| Error::Usage {
        status: if error.use_stderr() { 2 } else { 0 },
        text: error.render().to_string(),
    })
}
