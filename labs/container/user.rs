//! The user namespace: who is root inside, and who that is outside.

use std::fs::{self, File};
use std::os::fd::OwnedFd;

use common::Child;
use common::credentials::{become_user, read_map, write_map};
use common::procfs::check_proc;
use common::{Result, Step as _, explain};
use nix::sys::prctl::set_dumpable;
use nix::unistd::{geteuid, getpid};

use crate::Plan;
use crate::steps::Step;
use crate::trees::not_as_asked;

/// As many IDs as a system has that was installed.
const IDS: u32 = 65536;
/// systemd keeps the IDs from here on for containers, see systemd.io/UIDS-GIDS.
const FIRST: u32 = 524_288;
const LAST: u32 = 1_879_048_191;

// ANCHOR: map
/// Maps the IDs of a container of root's; that of an ordinary user has its maps already.
pub(crate) fn map(plan: &Plan, container: &Child) -> Result<Option<OwnedFd>> {
    if !plan.steps.has(Step::User) || !plan.is_root {
        return Ok(None);
    }
    check_proc()?;
    let pid = container.pid();
    // ANCHOR: ranges
    for (file, delegated) in [("uid_map", "/etc/subuid"), ("gid_map", "/etc/subgid")] {
        let map = match (plan.has_every_id, range(delegated)) {
            (true, Some(first)) => format!("0 {first} {IDS}"),
            (true, None) => format!("0 {} {IDS}", unused()),
            // Only whoever has every ID can give some away.
            _ => "0 0 1".into(),
        };
        write_map(pid, file, &map)?;
        if read_map(pid, file)? != map {
            return Err(not_as_asked(file));
        }
        explain!("write(\"{map}\") to /proc/{pid}/{file}: inside, outside, how many");
    }
    // ANCHOR_END: ranges
    let path = format!("/proc/{pid}/ns/user");
    File::open(&path)
        .step("open", path)
        .map(|file| Some(file.into()))
}
// ANCHOR_END: map

/// The range that root has in /etc/subuid or /etc/subgid: `root:100000:65536`.
fn range(file: &str) -> Option<u32> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_root = ["root", "0"].contains(&fields.next()?);
        let (first, count) = (
            fields.next()?.parse().ok()?,
            fields.next()?.parse::<u32>().ok()?,
        );
        (is_root && count >= IDS).then_some(first)
    })
}

/// A range by process ID: that containers which run at once share one is unlikely.
fn unused() -> u32 {
    let ranges = (LAST - FIRST) / IDS;
    FIRST + getpid().as_raw() as u32 % ranges * IDS
}

/// Whether this is the first user namespace, whose map holds all IDs; without a proc of ours
/// another is taken for granted.
pub(crate) fn has_every_id() -> Result<bool> {
    if check_proc().is_err() {
        return Ok(false);
    }
    Ok(read_map("self", "uid_map")? == "0 0 4294967295")
}

/// In the container: as root of the user namespace.
pub(crate) fn become_root(plan: &Plan) -> Result<()> {
    // Nobody, until now: the caller's ID is none of the range.
    if plan.steps.has(Step::User) && !geteuid().is_root() {
        become_user(0, 0)?;
    }
    // Its own files in /proc are its own again.
    set_dumpable(true).step("prctl", "PR_SET_DUMPABLE")
}
