//! To compare: what it costs to start a process that ends at once.

use std::env;
use std::ffi::CStr;
use std::process::Command;
use std::time::Instant;

use common::process::{ChildStack, Ended, spawn, waitpid};
use common::{Error, Result, Step as _};
use nix::errno::Errno;
use nix::unistd::Pid;

use crate::numbers::since;

pub(crate) const WAYS: [&str; 4] = ["vfork", "fork", "posix_spawn", "fork + exec"];

/// Called with this argument, the lab is a program that does nothing.
const NOTHING: &CStr = c"(ends at once)";

/// Whether this process is such a program.
pub(crate) fn is_nothing() -> bool {
    let argument = env::args_os().nth(1);
    argument.is_some_and(|argument| argument.as_encoded_bytes() == NOTHING.to_bytes())
}

// ANCHOR: processes
/// From the start of the child to the moment when it is reaped.
pub(crate) fn start(way: &str, child_stack: &mut ChildStack) -> Result<f64> {
    let (lab, arguments) = (c"/proc/self/exe", [c"ns_cost", NOTHING]);
    let begun = Instant::now();
    let child = match way {
        "vfork" => spawn::vfork(child_stack)?,
        "fork" => spawn::fork()?,
        "fork + exec" => spawn::fork_and_exec(lab, &arguments)?,
        // What std calls, where the C library has it.
        _ => {
            let mut program = Command::new("/proc/self/exe");
            program.arg("(ends at once)").env_clear();
            let child = program.spawn().step("posix_spawn", "/proc/self/exe")?;
            Pid::from_raw(child.id() as i32)
        }
    };
    let ended = waitpid(child, 0).step("waitpid", child)?;
    let time = since(begun);
    match ended {
        // A program that could not be executed would be the fastest of all.
        Some((_, Ended::Exited(errno @ 1..))) => {
            let errno = Errno::from_raw(errno.into());
            Err(Error::new("execve", "/proc/self/exe", errno))
        }
        Some((_, Ended::Signaled(signal))) => Err(Error::ChildKilled(signal)),
        _ => Ok(time),
    }
}
// ANCHOR_END: processes
