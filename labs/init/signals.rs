//! Which signals reach PID 1.

use common::process::Reports;
use common::{Child, Result, Step as _, clone, explain, say, signals};
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

// ANCHOR: signals
pub(crate) fn lab() -> Result<u8> {
    let (init_reports, inside_reports) = (Reports::new()?, Reports::new()?);
    let init = clone(CloneFlags::CLONE_NEWPID, || {
        init_function(&init_reports, &inside_reports)
    })?;
    let lab = Lab {
        init,
        init_reports,
        inside_reports,
    };
    let (inside, _) = lab.inside_reports.receive()?;

    say!("SIGNAL   HANDLER  SENT FROM  kill()  WHAT PID 1 SAYS")?;
    lab.send_from_inside(SIGTERM, "none")?;
    lab.send_from_inside(SIGKILL, "none")?;
    lab.send_from_outside(SIGTERM, "none")?;
    lab.init_reports.answer(INSTALL)?;
    lab.init_reports.receive()?;
    lab.send_from_inside(SIGTERM, "yes")?;
    lab.send_from_outside(SIGTERM, "yes")?;

    // kill(SIGKILL) and waitpid().
    let status = lab.init.end()?;
    explain!(
        "kill(SIGKILL) from outside: PID 1 has no protection against it, and with PID 1\n\
         the kernel ends every process of the namespace"
    );
    say!("SIGKILL  none     outside    0       nothing: it has ended with status {status}")?;
    match kill(inside, None) {
        Err(Errno::ESRCH) => say!("PID 2 of the namespace: gone, too")?,
        other => other.step("kill", format!("0 to process {inside}"))?,
    }
    Ok(0)
}

/// PID 1 has no handler at first, and installs one when it is told to.
fn init_function(reports: &Reports, inside_reports: &Reports) -> Result<u8> {
    let _inside = clone(CloneFlags::empty(), || inside_function(inside_reports))?;
    inside_reports.leave();
    loop {
        if reports.ask()? == INSTALL {
            signals::install(SIGTERM).step("sigaction", "SIGTERM")?;
            explain!("sigaction(SIGTERM, a handler): now PID 1 wants this signal");
        }
        reports.send(signals::last_sender().unwrap_or(NOBODY))?;
    }
}

/// PID 2 sends PID 1 the signals that it is told to.
fn inside_function(reports: &Reports) -> Result<u8> {
    reports.send(0)?;
    loop {
        let signal = Signal::try_from(reports.ask()?).step("kill", "a signal that is none")?;
        reports.send(kill(INIT, signal).err().unwrap_or(Errno::from_raw(0)) as i32)?;
    }
}
// ANCHOR_END: signals

struct Lab {
    init: Child,
    init_reports: Reports,
    inside_reports: Reports,
}

impl Lab {
    fn send_from_inside(&self, signal: Signal, handler: &str) -> Result<()> {
        explain!("kill(1, {signal}) in the namespace");
        self.inside_reports.answer(signal as i32)?;
        let (_, errno) = self.inside_reports.receive()?;
        self.print(signal, handler, "PID 2", errno)
    }

    fn send_from_outside(&self, signal: Signal, handler: &str) -> Result<()> {
        explain!("kill({}, {signal}) out here", self.init.pid());
        self.init.kill(signal)?;
        self.print(signal, handler, "outside", 0)
    }

    /// Asks PID 1 what became of the signal. A handler runs before the process
    /// sees anything else, so the answer is never early.
    fn print(&self, signal: Signal, handler: &str, from: &str, errno: i32) -> Result<()> {
        self.init_reports.answer(WHOSE)?;
        let (_, sender) = self.init_reports.receive()?;
        let row = format!("{signal}  {handler:<7}  {from:<9}  {errno:<6}");
        match sender {
            NOBODY => say!("{row}  no signal came"),
            sender => say!("{row}  my handler ran, the sender is PID {sender}"),
        }
    }
}
