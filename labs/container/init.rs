//! `--init`: PID 1 passes signals on and reaps, the program is PID 2.

use common::process::{ANY_CHILD, close_from, fork, kill, waitpid};
use common::signals::{Policy, Supervisor, has_it_too};
use common::{Result, Step as _};
use nix::libc::WNOHANG;
use nix::sys::prctl::set_dumpable;
use nix::sys::signal::Signal;

// ANCHOR: run
/// All signals are blocked already, by the process outside, which knows the caller's mask.
pub(crate) fn run(outer: &Supervisor, start: impl Fn() -> Result<u8>) -> Result<u8> {
    // This process goes on with a copy of the caller's memory, and is never replaced: what it
    // has inherited is closed for good, and nobody inside may look into it.
    set_dumpable(false).step("prctl", "PR_SET_DUMPABLE")?;
    close_from(3).step("close_range", "3 and above")?;
    let supervisor = Supervisor::begin(Policy::PassOn)?;
    let program = fork(|| {
        outer.leave()?;
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
