//! A cgroup namespace, and a cgroup of one's own, where that is allowed.

use std::fs;
use std::path::PathBuf;

use common::cgroup::Hierarchy;
use common::guardian::Guardian;
use common::rootless::Capability;
use common::{Result, Step as _, namespace};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::getpid;

use super::{Attempt, enter_unless_capable};
use crate::trial::{Tried, in_child};

pub(crate) static CGROUP: Attempt = Attempt {
    key: "cgroup",
    title: "a cgroup namespace",
    calls: "read(/proc/self/cgroup), unshare(CLONE_NEWCGROUP); before that, where a cgroup can\n\
            be made, write() to its cgroup.procs\nsee: cgroup_namespaces(7)",
    work: || {
        let tree = find_hierarchy()?;
        tree.path_of(getpid())?;
        tree.mount_root()?;
        let sub_cgroup = make_sub_cgroup(&tree).ok();
        in_child(CloneFlags::empty(), || {
            if let Some((directory, _guardian)) = &sub_cgroup {
                move_into(directory)?;
            }
            Ok(unshare(CloneFlags::CLONE_NEWCGROUP).step("unshare", "CLONE_NEWCGROUP")?)
        })
    },
};

pub(crate) static SUB_CGROUP: Attempt = Attempt {
    key: "sub_cgroup",
    title: "a cgroup of one's own; labs do without",
    calls: "mkdir() in /sys/fs/cgroup, write() to cgroup.procs, rmdir()\nsee: cgroups(7)",
    work: || {
        let tree = find_hierarchy()?;
        let (directory, _guardian) = make_sub_cgroup(&tree)?;
        in_child(CloneFlags::empty(), || move_into(&directory))
    },
};

fn find_hierarchy() -> std::result::Result<Hierarchy, crate::trial::Refusal> {
    namespace::check_proc()?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    Ok(Hierarchy::find(false)?)
}

/// A guardian removes it, however this process ends.
fn make_sub_cgroup(tree: &Hierarchy) -> Result<(PathBuf, Guardian)> {
    let parent = tree.directory_of(getpid())?;
    let mut number = getpid().as_raw();
    loop {
        let path = parent.join(format!("doctor-{number}"));
        match Guardian::of_directory(&path) {
            Err(error) if error.errno() == Some(Errno::EEXIST) => number += 1,
            guardian => return Ok((path, guardian?)),
        }
    }
}

fn move_into(directory: &std::path::Path) -> Tried {
    let procs = directory.join("cgroup.procs");
    Ok(fs::write(&procs, "0").step("write", procs.display())?)
}
