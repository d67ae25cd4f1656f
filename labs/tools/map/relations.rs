//! What a namespace's descriptor tells: its type, its owner, its parent.

use std::os::fd::OwnedFd;

use common::ns::nsfs::{get_id, get_nstype, get_owner_uid, get_parent, get_userns};
use nix::errno::Errno;
use nix::sys::stat::fstat;

use crate::model::{Id, Namespace, World};

// ANCHOR: ask
/// Asks the kernel about a namespace, then about those that the answers name: they
/// may have no process and no path, so that only this leads to them.
pub(crate) fn ask(world: &mut World, handle: OwnedFd) -> nix::Result<Option<Id>> {
    let first = identify(&handle)?;
    let mut waiting = vec![handle];
    while let Some(handle) = waiting.pop() {
        let Some(id) = identify(&handle)? else {
            continue; // Of a type that this program does not know.
        };
        if world.namespaces.contains_key(&id) {
            continue;
        }
        let mut namespace = Namespace {
            id: get_id(&handle).ok(),
            ..Namespace::default()
        };
        if let Some(owner) = within_reach(get_userns(&handle))? {
            namespace.owner = identify(&owner)?;
            waiting.push(owner);
        }
        if id.kind == "user" {
            namespace.parent = namespace.owner;
            namespace.owner_uid = Some(get_owner_uid(&handle)?);
        }
        if id.kind == "pid" {
            if let Some(parent) = within_reach(get_parent(&handle))? {
                namespace.parent = identify(&parent)?;
                waiting.push(parent);
            }
        }
        world.namespaces.insert(id, namespace);
    }
    Ok(first)
}

/// NS_GET_NSTYPE, and the inode number.
fn identify(handle: &OwnedFd) -> nix::Result<Option<Id>> {
    let kind = get_nstype(handle)?;
    let inode = fstat(handle)?.st_ino;
    Ok(kind.map(|kind| Id {
        kind: kind.name,
        inode,
    }))
}

/// EPERM is an answer: nothing is around it, or nothing that this process may see.
fn within_reach(answer: nix::Result<OwnedFd>) -> nix::Result<Option<OwnedFd>> {
    match answer {
        Ok(handle) => Ok(Some(handle)),
        Err(Errno::EPERM) => Ok(None),
        Err(errno) => Err(errno),
    }
}
// ANCHOR_END: ask
