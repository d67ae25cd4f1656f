//! Who a process is: its user, its group, its capabilities.

use std::{env, fmt, fs};

use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::unistd::{Gid, Pid, Uid, getegid, setgroups, setresgid, setresuid};

use super::user_namespace::{Capability, is_capable};
use crate::explain;
use crate::lab::{Error, Result, Step as _, notice};
use crate::procfs::Status;

/// The effective IDs and capabilities of a process, from proc_pid_status(5).
///
/// The kernel writes the IDs for the user namespace of the process that reads
/// them; the capabilities count in the user namespace of the process itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The effective user ID.
    pub uid: u32,
    /// The effective group ID.
    pub gid: u32,
    capabilities: u64,
    last_capability: u32,
}

impl Identity {
    /// Asks for the identity of a process.
    ///
    /// # Errors
    /// `open`: ENOENT without /proc or such a process.
    pub fn of(pid: Pid) -> Result<Self> {
        let path = format!("/proc/{pid}/status");
        // One reading: the process may change its identity between two.
        let status = Status::of(pid)?.ok_or(Errno::ENOENT).step("open", &path)?;
        let word = |name: &str, column: usize| {
            let words = status.field(name).unwrap_or_default();
            words.split_whitespace().nth(column).unwrap_or_default()
        };
        let unreadable = |path: &str| Error::new("read", path, Errno::EBADMSG);
        let last = "/proc/sys/kernel/cap_last_cap";
        let last_capability = fs::read_to_string(last).step("open", last)?;
        Ok(Self {
            uid: word("Uid", 1).parse().map_err(|_| unreadable(&path))?,
            gid: word("Gid", 1).parse().map_err(|_| unreadable(&path))?,
            capabilities: u64::from_str_radix(word("CapEff", 0), 16)
                .map_err(|_| unreadable(&path))?,
            last_capability: last_capability
                .trim()
                .parse()
                .map_err(|_| unreadable(last))?,
        })
    }
}

/// `uid = 0, gid = 0, capabilities: all`.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uid = {}, gid = {}, capabilities: ", self.uid, self.gid)?;
        match (self.capabilities.count_ones(), self.last_capability + 1) {
            (0, _) => f.write_str("none"),
            (count, all) if count == all => f.write_str("all"),
            (count, all) => write!(f, "{count} of {all}"),
        }
    }
}

/// Root goes on as an ordinary user, for what only such a user can show: the one
/// who called sudo, else user and group 1000. Anyone else stays who they are, and
/// so does a root in whose user namespace these IDs do not exist.
///
/// # Errors
/// `setgroups`, `setresgid`, `setresuid`: ENOMEM, EAGAIN.
pub fn become_ordinary_user() -> Result<()> {
    if let Some(uid) = drop_to_ordinary_user()? {
        notice(format_args!(
            "an ordinary user's rights decide: going on as uid {uid}"
        ));
        explain!("setresuid({uid}): from root to another user, which drops every capability");
    }
    Ok(())
}

/// As [`become_ordinary_user`], without a word: the user that root has become, if any.
///
/// # Errors
/// `setgroups`, `setresgid`, `setresuid`: ENOMEM, EAGAIN.
pub fn drop_to_ordinary_user() -> Result<Option<u32>> {
    if !is_capable(&[Capability::CAP_SETUID, Capability::CAP_SETGID]) {
        return Ok(None);
    }
    let (uid, gid) = (ordinary_user(), caller("SUDO_GID"));
    let own = getegid();
    match change_to(uid, gid) {
        // EINVAL: no such IDs in here; EPERM: setgroups() is given up in here.
        Err(error) if matches!(error.errno(), Some(Errno::EINVAL | Errno::EPERM)) => {
            // The user is changed last, so it is still root that takes its group back;
            // supplementary groups allow root nothing that it may not do without.
            let _ = setresgid(own, own, own);
            stay_dumpable()?;
            return Ok(None);
        }
        changed => changed?,
    }
    stay_dumpable()?;
    Ok(Some(uid))
}

/// The ordinary user that root becomes.
pub fn ordinary_user() -> u32 {
    caller("SUDO_UID")
}

/// From root to another user, whole: real, effective and saved IDs, no other groups.
///
/// # Errors
/// `setgroups`, `setresgid`, `setresuid`: EPERM without CAP_SETGID and CAP_SETUID, EINVAL for
/// an ID that this user namespace has not.
pub fn become_user(uid: u32, gid: u32) -> Result<()> {
    change_to(uid, gid)?;
    stay_dumpable()
}

fn change_to(uid: u32, gid: u32) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    setgroups(&[]).step("setgroups", "to none")?;
    setresgid(gid, gid, gid).step("setresgid", gid)?;
    setresuid(uid, uid, uid).step("setresuid", uid)
}

/// The files in /proc of a process that has changed its IDs belong to root, and it could
/// not write its own maps. It has nothing to hide: say so.
fn stay_dumpable() -> Result<()> {
    set_dumpable(true).step("prctl", "PR_SET_DUMPABLE")
}

/// The ID in a variable of sudo's, where it is an ordinary one: the highest number is no ID.
fn caller(variable: &str) -> u32 {
    let id = env::var(variable).ok().and_then(|id| id.parse().ok());
    id.filter(|&id| id != 0 && id != u32::MAX).unwrap_or(1000)
}
