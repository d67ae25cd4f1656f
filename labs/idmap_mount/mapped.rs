//! The mount that shows other owners, and the map that it does so by.

use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};

use common::credentials::map_ids;
use common::ns::{Attributes, mount_setattr, move_mount, open_tree};
use common::{Checkpoint, Result, Step as _, clone, explain};
use nix::libc::MOUNT_ATTR_IDMAP;
use nix::sched::CloneFlags;
use nix::unistd::{Uid, getegid};

use crate::stage::{HOME, MAPPED, Users, open};

// ANCHOR: mount
// ANCHOR: tree
/// Mounts HOME once more, on MAPPED, where the files of user 1000 are the container's root's.
pub(crate) fn mount(users: Users) -> Result<()> {
    let map = user_namespace(Some((1000, users.root)))?;
    let tree = open_tree(open(HOME)?).step("open_tree", HOME)?;
    idmap(&tree, &map).step("mount_setattr", "MOUNT_ATTR_IDMAP on a tmpfs")?;
    move_mount(&tree, open(MAPPED)?).step("move_mount", MAPPED)?;
    explain!(
        "open_tree(OPEN_TREE_CLONE, {HOME}): a copy of the mount, not attached yet\n\
         mount_setattr(MOUNT_ATTR_IDMAP): user 1000 on disk is user {} here\n\
         move_mount({MAPPED}): from here on others see it",
        users.root
    );
    Ok(())
}

pub(crate) fn idmap(tree: &OwnedFd, map: &File) -> nix::Result<()> {
    let attributes = Attributes {
        set: MOUNT_ATTR_IDMAP,
        user_namespace: Some(map.as_fd()),
        ..Attributes::default()
    };
    mount_setattr(tree, 0, attributes)
}
// ANCHOR_END: tree

// ANCHOR: map
/// A user namespace for the sake of its map, which is `inside, outside`. A child makes it, and
/// the descriptor keeps it when the child has ended.
pub(crate) fn user_namespace(map: Option<(u32, u32)>) -> Result<File> {
    let namespace_is_held = Checkpoint::new()?;
    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        namespace_is_held.wait()?;
        Ok(0)
    })?;
    if let Some((inside, outside)) = map {
        let (uid, gid) = (Uid::from_raw(outside), getegid());
        map_ids(child.pid(), (inside, uid), (gid.as_raw(), gid))?;
        explain!("clone(CLONE_NEWUSER), write(\"{inside} {outside} 1\" to uid_map): a map");
    }
    let namespace = open(&format!("/proc/{}/ns/user", child.pid()))?;
    namespace_is_held.open()?;
    child.succeed()?;
    Ok(namespace)
}
// ANCHOR_END: map
// ANCHOR_END: mount
