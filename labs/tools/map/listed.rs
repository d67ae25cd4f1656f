//! Mount namespaces that the kernel lists, with a process or without.

use std::fs::File;
use std::os::fd::OwnedFd;

use common::ns::is_in_initial;
use common::ns::nsfs::{Neighbour, get_mount_namespace};
use common::{Result, Step as _};

use crate::model::World;
use crate::relations::ask;

/// Walks along the list, from this process's own mount namespace to both ends. A kernel
/// that has no list, or not for this process, ends it at once. From inside a PID namespace those
/// of the processes outside would look as if they had none.
pub(crate) fn collect(world: &mut World) -> Result<()> {
    if !is_in_initial("pid").unwrap_or(false) {
        return Ok(());
    }
    for which in [Neighbour::Previous, Neighbour::Next] {
        let Ok(own) = File::open("/proc/self/ns/mnt") else {
            return Ok(()); // This /proc is of another PID namespace.
        };
        let mut last = OwnedFd::from(own);
        while let Ok(next) = get_mount_namespace(&last, which) {
            let copy = next.try_clone().step("dup", "a mount namespace")?;
            let found = ask(world, copy).step("ioctl", "a mount namespace")?;
            if let Some(namespace) = found.and_then(|id| world.namespaces.get_mut(&id)) {
                namespace.is_listed = true;
            }
            last = next;
        }
    }
    Ok(())
}
