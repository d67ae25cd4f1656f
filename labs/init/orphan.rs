//! An orphan gets a new parent, which has to reap it.

use common::process::{ANY_CHILD, Reports, fork_untied, waitpid};
use common::procfs::check_proc;
use common::{Checkpoint, Error, Result, Step as _, clone, explain, procfs, say};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getpid, getppid};

/// Whose orphans the first process of the story inherits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeirOf {
    /// It is PID 1: those of its PID namespace.
    ItsNamespace,
    /// It is a subreaper: those among its own descendants.
    ItsDescendants,
}

/// What the orphan ends with, to be told from every other status.
const ORPHANS_STATUS: i32 = 7;

/// What the processes of the story wait for, and where they say who they are.
struct Story {
    heir_of: HeirOf,
    reaps: bool,
    reports: Reports,
    /// Apart from those of the others, so that the end of either is noticed.
    orphans_reports: Reports,
    heir: Checkpoint,
    parent: Checkpoint,
    orphan: Checkpoint,
}

// ANCHOR: story
pub(crate) fn lab(heir_of: HeirOf, reaps: bool) -> Result<u8> {
    check_proc()?;
    let (name, flags) = match heir_of {
        HeirOf::ItsNamespace => ("init", CloneFlags::CLONE_NEWPID),
        HeirOf::ItsDescendants => ("subreaper", CloneFlags::empty()),
    };
    let story = Story {
        heir_of,
        reaps,
        reports: Reports::new()?,
        orphans_reports: Reports::new()?,
        heir: Checkpoint::new()?,
        parent: Checkpoint::new()?,
        orphan: Checkpoint::new()?,
    };
    let heir = clone(flags, || heir_function(&story))?;

    story.print_header()?;
    story.print_next(name, &story.reports)?;
    story.print_next("parent", &story.reports)?;
    let orphan = story.print_next("orphan", &story.orphans_reports)?;
    explain!(
        "clone() in each process: three generations, the youngest is process {orphan}\n\
         see: pstree -p {}",
        getpid()
    );

    story.parent.open()?;
    let (parent, status) = story.reaped()?;
    say!("\nparent ends with status {status}. {name}: waitpid({parent}) = {parent}")?;
    story.orphan.open()?;
    story.print_next("orphan", &story.orphans_reports)?;

    story.orphan.open()?;
    story.reports.receive()?;
    say!(
        "\norphan ends. /proc/{orphan}/status: {}",
        shown_state(orphan)?
    )?;
    story.heir.open()?;
    if reaps {
        let (pid, status) = story.reaped()?;
        say!(
            "{name}: waitpid(-1) = {pid}, with status {status}. /proc/{orphan}/status: {}",
            shown_state(orphan)?
        )?;
    } else {
        story.reports.receive()?;
        say!(
            "{name} goes on without waitpid(-1). /proc/{orphan}/status: {}",
            shown_state(orphan)?
        )?;
    }
    story.heir.open()?;
    let status = heir.wait()?;
    say!(
        "{name} ends with status {status}. /proc/{orphan}/status: {}",
        shown_state(orphan)?
    )?;
    Ok(status)
}
// ANCHOR_END: story

