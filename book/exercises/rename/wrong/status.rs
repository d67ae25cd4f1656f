//! A hostname for one command: `rename NAME COMMAND ARGUMENT…`

use std::env;
use std::ffi::CString;
use std::process::ExitCode;

use nix::libc::SIGCHLD;
use nix::sched::{CloneFlags, clone};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, execvp, sethostname};

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let name = words.next().expect("a name");
    let command: Vec<_> = words.map(|word| CString::new(word).expect("a word")).collect();

    let mut child_stack = vec![0; 1024 * 1024];
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWUTS;
    let child = Box::new(|| child_function(&name, &command));
    // SAFETY: without CLONE_VM the child works on a copy of this process's memory.
    let child = unsafe { clone(child, &mut child_stack, flags, Some(SIGCHLD)) };
    status_of(child.expect("to start a child"))
}

/// In the child, which ends with the status that this returns.
fn child_function(name: &str, command: &[CString]) -> isize {
    sethostname(name).expect("to set the name");
    let _ = execvp(&command[0], command);
    127 // There is no such command.
}

fn status_of(child: Pid) -> ExitCode {
    let _ = waitpid(child, None);
    ExitCode::SUCCESS
}
