//! Which signals reach PID 1.

use common::process::Reports;
use common::{Result, Step as _, clone, explain, say, signals};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal::{self, SIGKILL, SIGTERM};
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// PID 1, as every process of the namespace calls it.
const INIT: Pid = Pid::from_raw(1);
/// What the lab asks of PID 1: install a handler, or say whose signal it has handled.
const INSTALL: i32 = 1;
const WHOSE: i32 = 2;
/// PID 1's answer when no handler has run. No sender has this PID.
const NOBODY: i32 = -1;

pub(crate) fn lab() -> Result<u8> {
    let (pid_1, pid_2) = (Reports::new()?, Reports::new()?);
    let init = clone(CloneFlags::CLONE_NEWPID, || init_function(&pid_1, &pid_2))?;
    let (pid_2_outside, _) = pid_2.receive()?;

    let from_inside = |signal: Signal, handler: &str| {
        explain!("kill(1, {signal}) in the namespace");
        pid_2.answer(signal as i32)?;
        let (_, errno) = pid_2.receive()?;
        let row = format!("{signal}  {handler:<7}  PID 2      {errno:<6}");
        ask_pid_1(&pid_1, &row)
    };
    let from_outside = |signal: Signal, handler: &str| {
        explain!("kill({}, {signal}) out here", init.pid());
        init.kill(signal)?;
        let row = format!("{signal}  {handler:<7}  outside    0     ");
        ask_pid_1(&pid_1, &row)
    };
    say!("SIGNAL   HANDLER  SENT FROM  kill()  WHAT PID 1 SAYS")?;
    from_inside(SIGTERM, "none")?;
    from_inside(SIGKILL, "none")?;
    from_outside(SIGTERM, "none")?;
    pid_1.answer(INSTALL)?;
    pid_1.receive()?;
    from_inside(SIGTERM, "yes")?;
    from_outside(SIGTERM, "yes")?;

    // kill(SIGKILL) and waitpid().
    let status = init.end()?;
    explain!(
        "kill(SIGKILL) from outside: PID 1 has no protection against it, and with PID\n\
         1 the kernel ends every process of the namespace"
    );
    say!("SIGKILL  none     outside    0       nothing: it has ended with status {status}")?;
    match kill(pid_2_outside, None) {
        Err(Errno::ESRCH) => say!("PID 2 of the namespace: gone, too")?,
        other => other.step("kill", format!("0 to process {pid_2_outside}"))?,
    }
    Ok(0)
}

/// Asks PID 1 what became of the signal. A handler runs before its process sees
/// anything else, so the answer is never early.
fn ask_pid_1(pid_1: &Reports, row: &str) -> Result<()> {
    pid_1.answer(WHOSE)?;
    match pid_1.receive()? {
        (_, NOBODY) => say!("{row}  no signal came"),
        (_, sender) => say!("{row}  my handler ran, the sender is PID {sender}"),
    }
}

/// PID 1 has no handler at first, and installs one when it is told to.
fn init_function(reports: &Reports, pid_2: &Reports) -> Result<u8> {
    let _pid_2 = clone(CloneFlags::empty(), || pid_2_function(pid_2))?;
    pid_2.leave();
    loop {
        if reports.ask()? == INSTALL {
            signals::install(SIGTERM).step("sigaction", "SIGTERM")?;
            explain!("sigaction(SIGTERM, a handler): now PID 1 wants this signal");
        }
        reports.send(signals::last_sender().unwrap_or(NOBODY))?;
    }
}

/// PID 2 sends PID 1 the signals that it is told to.
fn pid_2_function(reports: &Reports) -> Result<u8> {
    reports.send(0)?;
    loop {
        let signal = Signal::try_from(reports.ask()?).step("kill", "a signal that is none")?;
        let answer = kill(INIT, signal).err().map_or(0, |errno| errno as i32);
        reports.send(answer)?;
    }
}
