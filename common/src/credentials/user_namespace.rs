//! Working without root: a user namespace in which the caller is root.

use std::sync::atomic::{AtomicBool, Ordering};

use caps::CapSet;
pub use caps::Capability;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, getegid, geteuid};

use super::id_map::{map_to_root, write_map};
use super::subordinate::Helper;
use crate::explain;
use crate::lab::{Result, Step as _, notice};

static ENTERED: AtomicBool = AtomicBool::new(false);

/// Whether the process has every one of these capabilities in its effective set.
pub fn is_capable(needed: &[Capability]) -> bool {
    needed
        .iter()
        .all(|&capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false))
}

/// Goes on as the caller if it has the capabilities that the lab needs; otherwise
/// enters a new user namespace, where the caller's IDs are mapped to root and
/// every capability is there, for what that namespace owns.
///
/// # Errors
/// `unshare` and `write` where the machine refuses user namespaces; the hints
/// tell the reasons apart.
pub fn enter_unless_capable(needed: &[Capability]) -> Result<()> {
    enter_with_ids(needed, &[])
}

/// As [`enter_unless_capable`], with further user IDs inside. Outside they are the first
/// that /etc/subuid delegates to the caller; where it does not, or newuidmap(1) is not to be
/// had, only root's is there: [`is_mapped`](super::is_mapped) tells.
///
/// # Errors
/// As [`enter_unless_capable`]; `fork` for the process that runs newuidmap(1).
pub fn enter_with_ids(needed: &[Capability], ids: &[u32]) -> Result<()> {
    if is_capable(needed) {
        return Ok(());
    }
    let (uid, gid) = (geteuid(), getegid());
    let helper = match ids {
        [] => None,
        ids => Helper::stay_behind(uid, ids)?,
    };
    unshare(CloneFlags::CLONE_NEWUSER).step("unshare", "CLONE_NEWUSER")?;
    if helper.map_or(Ok(false), Helper::map)? {
        write_map("self", "setgroups", "deny")?;
        write_map("self", "gid_map", &format!("0 {gid} 1"))?;
    } else {
        map_to_root("self", uid, gid)?;
    }
    ENTERED.store(true, Ordering::Relaxed);
    if uid.is_root() {
        notice(format_args!(
            "root, but without every capability: working in a user namespace of its own"
        ));
    } else {
        notice(format_args!(
            "no root needed: working in a user namespace of its own, where uid {uid} is root"
        ));
    }
    explain!(
        "unshare(CLONE_NEWUSER): this process now has every capability, but only over\n\
         what the new user namespace owns; uid {uid} outside is uid 0 inside\n\
         see: cat /proc/{pid}/uid_map; grep Cap /proc/{pid}/status",
        pid = nix::unistd::getpid()
    );
    Ok(())
}

/// The command with which another terminal enters a namespace of a process of
/// this lab, to be put in front of a program.
pub fn nsenter(pid: Pid, kind: &str) -> String {
    if ENTERED.load(Ordering::Relaxed) {
        format!("nsenter --target {pid} --user --preserve-credentials {kind}")
    } else if std::env::var_os("SUDO_USER").is_some() {
        format!("sudo nsenter --target {pid} {kind}")
    } else {
        format!("nsenter --target {pid} {kind}")
    }
}
