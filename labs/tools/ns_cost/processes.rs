//! To compare: what it costs to start a process that ends at once.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use common::{ChildStack, Ended, Error, Result, Step as _, spawn, startup, waitpid};
use nix::errno::Errno;
use nix::spawn::{self as posix, PosixSpawnAttr, PosixSpawnFileActions};
use nix::unistd::Pid;

/// A way to start a process, named after its system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Vfork,
    Fork,
    Spawn,
    ForkExec,
}

pub(crate) const WAYS: [Way; 4] = [Way::Vfork, Way::Fork, Way::Spawn, Way::ForkExec];

/// This program, as a program that does nothing.
const PROGRAM: &CStr = c"/proc/self/exe";
const ARGUMENTS: [&CStr; 2] = [c"ns_cost", c"(ends at once)"];

/// Whether this process is such a program.
pub(crate) fn is_the_program() -> bool {
    let argument = startup::arguments().get(1);
    argument.is_some_and(|argument| argument.as_encoded_bytes() == ARGUMENTS[1].to_bytes())
}

impl Way {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vfork => "vfork",
            Self::Fork => "fork",
            Self::Spawn => "posix_spawn",
            Self::ForkExec => "fork + exec",
        }
    }

    // ANCHOR: processes
    /// From the start of the child to the moment when it is reaped.
    pub(crate) fn measure(self, child_stack: &mut ChildStack) -> Result<Duration> {
        let begun = Instant::now();
        let child = match self {
            Self::Vfork => spawn::vfork(child_stack)?,
            Self::Fork => spawn::fork()?,
            Self::Spawn => posix_spawn()?,
            Self::ForkExec => spawn::fork_and_exec(PROGRAM, &ARGUMENTS)?,
        };
        reap(child)?;
        Ok(begun.elapsed())
    }
    // ANCHOR_END: processes
}

fn posix_spawn() -> Result<Pid> {
    let actions = PosixSpawnFileActions::init().step("posix_spawn", "file actions")?;
    let attributes = PosixSpawnAttr::init().step("posix_spawn", "attributes")?;
    let environment: [&CStr; 0] = [];
    posix::posix_spawn(PROGRAM, &actions, &attributes, &ARGUMENTS, &environment)
        .step("posix_spawn", "/proc/self/exe")
}

/// A program that could not be executed would be the fastest of all: its status is
/// the errno.
fn reap(child: Pid) -> Result<()> {
    let ended = waitpid(child, 0).step("waitpid", child)?;
    match ended {
        Some((_, Ended::Exited(errno @ 1..))) => {
            let errno = Errno::from_raw(errno.into());
            Err(Error::new("execve", "/proc/self/exe", errno))
        }
        Some((_, Ended::Signaled(signal))) => Err(Error::ChildKilled(signal)),
        _ => Ok(()),
    }
}
