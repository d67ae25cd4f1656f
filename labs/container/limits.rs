//! Limits of memory, processes and descriptors, and what they hang on.

use std::fs::{self, File};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;

use common::lab::notice;
use common::ns::Hierarchy;
use common::process::Guardian;
use common::{Error, Result, Step as _, explain};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::getpid;

use crate::Plan;
use crate::steps::Step;
use crate::trees::not_as_asked;

const EACH: &str = "memory counts for each process, processes for each user";

/// What a program may have open.
pub(crate) const DESCRIPTORS: u64 = 1024;

/// As on most systems; RLIMIT_DATA does not count it.
const STACK: u64 = 8 << 20;

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
        Err(Error::Step(why)) => {
            let (step, object, errno) = (why.step, why.object, why.errno);
            explain!("no cgroup ({step} {object}: {errno}): limits of each process instead");
            if plan.args.asks_for_limits() {
                notice(format_args!("no cgroup here: {EACH}"));
            }
            return Ok(None);
        }
        made => made?,
    };
    // ANCHOR: write
    let limits = [
        ("memory.max", plan.args.memory()),
        ("memory.swap.max", 0),
        ("pids.max", plan.args.pids()),
    ];
    for (file, limit) in limits {
        let file = path.join(file);
        // A kernel without swap has no limit of it.
        if limit > 0 || file.exists() {
            fs::write(&file, limit.to_string()).step("write", file.display())?;
            let text = fs::read_to_string(&file).step("read", file.display())?;
            // Memory is counted in pages.
            let has = text.trim().parse().unwrap_or(u64::MAX);
            if has.abs_diff(limit) >= 1 << 16 {
                return Err(not_as_asked(file.display()));
            }
        }
    }
    // ANCHOR_END: write
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
    let parent = Hierarchy::find(false)?.parent_with(&["memory", "pids"], getpid())?;
    Guardian::of_new_directory(&parent, "container")
}
// ANCHOR_END: cgroup

pub(crate) fn remove_cgroup(cgroup: Option<Cgroup>) -> Result<()> {
    cgroup.map_or(Ok(()), |cgroup| cgroup.guardian.end())
}

// ANCHOR: apply
/// In the container: what a process limits for itself and its children.
pub(crate) fn apply(plan: &Plan, has_cgroup: bool) -> Result<()> {
    limit(Resource::RLIMIT_NOFILE, DESCRIPTORS)?;
    limit(Resource::RLIMIT_CORE, 0)?;
    if !has_cgroup {
        limit(Resource::RLIMIT_DATA, plan.args.memory())?;
        limit(Resource::RLIMIT_STACK, STACK)?;
        limit(Resource::RLIMIT_NPROC, plan.args.pids())?;
    }
    unshare(CloneFlags::CLONE_NEWCGROUP).step("unshare", "CLONE_NEWCGROUP")?;
    explain!("unshare(CLONE_NEWCGROUP): the container's cgroup is the root that it sees");
    Ok(())
}
// ANCHOR_END: apply

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
