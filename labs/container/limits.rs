//! Limits of memory, processes and descriptors, and what they hang on.

use std::fs::{self, File};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;

use common::lab::notice;
use common::ns::Hierarchy;
use common::process::Guardian;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::getpid;

use crate::Plan;
use crate::steps::Step;
use crate::trees::not_as_asked;

/// What a program may have open.
pub(crate) const DESCRIPTORS: u64 = 1024;

/// The container's own cgroup; the guardian removes it when its last process has ended.
pub(crate) struct Cgroup {
    directory: File,
    guardian: Guardian,
}

impl Cgroup {
    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

// ANCHOR: cgroup
/// A cgroup beside this process's own, with its limits. `None` where the machine hands out
/// none: then resource limits must do.
pub(crate) fn make_cgroup(plan: &Plan) -> Result<Option<Cgroup>> {
    if !plan.steps.has(Step::Limits) {
        return Ok(None);
    }
    let (path, guardian) = match guarded_cgroup() {
        Ok(made) => made,
        Err(error) => {
            let Error::Step(why) = &error else {
                return Err(error);
            };
            notice(format_args!(
                "no cgroup for it ({} {}: {}): limits count for each process",
                why.step, why.object, why.errno
            ));
            return Ok(None);
        }
    };
    for (file, limit) in [
        ("memory.max", plan.args.memory),
        ("memory.swap.max", 0),
        ("pids.max", plan.args.pids),
    ] {
        let file = path.join(file);
        if file.exists() || !file.ends_with("memory.swap.max") {
            fs::write(&file, limit.to_string()).step("write", file.display())?;
            let text = fs::read_to_string(&file).step("read", file.display())?;
            // The kernel counts memory in pages.
            let has = text.trim().parse::<u64>().unwrap_or(u64::MAX);
            if has > limit || has.saturating_add(1 << 16) < limit {
                return Err(not_as_asked(file.display()));
            }
        }
    }
    explain!(
        "write() to memory.max and pids.max\nsee: head {}/*.max",
        path.display()
    );
    let directory = File::open(&path).step("open", path.display())?;
    Ok(Some(Cgroup {
        directory,
        guardian,
    }))
}

fn guarded_cgroup() -> Result<(PathBuf, Guardian)> {
    let tree = Hierarchy::find(false)?;
    let (own, top) = (tree.directory_of(getpid())?, &tree.mount_point);
    // A cgroup with processes gives its children no controllers: the new one is a sibling.
    let parent = if own == *top {
        top
    } else {
        own.parent().unwrap_or(top)
    };
    let file = parent.join("cgroup.subtree_control");
    let controllers = fs::read_to_string(&file).step("read", file.display())?;
    let has = |name| controllers.split_whitespace().any(|has| has == name);
    if !has("memory") || !has("pids") {
        return Err(Error::new(
            "find",
            format!("memory and pids in {}", file.display()),
            Errno::ENOENT,
        ));
    }
    fs::metadata(parent.join("cgroup.procs")).step("stat", parent.display())?;
    for number in getpid().as_raw().. {
        let path = parent.join(format!("container-{number}"));
        match Guardian::of_directory(&path) {
            Err(error) if error.errno() == Some(Errno::EEXIST) => {}
            guardian => return guardian.map(|guardian| (path, guardian)),
        }
    }
    Err(Error::new("mkdir", parent.display(), Errno::EEXIST))
}

pub(crate) fn remove_cgroup(cgroup: Option<Cgroup>) -> Result<()> {
    cgroup.map_or(Ok(()), |cgroup| cgroup.guardian.end())
}
// ANCHOR_END: cgroup

// ANCHOR: apply
/// In the container: what a process limits for itself and its children.
pub(crate) fn apply(plan: &Plan, has_cgroup: bool) -> Result<()> {
    limit(Resource::RLIMIT_NOFILE, DESCRIPTORS)?;
    limit(Resource::RLIMIT_CORE, 0)?;
    if !has_cgroup {
        limit(Resource::RLIMIT_DATA, plan.args.memory)?;
        limit(Resource::RLIMIT_NPROC, plan.args.pids)?;
    }
    unshare(CloneFlags::CLONE_NEWCGROUP).step("unshare", "CLONE_NEWCGROUP")?;
    explain!("unshare(CLONE_NEWCGROUP): the container's cgroup is the root that it sees");
    Ok(())
}

/// Soft and hard: never above what the caller has.
fn limit(resource: Resource, wanted: u64) -> Result<()> {
    let name = format!("{resource:?}");
    let (_, most) = getrlimit(resource).step("getrlimit", &name)?;
    let limit = wanted.min(most);
    setrlimit(resource, limit, limit).step("setrlimit", &name)?;
    match getrlimit(resource).step("getrlimit", &name)? {
        has if has == (limit, limit) => Ok(()),
        _ => Err(not_as_asked(name)),
    }
}
// ANCHOR_END: apply
