//! What a process sees below its own root directory, and which mounts it has.

use std::fs;
use std::os::fd::{AsRawFd as _, OwnedFd};

use common::procfs::{Mount, parse_mounts};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::fstat;
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};

use crate::world::{Look, Process, Unseen};

/// Opens a path as the process has it; links lead no further than its root.
pub(crate) fn in_root(of: &Process, path: &str, flags: OFlag) -> Look<OwnedFd> {
    let root = of.open_file("root", OFlag::O_PATH)?;
    let how = OpenHow::new()
        .flags(flags | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT);
    Ok(openat2(&root, path, how)?)
}

/// How many processes the /proc of a process shows.
pub(crate) fn shown_by_proc(of: &Process) -> Look {
    let proc = match in_root(of, "/proc", OFlag::O_RDONLY | OFlag::O_DIRECTORY) {
        Err(Unseen::Gone) => return Ok("none".into()),
        proc => proc?,
    };
    if fstatfs(&proc)?.filesystem_type() != PROC_SUPER_MAGIC {
        return Ok("none".into());
    }
    let entries = fs::read_dir(format!("/proc/self/fd/{}", proc.as_raw_fd()))?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let pids = names.filter(|name| {
        name.to_str()
            .is_some_and(|name| name.parse::<i32>().is_ok())
    });
    Ok(pids.count().to_string())
}

/// The number of a peer group, see mount_namespaces(7).
pub(crate) fn peer_group(of: &Process, tag: &str, path: &str) -> Look {
    mount_of(of, path, |mount| {
        let mut tags = mount.propagation.split(' ');
        let group = tags.find_map(|word| word.strip_prefix(tag)?.strip_prefix(':'));
        group.unwrap_or("none").to_owned()
    })
}

/// Something of the mount that a path leads to. One that another mount covers, on the path or
/// above it, is in the list as well.
pub(crate) fn mount_of(of: &Process, path: &str, what: impl Fn(&Mount) -> String) -> Look {
    let text = match of.read("mountinfo") {
        Err(Errno::EINVAL) => return Err(Unseen::Gone), // It has ended meanwhile.
        text => text?,
    };
    let mounts = parse_mounts(text.as_bytes());
    let reached = match in_root(of, path, OFlag::O_PATH) {
        Err(Unseen::Gone) => return Ok("not mounted".into()),
        // A directory on the way may be closed to the learner, and the list be read.
        Err(Unseen::Hidden(_)) => None,
        Ok(file) => Some(mount_id(&file)?),
    };
    let is_it =
        |mount: &&Mount| mount.point.as_os_str() == path && reached.is_none_or(|id| mount.id == id);
    let mount = mounts.iter().rfind(is_it);
    Ok(mount.map_or_else(|| "not mounted".into(), what))
}

/// The number of the mount that a file was opened through.
fn mount_id(file: &OwnedFd) -> Look<u32> {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()))?;
    let id = info.lines().find_map(|line| line.strip_prefix("mnt_id:"));
    let id = id.and_then(|id| id.trim().parse().ok());
    id.ok_or(Unseen::Hidden(Errno::EIO))
}

/// Whose a file is, as the learner sees it.
pub(crate) fn owner_of(of: &Process, path: &str) -> Look {
    match in_root(of, path, OFlag::O_PATH) {
        Err(Unseen::Gone) => Ok("absent".into()),
        file => Ok(fstat(&file?)?.st_uid.to_string()),
    }
}
