//! Root's maps: a range of IDs, which makes room for many users inside.

use common::credentials::{Identity, write_map};
use common::{Checkpoint, Error, Result, Step as _, clone, explain, say};
use nix::sched::CloneFlags;
use nix::unistd::{Gid, Uid, getpid, setgroups, setresgid, setresuid};

/// 65536 IDs from 100000 on, as a line in /etc/subuid mostly gives to the first user.
const RANGE: &str = "0 100000 65536";

// ANCHOR: range
pub(crate) fn lab() -> Result<u8> {
    let (maps_written, child_is_shown) = (Checkpoint::new()?, Checkpoint::new()?);
    let parent_is_shown = Checkpoint::new()?;
    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        maps_written.wait()?;
        child_function(&child_is_shown, &parent_is_shown)
    })?;
    for file in ["uid_map", "gid_map"] {
        write_map(child.pid(), file, RANGE).map_err(only_root)?;
        say!("parent writes to {file}:   {RANGE}")?;
    }
    explain!(
        "CAP_SETUID, CAP_SETGID outside: any IDs\n\
         may be mapped, setgroups() stays allowed"
    );

    maps_written.open()?;
    for _ in 0..2 {
        child_is_shown.wait()?;
        say!("seen from outside:          {}", Identity::of(child.pid())?)?;
        parent_is_shown.open()?;
    }
    child.wait()
}

fn child_function(child_is_shown: &Checkpoint, parent_is_shown: &Checkpoint) -> Result<u8> {
    for id in [0, 1000] {
        setgroups(&[]).step("setgroups", "to none")?;
        let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
        setresgid(gid, gid, gid).step("setresgid", id)?;
        setresuid(uid, uid, uid).step("setresuid", id)?;
        explain!("setresuid({id}): root of this user namespace can be each of its users");
        let call = format!("child, setresuid({id}):");
        say!("{call:26}  {}", Identity::of(getpid())?)?;
        child_is_shown.open()?;
        parent_is_shown.wait()?;
    }
    Ok(0)
}
// ANCHOR_END: range

fn only_root(error: Error) -> Error {
    error.hint(
        "a range of IDs is mapped by root (sudo user_ns --range), or by newuidmap(1) and \
         newgidmap(1) for a user who has a line in /etc/subuid and /etc/subgid",
    )
}
