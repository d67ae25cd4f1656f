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
    loop {
        match wait() {
            Ok(WaitStatus::Exited(pid, status)) if pid == child => return status as u8,
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => return 128 + signal as u8,
            // An orphan, or an interrupted wait: on to the next.
            _ => {}
        }
    }
}
