//! A trial: something done in a child process of its own, tied to its parent, with
//! a time limit. What it makes ends with it.

use std::fmt;
use std::os::fd::{AsFd as _, OwnedFd};

use common::{Child, ChildStack, Error, Step as _, clone};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::unistd::{pipe2, read, write};

/// Milliseconds. The slowest attempt takes a few dozen, and seconds where a whole class
/// asks the doctor at once: the kernel sets up network namespaces one after the other.
const LIMIT: u16 = 30_000;

/// Everything worked, or the first step that was refused.
pub(crate) type Tried = Result<(), Refusal>;

/// The step of a trial that failed, in the words that a lab would use for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) step: String,
    pub(crate) object: String,
    pub(crate) errno: Errno,
}

impl Refusal {
    fn new(step: &str, object: impl fmt::Display, errno: Errno) -> Self {
        Self {
            step: step.to_owned(),
            object: object.to_string(),
            errno,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.step, self.object, self.errno)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Step(failure) => Self::new(failure.step, failure.object, failure.errno),
            Error::ChildKilled(signal) => {
                Self::new("waitpid", format!("signal {signal}"), Errno::EINTR)
            }
            Error::PeerGone | Error::ReaderLeft | Error::Usage(..) => {
                Self::new("read", "from a checkpoint", Errno::EPIPE)
            }
        }
    }
}

/// A child at work.
pub(crate) struct Trial {
    pub(crate) child: Child,
    answer: OwnedFd,
}

impl Trial {
    /// Starts a child in the new namespaces of `flags`.
    pub(crate) fn start(flags: CloneFlags, work: impl Fn() -> Tried) -> Result<Self, Refusal> {
        let (answer, in_child) = pipe2(OFlag::O_CLOEXEC).step("pipe2", "for an answer")?;
        let mut child_stack = ChildStack::new()?;
        let child = clone(flags, &mut child_stack, || {
            // A parent that is gone by now needs no answer.
            let _ = write(&in_child, &encode(&work()));
            Ok(0)
        })?;
        Ok(Self { child, answer })
    }

    /// Waits for the answer; a child that gives none in time is killed.
    pub(crate) fn end(self) -> Tried {
        let mut readable = [PollFd::new(self.answer.as_fd(), PollFlags::POLLIN)];
        loop {
            match poll(&mut readable, PollTimeout::from(LIMIT)) {
                Err(Errno::EINTR) => {}
                Ok(0) => return Err(Refusal::new("waitpid", "a trial", Errno::ETIMEDOUT)),
                ready => {
                    ready.step("poll", "for an answer")?;
                    break;
                }
            }
        }
        // One write of less than PIPE_BUF bytes arrives in one piece.
        let mut text = [0; 4096];
        let length = read(&self.answer, &mut text).step("read", "an answer")?;
        let answer = decode(text.get(..length).unwrap_or_default());
        self.child.wait()?;
        answer.unwrap_or(Err(Refusal::new("read", "an answer", Errno::EBADMSG)))
    }
}

/// Does something in a child of its own and says how it went.
pub(crate) fn in_child(flags: CloneFlags, work: impl Fn() -> Tried) -> Tried {
    Trial::start(flags, work)?.end()
}

const WORKED: &[u8] = b"worked";

fn encode(tried: &Tried) -> Vec<u8> {
    match tried {
        Ok(()) => WORKED.to_vec(),
        Err(refusal) => {
            let Refusal { step, object, .. } = refusal;
            let object: String = object.chars().take(500).collect();
            format!("{step}\0{object}\0{}", refusal.errno as i32).into_bytes()
        }
    }
}

fn decode(answer: &[u8]) -> Option<Tried> {
    if answer == WORKED {
        return Some(Ok(()));
    }
    let mut parts = std::str::from_utf8(answer).ok()?.split('\0');
    let (step, object) = (parts.next()?, parts.next()?);
    let errno = Errno::from_raw(parts.next()?.parse().ok()?);
    Some(Err(Refusal::new(step, object, errno)))
}
