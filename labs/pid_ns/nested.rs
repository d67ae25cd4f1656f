//! PID namespaces inside one another: a PID in each of them for every process.

use std::iter;

use common::lab::Hold;
use common::process::Reports;
use common::procfs::check_proc;
use common::{Checkpoint, Error, Result, clone, explain, procfs, say};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getpid};

use crate::commands;

const AS_DEEP_AS_IT_GOES: &str = "the kernel nests PID namespaces 32 deep below the first, fewer in a \
    container; or a limit is reached: grep . /proc/sys/user/max_pid_namespaces";

pub(crate) fn lab(depth: u8, hold: Option<&Hold>) -> Result<u8> {
    check_proc()?;
    let (reports, release) = (Reports::new()?, Checkpoint::new()?);
    let child = clone(CloneFlags::CLONE_NEWPID, || {
        nest(1, depth, &reports, &release)
    })?;

    let mut rows = vec![Row::new(0, getpid(), getpid().as_raw())?];
    let mut refused = None;
    for level in 1..=depth {
        match reports.receive()? {
            (pid, own) if own > 0 => rows.push(Row::new(level, pid, own)?),
            (_, errno) => {
                refused = Some((level, Errno::from_raw(-errno)));
                break;
            }
        }
    }
    explain!(
        "clone(CLONE_NEWPID) in each child again:\n\
         {} PID namespaces, one inside another\n\
         see: grep NSpid /proc/{}/status",
        rows.len() - 1,
        child.pid()
    );
    print(&rows)?;
    if let Some(hold) = hold {
        hold.wait(&commands(&[getpid(), child.pid()]))?;
    }
    release.open()?;
    let status = child.wait()?;
    match refused {
        Some((level, errno)) => {
            let object = format!("CLONE_NEWPID for namespace {level}");
            Err(Error::new("clone", object, errno).hint_if(Errno::ENOSPC, AS_DEEP_AS_IT_GOES))
        }
        None => Ok(status),
    }
}

// ANCHOR: nest
/// One level: says who it is, then starts the next. The innermost process waits
/// until the table is printed, every other one for the child inside it.
fn nest(level: u8, depth: u8, reports: &Reports, release: &Checkpoint) -> Result<u8> {
    reports.send(getpid().as_raw())?;
    if level < depth {
        match clone(CloneFlags::CLONE_NEWPID, || {
            nest(level + 1, depth, reports, release)
        }) {
            Ok(child) => return child.wait(),
            Err(Error::Step(refused)) if refused.step == "clone" => {
                reports.send(-(refused.errno as i32))?;
            }
            Err(error) => return Err(error),
        }
    }
    release.wait()?;
    Ok(0)
}
// ANCHOR_END: nest

/// A process: what it says of itself, and its PID in each namespace from the
/// lab's own to the one it lives in.
struct Row {
    own: i32,
    pids: Vec<i32>,
}

impl Row {
    /// Reads NSpid. A kernel that contradicted what the process says would be an
    /// error, not a table.
    fn new(level: u8, pid: Pid, own: i32) -> Result<Self> {
        let all = procfs::pids(pid)?;
        let outer = all.len().saturating_sub(usize::from(level) + 1);
        let pids: Vec<_> = all.into_iter().skip(outer).collect();
        if pids.last() != Some(&own) || pids.first() != Some(&pid.as_raw()) {
            return Err(Error::new(
                "read",
                format!("NSpid of process {pid}"),
                Errno::EBADMSG,
            ));
        }
        Ok(Self { own, pids })
    }
}

fn print(rows: &[Row]) -> Result<()> {
    say!("PID namespaces inside one another, 0 the outermost; each process's PID in every one:\n")?;
    let namespaces: Vec<_> = (0i32..).take(rows.len()).collect();
    say!("process  getpid()  {}", columns(&namespaces))?;
    for (process, row) in rows.iter().enumerate() {
        say!("{process:<7}  {:>8}  {}", row.own, columns(&row.pids))?;
    }
    Ok(())
}

/// Seven digits are enough for every PID, two for those in namespaces just made.
fn columns(cells: &[i32]) -> String {
    let widths = iter::once(7).chain(iter::repeat(2));
    let cells = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:>width$}"));
    cells.collect::<Vec<_>>().join(" ")
}
