//! A real init: PID 1 runs a program as PID 2, and ends as it ends.

use std::ffi::OsString;

use common::ns::{describe, make_private, mount_proc};
use common::process::{ANY_CHILD, exec, fork_untied, kill, waitpid};
use common::signals::{Policy, Signals, Supervisor, has_it_too};
use common::{Checkpoint, Result, Step as _, clone, explain};
use nix::errno::Errno;
use nix::libc::WNOHANG;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid};

const COVERED: &str = "in a user namespace a fresh proc may be mounted only where the old one is \
    wholly visible: `just doctor` says what is in the way; or use --host-proc";

pub(crate) fn lab(command: &[OsString], host_proc: bool, reaps: bool) -> Result<u8> {
    let mut flags = CloneFlags::CLONE_NEWPID;
    if !host_proc {
        flags |= CloneFlags::CLONE_NEWNS;
    }
    let supervisor = Supervisor::begin(Policy::PassOn)?;
    let init_is_announced = Checkpoint::new()?;
    let init = clone(flags, || {
        init_is_announced.wait()?;
        init_function(command, host_proc, reaps, supervisor.signals())
    })?;
    let pid = init.pid();
    explain!(
        "clone({}): process {pid} is PID 1 of the namespace\n\
         see: ls -l /proc/{pid}/ns; grep Sig /proc/{pid}/status",
        describe(flags)
    );
    init_is_announced.open()?;

    // This process is to its PID 1 what PID 1 is to the program.
    let status = supervisor.wait(init)?.status();
    explain!(
        "waitpid() in process {}: PID {pid} has ended with status {status}",
        getpid()
    );
    Ok(status)
}

fn init_function(
    command: &[OsString],
    host_proc: bool,
    reaps: bool,
    signals: &Signals,
) -> Result<u8> {
    if !host_proc {
        make_private()?;
        mount_proc("/proc").map_err(|error| error.hint_if(Errno::EPERM, COVERED))?;
        explain!("mount(\"proc\", \"/proc\"): ps in the namespace shows the namespace");
    }
    let program = fork_untied(|| {
        signals.leave()?;
        Err(exec(command))
    })?
    .into_pid();
    explain!(
        "fork() and execvp() in PID 1: the program\n\
         is PID {program}, an ordinary process"
    );
    serve(program, reaps, signals)
}

// ANCHOR: serve
/// Passes signals on to the program and reaps until the program has ended.
fn serve(program: Pid, reaps: bool, signals: &Signals) -> Result<u8> {
    let whom = if reaps { ANY_CHILD } else { program };
    loop {
        let received = signals.next()?;
        if received.ssi_signo != Signal::SIGCHLD as u32 {
            if !has_it_too(program, &received) {
                // A signal number is below 65, so the cast changes nothing.
                let signal = received.ssi_signo as i32;
                explain!(
                    "kill({program}, {signal}) in process {}: passed on",
                    getpid()
                );
                kill(program, signal).step("kill", program)?;
            }
            continue;
        }
        // Signals of one kind do not queue: one SIGCHLD can stand for many children.
        while let Some((pid, ended)) = waitpid(whom, WNOHANG).step("waitpid", whom)? {
            let status = ended.status();
            explain!(
                "waitpid({whom}) in process {}: PID\n\
                 {pid} has ended with status {status}",
                getpid()
            );
            if pid == program {
                return Ok(status);
            }
        }
    }
}
// ANCHOR_END: serve
