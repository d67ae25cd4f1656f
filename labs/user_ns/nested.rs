//! User namespaces inside one another: one process, another user ID in each.

use common::credentials::{Identity, map_ids, read_map};
use common::process::Reports;
use common::{Error, Result, clone, explain, say};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid, getpid};

// ANCHOR: nested
pub(crate) fn lab(depth: u8) -> Result<u8> {
    say!("One process enters one user namespace after the other, each inside the last:\n")?;
    say!("level 0: geteuid() = {}", geteuid())?;
    let reports = Reports::new()?;
    let child = clone(CloneFlags::empty(), || nest(depth, &reports))?;
    explain!(
        "unshare(CLONE_NEWUSER) in process {child}, once for each level\n\
         see: cat /proc/{child}/uid_map",
        child = child.pid()
    );
    for level in 1..=depth {
        let (_, errno) = reports.receive()?;
        if errno != 0 {
            let object = format!("CLONE_NEWUSER for namespace {level}");
            return Err(Error::new("unshare", object, Errno::from_raw(errno)));
        }
        let seen_from_here = Identity::of(child.pid())?.uid;
        reports.answer(seen_from_here as i32)?;
    }
    child.wait()
}

/// Goes down level by level, and maps at each the level's number to its last ID.
fn nest(depth: u8, reports: &Reports) -> Result<u8> {
    for level in 1..=depth {
        let (uid, gid) = (geteuid(), getegid());
        if let Err(errno) = unshare(CloneFlags::CLONE_NEWUSER) {
            reports.send(errno as i32)?;
            return Ok(0);
        }
        // The group as well: a process whose group has no number inside may not make
        // the next user namespace (EPERM).
        map_ids(getpid(), (level.into(), uid), (level.into(), gid))?;
        reports.send(0)?;
        let seen = reports.ask()? as u32;
        let map = read_map(getpid(), "uid_map")?;
        say!(
            "level {level}: geteuid() = {}; uid_map: {map}; seen from level 0: {seen}",
            geteuid()
        )?;
    }
    Ok(0)
}
// ANCHOR_END: nested