// ANCHOR: heir
/// PID 1, or the subreaper.
fn heir_function(story: &Story) -> Result<u8> {
    if story.heir_of == HeirOf::ItsDescendants {
        set_child_subreaper(true).step("prctl", "PR_SET_CHILD_SUBREAPER")?;
        explain!(
            "prctl(PR_SET_CHILD_SUBREAPER): from here on process {} inherits the orphans\n\
             among its descendants, in place of the machine's init",
            getpid()
        );
    }
    introduce(&story.reports)?;
    let parent = clone(CloneFlags::empty(), || parent_function(story))?;
    story.orphans_reports.leave();
    let pid = parent.pid();
    let status = parent.wait()?;
    if status != 0 {
        return Err(Error::PeerGone); // It has failed, and said why.
    }
    explain!("waitpid({pid}): every program waits for the children that it started itself");
    story.say_reaped(pid, status)?;

    // WNOWAIT waits for the end and leaves the zombie, so that the lab can show it.
    let zombie = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    let ended = loop {
        match waitid(Id::All, zombie) {
            Err(Errno::EINTR) => {}
            ended => break ended.step("waitid", "WNOWAIT")?,
        }
    };
    if !matches!(ended, WaitStatus::Exited(_, ORPHANS_STATUS)) {
        return Err(Error::PeerGone); // It ended too early, and has said why.
    }
    story.reports.send(0)?;
    story.heir.wait()?;
    if !story.reaps {
        explain!("no waitpid(-1): nobody fetches the orphan's status, and its PID stays taken");
        story.reports.send(0)?;
    } else if let Some((pid, ended)) = waitpid(ANY_CHILD, 0).step("waitpid", "-1")? {
        explain!("waitpid(-1): any child, also one that this process did not start; it is reaped");
        story.say_reaped(pid, ended.status())?;
    }
    story.heir.wait()?;
    Ok(0)
}

fn parent_function(story: &Story) -> Result<u8> {
    introduce(&story.reports)?;
    // Not tied to its parent, which it outlives: it ends by its checkpoint instead.
    let orphan = fork_untied(|| orphan_function(story))?.into_pid();
    story.orphans_reports.leave();
    story.parent.wait()?;
    explain!("exit() without waitpid({orphan}): a child that is still alive becomes an orphan");
    Ok(0)
}

fn orphan_function(story: &Story) -> Result<u8> {
    story.reports.leave();
    introduce(&story.orphans_reports)?;
    story.orphan.wait()?;
    explain!("getppid() again: the kernel has given the orphan a new parent");
    introduce(&story.orphans_reports)?;
    story.orphan.wait()?;
    Ok(ORPHANS_STATUS as u8)
}
// ANCHOR_END: heir

/// In a process of the story: who it is and who its parent is, as it sees it.
fn introduce(reports: &Reports) -> Result<()> {
    reports.send(getpid().as_raw())?;
    reports.send(getppid().as_raw())
}

impl Story {
    fn say_reaped(&self, pid: Pid, status: u8) -> Result<()> {
        self.reports.send(pid.as_raw())?;
        self.reports.send(status.into())
    }

    fn reaped(&self) -> Result<(i32, i32)> {
        Ok((self.reports.receive()?.1, self.reports.receive()?.1))
    }

    fn print_header(&self) -> Result<()> {
        match self.heir_of {
            HeirOf::ItsNamespace => {
                say!("PROCESS  PID OUTSIDE  PPID OUTSIDE  PID INSIDE  PPID INSIDE")
            }
            HeirOf::ItsDescendants => say!("PROCESS        PID     PPID"),
        }
    }

    /// Prints what the next process to introduce itself says, beside what the
    /// kernel shows of it out here.
    fn print_next(&self, name: &str, reports: &Reports) -> Result<Pid> {
        let (pid, inside) = reports.receive()?;
        let (_, parent_inside) = reports.receive()?;
        match self.heir_of {
            HeirOf::ItsNamespace => {
                let parent = procfs::field(pid, "PPid")?
                    .ok_or(Errno::ENOENT)
                    .step("open", format!("/proc/{pid}/status"))?;
                say!("{name:<7}  {pid:>11}  {parent:>12}  {inside:>10}  {parent_inside:>11}")?;
            }
            HeirOf::ItsDescendants => say!("{name:<9}  {inside:>7}  {parent_inside:>7}")?,
        }
        Ok(pid)
    }
}

/// The line of /proc/PID/status that tells a zombie; a reaped process has no such file.
fn shown_state(pid: Pid) -> Result<String> {
    let state = procfs::field(pid, "State")?;
    Ok(state.map_or("gone".into(), |state| format!("State: {state}")))
}
