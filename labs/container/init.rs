//! `--init`: PID 1 passes signals on and reaps, the program is PID 2.

use common::process::{ANY_CHILD, fork, kill, waitpid};
use common::signals::{Policy, Supervisor, has_it_too};
use common::{Result, Step as _};
use nix::libc::WNOHANG;
use nix::sys::signal::Signal;

// ANCHOR: run
pub(crate) fn run(start: impl Fn() -> Result<u8>) -> Result<u8> {
    let supervisor = Supervisor::begin(Policy::PassOn)?;
    let program = fork(|| {
        supervisor.leave()?;
        start()
    })?
    .into_pid();
    loop {
        let received = supervisor.signals().next()?;
        if received.ssi_signo != Signal::SIGCHLD as u32 {
            if !has_it_too(program, &received) {
                // A signal number is below 65. A program with other credentials is out of reach.
                let _ = kill(program, received.ssi_signo as i32);
            }
            continue;
        }
        while let Some((pid, ended)) = waitpid(ANY_CHILD, WNOHANG).step("waitpid", ANY_CHILD)? {
            if pid == program {
                return Ok(ended.status());
            }
        }
    }
}
// ANCHOR_END: run
