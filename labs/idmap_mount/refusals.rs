//! What MOUNT_ATTR_IDMAP refuses: each of its rules is broken once.

use std::fs::File;
use std::os::fd::OwnedFd;

use common::credentials::map_to_root;
use common::lab::answer;
use common::ns::{describe, make_private, open_tree};
use common::{Result, Step as _, clone, explain, say};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use crate::mapped::{idmap, user_namespace};
use crate::stage::{self, HOME, ONE, open};

// ANCHOR: refusals
pub(crate) fn lab() -> Result<u8> {
    let around = open("/proc/self/ns/user")?;
    enter_user_namespace()?;
    stage::set_up(ONE)?;
    let (map, unmapped) = (user_namespace(Some((0, 0)))?, user_namespace(None)?);
    let (home, uts) = (open(HOME)?, open("/proc/self/ns/uts")?);

    explain!("each row: a copy of a mount by open_tree(), and one rule broken");
    say!("the rule that is broken                      mount_setattr(MOUNT_ATTR_IDMAP)")?;
    let row =
        |rule: &str, mount: &OwnedFd, map: &File| say!("{rule:<43}  {}", answer(idmap(mount, map)));
    let mapped = copy(HOME)?;
    idmap(&mapped, &map).step("mount_setattr", "MOUNT_ATTR_IDMAP on a tmpfs")?;
    say!("{:<43}  done", "none")?;
    row("the mount has no map yet", &mapped, &map)?;
    row("the mount is attached nowhere", &home.into(), &map)?;
    row("the descriptor is a user namespace's", &copy(HOME)?, &uts)?;
    row("that user namespace has its maps", &copy(HOME)?, &unmapped)?;
    row(
        "CAP_SYS_ADMIN in that user namespace",
        &copy(HOME)?,
        &around,
    )?;
    row("the file system has such mounts", &copy("/proc")?, &map)?;

    let nested = clone(CloneFlags::empty(), || {
        enter_user_namespace()?;
        let map = user_namespace(Some((0, 0)))?;
        row(
            "CAP_SYS_ADMIN in that of the file system",
            &copy(HOME)?,
            &map,
        )?;
        Ok(0)
    })?;
    nested.wait()
}
// ANCHOR_END: refusals

/// By root as well: no file system of its user namespace is mounted in this one.
fn enter_user_namespace() -> Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
    unshare(flags).step("unshare", describe(flags))?;
    map_to_root("self", uid, gid)?;
    make_private()?;
    explain!("unshare({}): uid {uid} is root inside", describe(flags));
    Ok(())
}

fn copy(path: &str) -> Result<OwnedFd> {
    open_tree(open(path)?).step("open_tree", path)
}
