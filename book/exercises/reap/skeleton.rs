//! An init, started as PID 1: `init COMMAND ARGUMENT…`

use std::env;
use std::process::{Command, ExitCode};

use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::Pid;

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    let program = words.next().expect("a command");
    let child = Command::new(program).args(words).spawn().expect("to start the command");
    let child = Pid::from_raw(child.id() as i32);
    ExitCode::from(reap_until(child))
}

/// Reaps whatever ends, until it is this child; returns its status.
fn reap_until(child: Pid) -> u8 {
    // Orphans are children of PID 1, too: wait() returns each child that has ended, as
    // WaitStatus::Exited(pid, status) or WaitStatus::Signaled(pid, signal, _).
    todo!("a loop around wait()")
}
