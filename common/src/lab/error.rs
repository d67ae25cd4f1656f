//! One error type for every lab: which step failed, on what, and why.

use std::fmt;

use nix::errno::Errno;
use nix::sched::CloneFlags;

use super::hint;
use super::recipes::as_typed_here;

/// What a lab's steps return.
pub type Result<T> = std::result::Result<T, Error>;

/// The exit status of a shell for a command that cannot be found.
pub const NOT_FOUND: u8 = 127;
/// The exit status of a shell for a command that cannot be executed.
pub const NOT_EXECUTABLE: u8 = 126;

/// The exit status that a shell shows for a program that a signal ended.
pub(crate) fn shell_status(signal: i32) -> u8 {
    // Signals are numbered 1 to 64, so the sum fits.
    128 + (signal & 0x7f) as u8
}

/// Why a lab ends early.
#[derive(Debug)]
pub enum Error {
    /// A system call failed: printed as one line and a hint.
    Step(Box<Failure>),
    /// The arguments were refused, or `--help` was asked for (status 0): what to print.
    Usage {
        /// The lines, to stderr for an error, else to stdout.
        text: String,
        /// The exit status.
        status: u8,
    },
    /// The reader of stdout has left (EPIPE): there is nobody to tell.
    ReaderLeft,
    /// A signal that the lab did not send ended its child.
    ChildKilled(i32),
    /// A child has failed with this status; it has said why itself.
    ChildFailed(u8),
    /// The other process of the lab ended before its checkpoint; it has said why itself.
    PeerGone,
}

/// A failed step, in the parts that its message and its hint are made of.
#[derive(Debug)]
pub struct Failure {
    /// The step as a learner would name it: mostly the system call.
    pub step: &'static str,
    /// What the step was done to: a path, a flag, an interface.
    pub object: String,
    /// What the kernel answered.
    pub errno: Errno,
    /// The namespaces that clone() or unshare() was asked for.
    pub flags: CloneFlags,
    /// What to do next, where the caller knows it better than the table of hints.
    pub hint: Option<String>,
    /// The exit status that this failure ends the lab with.
    pub status: u8,
}

impl Error {
    /// A failed step; the lab ends with status 1.
    pub fn new(step: &'static str, object: impl fmt::Display, errno: Errno) -> Self {
        Self::Step(Box::new(Failure {
            step,
            object: object.to_string(),
            errno,
            flags: CloneFlags::empty(),
            hint: None,
            status: 1,
        }))
    }

    /// The same failure, of a call that was asked for these namespaces.
    #[must_use]
    pub fn flags(mut self, flags: CloneFlags) -> Self {
        if let Self::Step(failure) = &mut self {
            failure.flags = flags;
        }
        self
    }

    /// The same failure with a hint of the caller's, in place of the table's.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Step(failure) = &mut self {
            failure.hint = Some(hint.into());
        }
        self
    }

    /// As [`hint`](Self::hint), if the kernel's answer was this one.
    #[must_use]
    pub fn hint_if(self, errno: Errno, hint: impl Into<String>) -> Self {
        if self.errno() == Some(errno) {
            self.hint(hint)
        } else {
            self
        }
    }

    /// The same failure with another exit status.
    #[must_use]
    pub fn status(mut self, status: u8) -> Self {
        if let Self::Step(failure) = &mut self {
            failure.status = status;
        }
        self
    }

    /// What the kernel answered, if this is a failed step.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Step(failure) => Some(failure.errno),
            _ => None,
        }
    }

    /// The status that the lab exits with.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Step(failure) => failure.status,
            Self::Usage { status, .. } | Self::ChildFailed(status) => *status,
            Self::ReaderLeft => shell_status(nix::libc::SIGPIPE),
            Self::ChildKilled(signal) => shell_status(*signal),
            Self::PeerGone => 1,
        }
    }
}

/// `step object: ERRNO: words`, and the hint on a second line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.hint.as_deref();
        let hint = own.unwrap_or_else(|| hint::for_step(self.step, &self.object, self.errno));
        let hint = as_typed_here(hint);
        let Self {
            step,
            object,
            errno,
            ..
        } = self;
        write!(f, "{step} {object}: {errno}\nhint: {hint}")
    }
}

/// Names the step and its object on the way up: `mount(…).step("mount", "/proc")?`.
pub trait Step<T> {
    /// Turns an errno or an I/O error into a failed step.
    fn step(self, step: &'static str, object: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<RawErrno>> Step<T> for std::result::Result<T, E> {
    fn step(self, step: &'static str, object: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Error::new(step, object, error.into().0))
    }
}

/// An errno, whichever type carried it here.
#[derive(Debug)]
pub struct RawErrno(pub(super) Errno);

impl From<Errno> for RawErrno {
    fn from(errno: Errno) -> Self {
        Self(errno)
    }
}

impl From<std::io::Error> for RawErrno {
    fn from(error: std::io::Error) -> Self {
        // Only std's own errors, such as a short read, carry no errno.
        Self(error.raw_os_error().map_or(Errno::EIO, Errno::from_raw))
    }
}

impl From<Error> for RawErrno {
    fn from(error: Error) -> Self {
        // What is no failed step, such as a reader that has left, carries no errno.
        Self(error.errno().unwrap_or(Errno::EIO))
    }
}
