//! A trial: something done in a child process of its own, tied to its parent, with
//! a time limit. What it makes ends with it.

use std::os::fd::{AsFd as _, OwnedFd};

use common::lab::retry_eintr;
use common::{Child, Error, Step as _, clone};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::unistd::{pipe2, read, write};

use crate::refusal::Refusal;

/// Milliseconds. The slowest attempt takes a few dozen, and seconds where a whole class
/// asks the doctor at once: the kernel sets up network namespaces one after the other.
const LIMIT: u16 = 30_000;

/// Everything worked, or the first step that was refused.
pub(crate) type Tried = Result<(), Refusal>;

/// Does something in a child, in the new namespaces of `flags`, and says how it went.
pub(crate) fn in_child(flags: CloneFlags, work: impl Fn() -> Tried) -> Tried {
    Trial::start(flags, work)?.end()
}

/// A child at work.
pub(crate) struct Trial {
    pub(crate) child: Child,
    answer: OwnedFd,
}

impl Trial {
    pub(crate) fn start(flags: CloneFlags, work: impl Fn() -> Tried) -> Result<Self, Refusal> {
        let (answer, in_child) = pipe2(OFlag::O_CLOEXEC).step("pipe2", "for an answer")?;
        let child = clone(flags, || {
            // A parent that is gone by now needs no answer.
            let answer = encode(&work());
            let _ = retry_eintr(|| write(&in_child, answer.as_bytes()));
            Ok(0)
        })?;
        Ok(Self { child, answer })
    }

    /// Waits for the answer; a child that gives none in time is killed.
    pub(crate) fn end(self) -> Tried {
        let mut readable = [PollFd::new(self.answer.as_fd(), PollFlags::POLLIN)];
        let ready = retry_eintr(|| poll(&mut readable, PollTimeout::from(LIMIT)));
        let ready = ready.step("poll", "for an answer")?;
        if ready == 0 {
            return Err(Error::new("waitpid", "a trial", Errno::ETIMEDOUT).into());
        }
        // One write of less than PIPE_BUF bytes arrives in one piece.
        let mut text = [0; 4096];
        let length = retry_eintr(|| read(&self.answer, &mut text)).step("read", "an answer")?;
        let answer = decode(text.get(..length).unwrap_or_default());
        self.child.wait()?;
        answer.ok_or(Errno::EBADMSG).step("read", "an answer")?
    }
}

const WORKED: &str = "worked";

fn encode(tried: &Tried) -> String {
    let Err(refusal) = tried else {
        return WORKED.to_owned();
    };
    let object: String = refusal.object.chars().take(500).collect();
    let (errno, flags) = (refusal.errno as i32, refusal.flags.bits());
    format!("{}\0{object}\0{errno}\0{flags}", refusal.step)
}

fn decode(answer: &[u8]) -> Option<Tried> {
    let answer = std::str::from_utf8(answer).ok()?;
    if answer == WORKED {
        return Some(Ok(()));
    }
    let mut parts = answer.split('\0');
    Some(Err(Refusal {
        step: parts.next()?.to_owned(),
        object: parts.next()?.to_owned(),
        errno: Errno::from_raw(parts.next()?.parse().ok()?),
        flags: CloneFlags::from_bits_retain(parts.next()?.parse().ok()?),
    }))
}
