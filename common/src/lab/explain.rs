//! The narration of `--explain`: numbered steps on stderr.

use std::fmt;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

use anstyle::Style;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{Whence, lseek};

use super::error::{Result, Step as _};
use super::terminal::has_colours;

/// On a terminal the narration stands behind the transcript.
const NARRATION: Style = Style::new().dimmed();

/// Parent and child share an open file description after clone(), and with it
/// the file's offset: it numbers the steps of both.
static COUNTER: OnceLock<OwnedFd> = OnceLock::new();

/// The option that every lab has.
#[derive(clap::Args, Debug, Default)]
pub struct ExplainArgs {
    /// Narrate each step on stderr: the system call, what it did, where to look in /proc
    #[arg(long)]
    explain: bool,
}

impl ExplainArgs {
    /// As on a command line with `--explain`.
    pub fn given() -> Self {
        Self { explain: true }
    }

    /// Turns the narration on if it was asked for.
    ///
    /// # Errors
    /// `memfd_create`, for want of descriptors or memory.
    pub fn begin(&self) -> Result<()> {
        if self.explain {
            let counter = memfd_create(c"steps", MFdFlags::MFD_CLOEXEC)
                .step("memfd_create", "for the numbers of the steps")?;
            let _ = COUNTER.set(counter);
        }
        Ok(())
    }
}

/// Narrates a step, if `--explain` was given; further lines are indented.
#[macro_export]
macro_rules! explain {
    ($($text:tt)*) => {
        // What the text asks for is asked only if somebody reads it.
        if $crate::lab::is_on() {
            $crate::lab::step(format_args!($($text)*));
        }
    };
}

/// Whether `--explain` was given.
pub fn is_on() -> bool {
    COUNTER.get().is_some()
}

/// Writes a step in one piece, so that it never mixes with the transcript.
pub fn step(text: fmt::Arguments<'_>) {
    let Some(counter) = COUNTER.get() else {
        return;
    };
    let number = lseek(counter, 1, Whence::SeekCur).unwrap_or_default();
    let text = text.to_string().replace('\n', "\n    ");
    let style = match has_colours(&io::stderr()) {
        true => NARRATION,
        false => Style::new(),
    };
    let text = format!("{style}{number:>2}. {text}{style:#}\n");
    // A narration that cannot be written is no reason to stop the lab.
    let _ = io::stderr().write_all(text.as_bytes());
}
