//! A cgroup namespace, and a cgroup of one's own, where that is allowed.

use std::fs;
use std::path::{Path, PathBuf};

use common::credentials::Capability;
use common::ns::Hierarchy;
use common::process::Guardian;
use common::procfs::check_proc;
use common::{Result, Step as _};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::getpid;

use super::{enter_unless_capable, unshare};
use crate::refusal::Refusal;
use crate::trial::{Tried, in_child};

pub(super) fn namespace() -> Tried {
    let tree = find_hierarchy()?;
    tree.path_of(getpid())?;
    tree.mount_root()?;
    let sub_cgroup = make_sub_cgroup(&tree).ok();
    in_child(CloneFlags::empty(), || {
        if let Some((directory, _guardian)) = &sub_cgroup {
            move_into(directory)?;
        }
        Ok(unshare(CloneFlags::CLONE_NEWCGROUP)?)
    })
}

pub(super) fn sub_cgroup() -> Tried {
    let tree = find_hierarchy()?;
    let (directory, _guardian) = make_sub_cgroup(&tree)?;
    in_child(CloneFlags::empty(), || move_into(&directory))
}

fn find_hierarchy() -> std::result::Result<Hierarchy, Refusal> {
    check_proc()?;
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

fn move_into(directory: &Path) -> Tried {
    let procs = directory.join("cgroup.procs");
    Ok(fs::write(&procs, "0").step("write", procs.display())?)
}
