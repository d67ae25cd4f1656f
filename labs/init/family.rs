//! Three generations: the heir, a parent that ends first, and the orphan that it leaves.

use common::lab::retry_eintr;
use common::process::{ANY_CHILD, Reports, fork_untied, waitpid};
use common::{Error, Result, Step as _, clone, explain};
use nix::sched::CloneFlags;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{getpid, getppid};

use crate::orphan::Heir;

/// What the orphan ends with, to be told from every other status.
const ORPHANS_STATUS: i32 = 7;

/// PID 1, or the subreaper.
pub(crate) fn heir_function(
    heir: Heir,
    reaps: bool,
    reports: &Reports,
    orphans_reports: &Reports,
) -> Result<u8> {
    if heir == Heir::Subreaper {
        set_child_subreaper(true).step("prctl", "PR_SET_CHILD_SUBREAPER")?;
        explain!(
            "prctl(PR_SET_CHILD_SUBREAPER): from here on process {} inherits the\n\
             orphans among its descendants, in place of the machine's init",
            getpid()
        );
    }
    introduce(reports)?;
    let parent = clone(CloneFlags::empty(), || {
        parent_function(reports, orphans_reports)
    })?;
    orphans_reports.leave();
    let pid = parent.pid();
    parent.succeed()?;
    explain!(
        "waitpid({pid}): every program waits\n\
         for the children that it started itself"
    );
    reports.send(pid.as_raw())?;

    // ANCHOR: reap
    // WNOWAIT waits for the end and leaves the zombie, so that the lab can show it.
    let zombie = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    match retry_eintr(|| waitid(Id::All, zombie)).step("waitid", "WNOWAIT")? {
        WaitStatus::Exited(_, ORPHANS_STATUS) => reports.send(0)?,
        WaitStatus::Signaled(_, signal, _) => return Err(Error::ChildKilled(signal as i32)),
        _ => return Err(Error::PeerGone), // It has failed, and said why.
    }
    reports.ask()?;
    if !reaps {
        explain!("no waitpid(-1): nobody fetches the orphan's status, and its PID stays taken");
        reports.send(0)?;
    } else if let Some((pid, ended)) = waitpid(ANY_CHILD, 0).step("waitpid", "-1")? {
        explain!(
            "waitpid(-1): any child, also one that\n\
             this process did not start; it is reaped"
        );
        reports.send(pid.as_raw())?;
        reports.send(ended.status().into())?;
    }
    // ANCHOR_END: reap
    reports.ask()?;
    Ok(0)
}

fn parent_function(reports: &Reports, orphans_reports: &Reports) -> Result<u8> {
    introduce(reports)?;
    // Not tied to its parent, which it outlives: it ends when the lab does.
    let orphan = fork_untied(|| orphan_function(reports, orphans_reports))?.into_pid();
    orphans_reports.leave();
    reports.ask()?;
    explain!(
        "exit() without waitpid({orphan}): a child\n\
         that is still alive becomes an orphan"
    );
    Ok(0)
}

fn orphan_function(reports: &Reports, orphans_reports: &Reports) -> Result<u8> {
    reports.leave();
    introduce(orphans_reports)?;
    orphans_reports.ask()?;
    explain!("getppid() again: the kernel has given the orphan a new parent");
    introduce(orphans_reports)?;
    orphans_reports.ask()?;
    Ok(ORPHANS_STATUS as u8)
}

/// In a process of the story: who it is and who its parent is, as it sees it.
pub(crate) fn introduce(reports: &Reports) -> Result<()> {
    reports.send(getpid().as_raw())?;
    reports.send(getppid().as_raw())
}
