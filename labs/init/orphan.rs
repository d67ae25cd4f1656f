//! An orphan gets a new parent, which has to reap it.

use common::lab::Hold;
use common::process::Reports;
use common::procfs::{check_proc, field};
use common::{Result, Step as _, clone, explain, say};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getpid};

use crate::family::heir_function;

/// The process that inherits the orphan.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heir {
    /// PID 1 inherits the orphans of its PID namespace.
    Init,
    /// A subreaper inherits those among its own descendants.
    Subreaper,
}

pub(crate) fn lab(heir: Heir, reaps: bool, hold: Option<&Hold>) -> Result<u8> {
    check_proc()?;
    let (name, flags) = match heir {
        Heir::Init => ("init", CloneFlags::CLONE_NEWPID),
        Heir::Subreaper => ("subreaper", CloneFlags::empty()),
    };
    // The orphan has a socket of its own, so that the end of either is noticed.
    let (reports, orphans_reports) = (Reports::new()?, Reports::new()?);
    let child = clone(flags, || {
        heir_function(heir, reaps, &reports, &orphans_reports)
    })?;

    print_header(heir)?;
    print_next(heir, name, &reports)?;
    print_next(heir, "parent", &reports)?;
    let orphan = print_next(heir, "orphan", &orphans_reports)?;
    explain!(
        "clone() in each process: three generations, the youngest is process {orphan}\n\
         see: pstree -p {}",
        getpid()
    );

    if let Some(hold) = hold {
        hold.wait(&format!(
            "  pstree -p {0}\n  grep NSpid /proc/{orphan}/status",
            getpid()
        ))?;
    }
    reports.answer(0)?; // The parent ends.
    let (_, parent) = reports.receive()?;
    say!("\nparent ends with status 0. {name}: waitpid({parent}) = {parent}")?;
    orphans_reports.answer(0)?; // The orphan looks at its parent again.
    print_next(heir, "orphan", &orphans_reports)?;

    orphans_reports.answer(0)?; // The orphan ends.
    reports.receive()?;
    let state = shown_state(orphan)?;
    say!("\norphan ends. /proc/{orphan}/status: {state}")?;

    reports.answer(0)?; // The heir reaps it, or does not.
    let (_, reaped) = reports.receive()?;
    if reaps {
        let (_, status) = reports.receive()?;
        let state = shown_state(orphan)?;
        say!(
            "{name}: waitpid(-1) = {reaped}, with status {status}. /proc/{orphan}/status: {state}"
        )?;
    } else {
        let state = shown_state(orphan)?;
        say!("{name} goes on without waitpid(-1). /proc/{orphan}/status: {state}")?;
    }

    reports.answer(0)?; // The heir ends.
    let status = child.wait()?;
    let state = shown_state(orphan)?;
    say!("{name} ends with status {status}. /proc/{orphan}/status: {state}")?;
    Ok(status)
}

pub(crate) fn print_header(heir: Heir) -> Result<()> {
    match heir {
        Heir::Init => say!("PROCESS  PID OUTSIDE  PPID OUTSIDE  PID INSIDE  PPID INSIDE"),
        Heir::Subreaper => say!("PROCESS        PID     PPID"),
    }
}

/// Prints what the next process to introduce itself says, beside what the kernel
/// shows of it out here.
pub(crate) fn print_next(heir: Heir, name: &str, reports: &Reports) -> Result<Pid> {
    let (pid, inside) = reports.receive()?;
    let (_, parent_inside) = reports.receive()?;
    match heir {
        Heir::Init => {
            let parent = field(pid, "PPid")?
                .ok_or(Errno::ENOENT)
                .step("open", format!("/proc/{pid}/status"))?;
            say!("{name:<7}  {pid:>11}  {parent:>12}  {inside:>10}  {parent_inside:>11}")?;
        }
        Heir::Subreaper => say!("{name:<9}  {inside:>7}  {parent_inside:>7}")?,
    }
    Ok(pid)
}

/// The line of /proc/PID/status that tells a zombie; a reaped process has no such file.
fn shown_state(pid: Pid) -> Result<String> {
    let state = field(pid, "State")?;
    Ok(state.map_or("gone".into(), |state| format!("State: {state}")))
}
