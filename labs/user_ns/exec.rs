//! What execve() leaves of the capabilities: it depends on the user's ID inside.

use common::credentials::{Identity, make_capabilities_ambient, map_ids};
use common::{Checkpoint, Result, Step as _, clone, explain, say};
use nix::sched::CloneFlags;
use nix::unistd::{execv, getegid, geteuid, getpid};

// ANCHOR: exec
pub(crate) fn lab() -> Result<u8> {
    let own_ids = Some((geteuid().as_raw(), getegid().as_raw()));
    for (title, inside, ambient) in [
        ("nothing mapped", None, false),
        ("mapped to itself", own_ids, false),
        ("mapped to itself, capabilities ambient", own_ids, true),
        ("mapped to root", Some((0, 0)), false),
    ] {
        say!("{title}")?;
        across_execve(inside, ambient)?;
    }
    Ok(0)
}

/// Has a child in a new user namespace execute this program once more; `inside`
/// are the IDs that the caller's are mapped to.
fn across_execve(inside: Option<(u32, u32)>, ambient: bool) -> Result<()> {
    let parent_is_done = Checkpoint::new()?;
    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        parent_is_done.wait()?;
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
    if let Some((uid, gid)) = inside {
        map_ids(child.pid(), (uid, geteuid()), (gid, getegid()))?;
    }
    parent_is_done.open()?;
    child.succeed()
}

pub(crate) fn after_execve() -> Result<u8> {
    say!("  after execve():  {}", Identity::of(getpid())?)?;
    Ok(0)
}
// ANCHOR_END: exec
