//! A place where a fault can be put, the fault, and what became of a run with it.

use std::fmt;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;

use super::errnos;

/// One system call of one process of a lab.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// `1` is the lab, `1.2` its second child; a `+` follows where it has executed itself.
    pub(super) process: String,
    pub(super) call: i64,
    /// The how-manieth such call of this process, before `main` or from it on.
    pub(super) nth: u32,
    /// What it works on: `stdout`, a path, `pipe:`, `socket:`.
    pub(super) object: String,
    /// Whether the C library or Rust's runtime makes it before the lab's `main`.
    pub(super) before_main: bool,
    /// Whether it is of those that are left alone.
    pub(super) certain: bool,
}

impl Site {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let key = |site: &Self| (site.before_main, site.call, site.nth);
        self.process == other.process && key(self) == key(other)
    }

    /// How many ancestors the process has here.
    pub(super) fn generation(&self) -> usize {
        self.process.matches('.').count()
    }

    pub(super) fn writes_stdout(&self) -> bool {
        self.call == libc::SYS_write && self.object == "stdout"
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = errnos::name(self.call);
        let (process, nth, object) = (&self.process, self.nth, &self.object);
        write!(f, "process {process}: {name} {nth} ({object})")
    }
}

/// What a call does in place of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Errno(Errno),
    /// It writes one byte.
    Short,
}

/// What became of a run.
#[derive(Default)]
pub(super) struct Run {
    /// As a shell shows it.
    pub(super) status: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) sites: Vec<Site>,
    /// Whether the process came to the site of the fault.
    pub(super) fired: bool,
    pub(super) took: Duration,
    pub(super) hung: bool,
    /// Whether processes were there long after the lab's end.
    pub(super) left: bool,
}

impl Run {
    /// How long the same lab may take with a fault, also one that waits until a link
    /// gives no answer.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(8).max(4 * self.took)
    }
}
