//! An init, started as PID 1: `init COMMAND ARGUMENT…`

use std::env;
use std::process::{Command, ExitCode};

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    let program = words.next().expect("a command");
    let child = Command::new(program).args(words).spawn().expect("to start the command");
    let child = Pid::from_raw(child.id() as i32);
    ExitCode::from(reap_until(child))
}

/// Waits for the child alone; returns its status.
fn reap_until(child: Pid) -> u8 {
    match waitpid(child, None) {
        Ok(WaitStatus::Exited(_, status)) => status as u8,
        _ => 1,
    }
}
