//! What the kernel refuses to take as a map, and from whom.

use common::credentials::write_map;
use common::lab::answer;
use common::process::Reports;
use common::{Checkpoint, Result, clone, explain, say};
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getegid, geteuid, getpid};

// ANCHOR: refused
pub(crate) fn lab() -> Result<u8> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    say!("A process of uid {uid} and gid {gid} writes its own maps:\n")?;
    say!("FILE       WRITE                           TEXT")?;
    clone(CloneFlags::CLONE_NEWUSER, || own_maps(uid, gid))?.succeed()?;

    say!("\nOthers write to the uid_map of a new user namespace:\n")?;
    say!("WRITER                            WRITE")?;
    others(uid, gid)
}

/// Tries, in a new user namespace, one text after the other.
fn own_maps(uid: u32, gid: u32) -> Result<u8> {
    let attempt = |file: &str, text: &str, why: &str| {
        let answer = answer(write_map(getpid(), file, text));
        let text = text.replace('\n', ", ");
        say!(
            "{}",
            format!("{file:9}  {answer:30}  {text:18}  {why}").trim_end()
        )
    };
    let other = uid.wrapping_add(1);
    let (own_uid, own_gid) = (format!("0 {uid} 1"), format!("0 {gid} 1"));
    let (two, empty) = (format!("0 {uid} 2"), format!("0 {uid} 0"));
    let overlap = format!("0 {uid} 1\n0 {other} 1");

    attempt("gid_map", &own_gid, "# setgroups() is still allowed")?;
    attempt("uid_map", &format!("0 {other} 1"), "# not the writer's ID")?;
    attempt("uid_map", &two, "# more than the writer's ID")?;
    attempt("uid_map", &empty, "# an empty range")?;
    attempt("uid_map", &overlap, "# two outside for one inside")?;
    attempt("setgroups", "deny", "")?;
    attempt("gid_map", &own_gid, "")?;
    attempt("uid_map", &own_uid, "")?;
    attempt("uid_map", &own_uid, "# a map is written once")?;
    attempt("setgroups", "allow", "# deny is for good")?;
    Ok(0)
}

/// The map of a child is tried by its sibling and its parent, that of a
/// grandchild by its grandparent and its parent.
fn others(uid: u32, gid: u32) -> Result<u8> {
    let (reports, maps_written) = (Reports::new()?, Checkpoint::new()?);
    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        maps_written.wait()?;
        family(&reports)
    })?;

    explain!("user_namespaces(7): a writer must be in the namespace or in its parent");
    let own = format!("0 {uid} 1");
    let sibling = clone(CloneFlags::CLONE_NEWUSER, || {
        attempt("a process in a sibling", child.pid(), &own)
    })?;
    sibling.succeed()?;
    attempt("a process in the parent", child.pid(), &own)?;
    // A process whose group has no number inside may not make the next user namespace (EPERM).
    write_map(child.pid(), "setgroups", "deny")?;
    write_map(child.pid(), "gid_map", &format!("0 {gid} 1"))?;

    maps_written.open()?;
    let (grandchild, _) = reports.receive()?;
    attempt("a process two levels up", grandchild, "0 0 1")?;
    reports.answer(0)?;
    child.wait()
}

/// In the child: has a child in a user namespace, whose parent namespace is its own.
fn family(reports: &Reports) -> Result<u8> {
    let (begun, tried) = (Checkpoint::new()?, Checkpoint::new()?);
    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        reports.send(0)?;
        begun.open()?;
        tried.wait()?;
        Ok(0)
    })?;
    begun.wait()?; // While it asks the parent, it would not notice that its child has failed.
    reports.ask()?;
    attempt("the same, by one in its parent", child.pid(), "0 0 1")?;
    tried.open()?;
    child.wait()
}

fn attempt(writer: &str, pid: Pid, text: &str) -> Result<u8> {
    let answer = answer(write_map(pid, "uid_map", text));
    say!("{writer:32}  {answer}")?;
    Ok(0)
}
// ANCHOR_END: refused
