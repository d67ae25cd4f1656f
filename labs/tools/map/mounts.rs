//! Namespaces that are bind-mounted somewhere.

use std::ffi::OsString;
use std::fs;
use std::os::fd::OwnedFd;

use common::ns::nsfs::open_mounted;
use common::procfs::{Mount, parse_mounts};
use common::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::collect::{open_at, raw};
use crate::model::{Id, World};
use crate::relations::ask;

/// Reads the mounts in each mount namespace, as its first process sees them.
pub(crate) fn collect(world: &mut World, proc: &OwnedFd) -> Result<()> {
    let own = world.own.and_then(|pid| world.processes.get(&pid));
    let own: Vec<Id> = own.map(|own| own.namespaces.clone()).unwrap_or_default();
    for id in world.sorted().filter(|id| id.kind == "mnt") {
        let namespace = world.namespaces.get(&id);
        let members = namespace.map(|found| found.members.clone());
        for pid in members.unwrap_or_default() {
            // A path of this process's own mounts needs no detour.
            let detour = format!("/proc/{pid}/root");
            let root = if own.contains(&id) { "" } else { &detour };
            match of_process(world, proc, pid, root) {
                Ok(()) => break,
                // This one has ended, which is EINVAL while it is a zombie: ask the next.
                Err(Errno::ENOENT | Errno::ESRCH | Errno::EINVAL) => {}
                Err(Errno::EACCES | Errno::EPERM) => {}
                Err(errno) => {
                    return Err(Error::new("read", format!("/proc/{pid}/mountinfo"), errno));
                }
            }
        }
    }
    Ok(())
}

fn of_process(world: &mut World, proc: &OwnedFd, pid: i32, root: &str) -> nix::Result<()> {
    let mountinfo = fs::read(format!("/proc/{pid}/mountinfo")).map_err(raw)?;
    let mounts = parse_mounts(&mountinfo).into_iter();
    for Mount {
        root: text, point, ..
    } in mounts.filter(|mount| mount.kind == "nsfs")
    {
        let Some(id) = text.to_str().and_then(Id::parse) else {
            continue;
        };
        if !world.namespaces.contains_key(&id) {
            // Covered by another mount, or a kernel before 5.6: the owner stays unknown.
            let root = open_at(proc, &format!("{pid}/root"), OFlag::O_PATH);
            if let Ok(handle) = root.and_then(|root| open_mounted(root, &point)) {
                ask(world, handle)?;
            }
        }
        let mut shown = OsString::from(root);
        shown.push(point);
        world.namespaces.entry(id).or_default().handles.push(shown);
    }
    Ok(())
}
