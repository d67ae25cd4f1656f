//! User namespaces of the lab's own, with limits by which it sees that a namespace is gone.

use std::fs;

use common::rootless::map_to_root;
use common::{Result, Step as _};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use crate::kind::Kind;

// ANCHOR: enter
/// Enters a new user namespace, as root, too: in it nothing has been made yet, and
/// the limits in /proc/sys/user are those of the user namespace that writes them.
pub(crate) fn enter_user_namespace() -> Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).step("unshare", "CLONE_NEWUSER")?;
    map_to_root(uid.as_raw(), gid.as_raw())
}

/// Allows one namespace of each of these types at a time. `false` where /proc/sys
/// may not be written, as in most containers.
pub(crate) fn allow_one_each(kind: &Kind) -> bool {
    kind.types.iter().all(|each| {
        let file = format!("/proc/sys/user/max_{each}_namespaces");
        fs::write(file, "1").is_ok()
    })
}
// ANCHOR_END: enter
