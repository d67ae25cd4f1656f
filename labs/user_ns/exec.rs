//! What execve() leaves of the capabilities: it depends on the user's ID inside.

use common::credentials::{Identity, make_capabilities_ambient, write_map};
use common::{Checkpoint, Result, Step as _, clone, explain, say};
use nix::sched::CloneFlags;
use nix::unistd::{execv, getegid, geteuid, getpid};

// ANCHOR: exec
pub(crate) fn lab() -> Result<u8> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    for (title, inside, ambient) in [
        ("nothing mapped", None, false),
        ("mapped to itself", Some((uid, gid)), false),
        (
            "mapped to itself, capabilities ambient",
            Some((uid, gid)),
            true,
        ),
        ("mapped to root", Some((0, 0)), false),
    ] {
        say!("{title}")?;
        let status = across_execve(inside, ambient)?;
        if status != 0 {
            return Ok(status);
        }
    }
    Ok(0)
}

/// Has a child in a new user namespace execute this program once more; `inside`
/// are the IDs that the caller's are mapped to.
fn across_execve(inside: Option<(u32, u32)>, ambient: bool) -> Result<u8> {
    let (made, go) = (Checkpoint::new()?, Checkpoint::new()?);
    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        made.open()?;
        go.wait()?;
        if ambient {
            make_capabilities_ambient()?;
        }
        say!("  before execve(): {}", Identity::of(getpid())?)?;
        explain!(
            "execve(): the capabilities are computed anew, from those of the file;\n\
             for root it is as if the file had them all"
        );
        let Err(errno) = execv(c"/proc/self/exe", &[c"user_ns", c"--after-execve"]);
        Err(errno).step("execve", "/proc/self/exe")
    })?;
    made.wait()?;
    if let Some((uid, gid)) = inside {
        write_map(child.pid(), "setgroups", "deny")?;
        write_map(child.pid(), "uid_map", &format!("{uid} {} 1", geteuid()))?;
        write_map(child.pid(), "gid_map", &format!("{gid} {} 1", getegid()))?;
    }
    go.open()?;
    child.wait()
}

pub(crate) fn after_execve() -> Result<u8> {
    say!("  after execve():  {}", Identity::of(getpid())?)?;
    Ok(0)
}
// ANCHOR_END: exec
