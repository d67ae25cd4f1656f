//! What a process may do from inside a cgroup namespace: leave, and change what limits it.

use std::fs;

use common::lab::answer;
use common::ns::Hierarchy;
use common::{Checkpoint, Result, Step as _, clone, explain, say};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::getpid;

use crate::{enter, make_sub_cgroup};

const SINCE: &str = "cgroup.kill is there since Linux 5.14, in cgroups of version 2";

pub(crate) fn lab(tree: &Hierarchy) -> Result<u8> {
    let option = if tree.nsdelegate { "set" } else { "not set" };
    say!("Its mount option nsdelegate:         {option}")?;
    let Some((root, guardian)) = make_sub_cgroup(tree)? else {
        return Ok(0);
    };
    let parents = tree.directory_of(getpid())?;

    let has_tried = Checkpoint::new()?;
    let for_ever = Checkpoint::new()?;
    let child = clone(CloneFlags::empty(), || {
        enter(Some(&root), false)?;
        // ANCHOR: tries
        let changed = answer(fs::write(root.join("cgroup.max.depth"), "max"));
        say!("Child changes a limit of its root:   {changed}")?;
        let left = answer(fs::write(parents.join("cgroup.procs"), "0"));
        say!("Child moves to its parent's cgroup:  {left}")?;
        // ANCHOR_END: tries
        explain!(
            "write() by the child: the mount and the directories' owners would let it;\n\
             with nsdelegate the kernel also asks which cgroup namespace the writer is in"
        );
        fs::write(root.join("cgroup.procs"), "0").step("write", "cgroup.procs")?; // Back, if it left.
        has_tried.open()?;
        for_ever.wait()?;
        Ok(0)
    })?;
    has_tried.wait()?;

    let kill = root.join("cgroup.kill");
    fs::write(&kill, "1")
        .step("write", kill.display())
        .map_err(|error| error.hint_if(Errno::ENOENT, SINCE))?;
    let status = child.wait_ended()?.status();
    say!("Parent writes 1 to cgroup.kill:      the child's status is {status}")?;
    explain!(
        "write(\"1\") to cgroup.kill: SIGKILL (128\n\
         + 9) to every process in it and below"
    );
    guardian.end()?;
    Ok(0)
}
