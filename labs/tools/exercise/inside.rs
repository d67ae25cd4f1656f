//! What is asked inside a namespace: by a child that joins it and answers.

use std::os::fd::{AsFd as _, OwnedFd};

use common::clone;
use common::lab::retry_eintr;
use common::ns::nsfs::get_userns;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::fstat;
use nix::unistd::{pipe2, read, write};

/// Milliseconds: a child that gives no answer in this time is killed.
const LIMIT: u16 = 5_000;
/// An answer is one write, of less than PIPE_BUF bytes.
const MOST: usize = 4096;

/// Joins a namespace, by way of the user namespace that owns it, and asks there.
pub(crate) fn ask(
    namespace: &OwnedFd,
    own_user_namespace: &OwnedFd,
    question: impl Fn() -> nix::Result<String>,
) -> nix::Result<String> {
    let owner = get_userns(namespace)?;
    let is_own = fstat(&owner)?.st_ino == fstat(own_user_namespace)?.st_ino;
    let (answer, in_child) = pipe2(OFlag::O_CLOEXEC)?;
    let child = clone(CloneFlags::empty(), || {
        let join = || {
            if !is_own {
                setns(&owner, CloneFlags::CLONE_NEWUSER)?;
            }
            setns(namespace, CloneFlags::empty())?;
            question()
        };
        let text = match join() {
            Ok(text) => format!("+{text}"),
            Err(errno) => format!("-{}", errno as i32),
        };
        let text: String = text.chars().take(MOST / 4).collect();
        // The parent reads the end of the pipe where nothing was written.
        let _ = retry_eintr(|| write(&in_child, text.as_bytes()));
        Ok(0)
    });
    let child = child.map_err(|error| error.errno().unwrap_or(Errno::EIO))?;
    drop(in_child);
    let mut readable = [PollFd::new(answer.as_fd(), PollFlags::POLLIN)];
    if retry_eintr(|| poll(&mut readable, PollTimeout::from(LIMIT)))? == 0 {
        return Err(Errno::ETIMEDOUT);
    }
    let mut text = [0; MOST];
    let length = retry_eintr(|| read(&answer, &mut text))?;
    // It has answered, or its end is the answer.
    let _ = child.wait_ended();
    let text = String::from_utf8_lossy(text.get(..length).unwrap_or_default());
    match text.split_at_checked(1) {
        Some(("+", value)) => Ok(value.to_owned()),
        Some(("-", errno)) => Err(errno.parse().map_or(Errno::EIO, Errno::from_raw)),
        _ => Err(Errno::EIO),
    }
}
