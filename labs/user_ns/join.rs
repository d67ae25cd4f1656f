//! Joining user namespaces by setns(): down the family tree, never up or across.

use std::fs::File;

use common::credentials::{Identity, map_to_root};
use common::{Checkpoint, Result, Step as _, clone, explain, say};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{getegid, geteuid, getpid};

// ANCHOR: join
pub(crate) fn lab() -> Result<u8> {
    let outside = File::open("/proc/self/ns/user").step("open", "/proc/self/ns/user")?;
    let a = new_namespace(None)?;
    let b = new_namespace(None)?;
    let c = new_namespace(Some(&a))?;

    say!("The lab has made the user namespaces A and B, and C inside A.\n")?;
    say!("FROM     TO       setns()")?;
    for (from, start, to, target) in [
        ("outside", None, "A", &a),
        ("outside", None, "C", &c),
        ("A", Some(&a), "C", &c),
        ("A", Some(&a), "A", &a),
        ("A", Some(&a), "B", &b),
        ("A", Some(&a), "outside", &outside),
        ("C", Some(&c), "A", &a),
    ] {
        let child = clone(CloneFlags::empty(), || {
            if let Some(start) = start {
                setns(start, CloneFlags::CLONE_NEWUSER).step("setns", from)?;
            }
            let answer = match setns(target, CloneFlags::CLONE_NEWUSER) {
                Ok(()) => format!("done: {}", Identity::of(getpid())?),
                Err(errno) => errno.to_string(),
            };
            say!("{from:7}  {to:7}  {answer}")?;
            Ok(0)
        })?;
        child.succeed()?;
    }
    Ok(0)
}

/// A user namespace, inside another one if that is given. The open file keeps it;
/// its first process ends at once.
fn new_namespace(inside: Option<&File>) -> Result<File> {
    let (made, done) = (Checkpoint::new()?, Checkpoint::new()?);
    let (uid, gid) = (geteuid(), getegid());
    let child = clone(CloneFlags::empty(), || {
        let (uid, gid) = match inside {
            Some(outer) => {
                setns(outer, CloneFlags::CLONE_NEWUSER).step("setns", "into A")?;
                (geteuid(), getegid())
            }
            None => (uid, gid),
        };
        unshare(CloneFlags::CLONE_NEWUSER).step("unshare", "CLONE_NEWUSER")?;
        map_to_root(getpid(), uid, gid)?;
        made.open()?;
        done.wait()?;
        Ok(0)
    })?;
    made.wait()?;
    let path = format!("/proc/{}/ns/user", child.pid());
    let handle = File::open(&path).step("open", &path)?;
    explain!("open({path}): keeps the user namespace without a process");
    done.open()?;
    child.succeed()?;
    Ok(handle)
}
// ANCHOR_END: join
