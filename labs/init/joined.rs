//! Two orphans of one namespace: the parent of one is in there, too, that of the other outside.

use std::fs::File;

use common::process::{ANY_CHILD, Reports, fork_untied, waitpid};
use common::procfs::check_proc;
use common::{Checkpoint, Error, Result, Step as _, clone, explain, say};
use nix::sched::{CloneFlags, setns};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, pause};

use crate::family::introduce;
use crate::orphan::{Heir, print_header, print_next};

pub(crate) fn lab() -> Result<u8> {
    check_proc()?;
    // Outside, an orphan would go to the init of the machine.
    set_child_subreaper(true).step("prctl", "PR_SET_CHILD_SUBREAPER")?;
    let begun = Checkpoint::new()?;
    let init = Init(
        clone(CloneFlags::CLONE_NEWPID, || {
            begun.open()?;
            pause();
            Ok(0)
        })?
        .into_pid(),
    );
    // A child learns from a pipe whether the lab has ended before it could ask for a signal.
    // The next child holds an end of that pipe at first, so PID 1 has to be past it.
    begun.wait()?;
    let path = format!("/proc/{}/ns/pid", init.0);
    let namespace = File::open(&path).step("open", &path)?;

    let (outsider, joined, born) = (Reports::new()?, Reports::new()?, Reports::new()?);
    let parent = clone(CloneFlags::empty(), || {
        setns(&namespace, CloneFlags::CLONE_NEWPID).step("setns", &path)?;
        fork_untied(|| joined_function(&outsider, &joined, &born))?.into_pid();
        joined.leave();
        born.leave();
        outsider.ask()?;
        Ok(0)
    })?;
    explain!(
        "setns({path}) in process {}: it stays outside, and its\n\
         children are born inside",
        parent.pid()
    );
    say!("The lab, process {}, has started two processes:", getpid())?;
    say!("process {} is PID 1 of a PID namespace,", init.0)?;
    say!(
        "process {} has stayed outside, and starts joined inside.\n",
        parent.pid()
    )?;
    print_header(Heir::Init)?;
    let pid = print_next(Heir::Init, "joined", &joined)?;
    print_next(Heir::Init, "born", &born)?;

    outsider.answer(0)?;
    let outside = parent.pid();
    parent.succeed()?;
    say!("\nprocess {outside} ends:")?;
    joined.answer(0)?;
    print_next(Heir::Init, "joined", &joined)?;
    explain!(
        "exit() of a parent: its child goes to an heir in the parent's PID namespace,\n\
         here the lab, a subreaper; to joined its parent was PID 0, and still is"
    );

    joined.answer(0)?;
    match waitpid(pid, 0).step("waitpid", pid)? {
        Some((_, ended)) if ended.status() == 0 => {}
        _ => return Err(Error::PeerGone), // It has said why.
    }
    say!("\njoined ends, reaped by the lab:")?;
    born.answer(0)?;
    print_next(Heir::Init, "born", &born)?;
    init.end()?;
    Ok(0)
}

/// Inside, and its parent outside: it starts a child, and outlives its parent.
fn joined_function(outsider: &Reports, joined: &Reports, born: &Reports) -> Result<u8> {
    outsider.leave();
    introduce(joined)?;
    fork_untied(|| {
        joined.leave();
        introduce(born)?;
        born.ask()?;
        introduce(born)?;
        pause(); // Until PID 1 ends.
        Ok(0)
    })?
    .into_pid();
    born.leave();
    joined.ask()?;
    introduce(joined)?;
    joined.ask()?;
    Ok(0)
}

/// PID 1 of the namespace. Its end takes as long as there are zombies in the namespace, and
/// those with a parent outside are that parent's to reap: here the lab's, as it inherits.
struct Init(Pid);

impl Init {
    fn end(self) -> Result<()> {
        kill(self.0, Signal::SIGKILL).step("kill", self.0)
    }
}

impl Drop for Init {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGKILL);
        while let Ok(Some(_)) = waitpid(ANY_CHILD, 0) {}
    }
}
