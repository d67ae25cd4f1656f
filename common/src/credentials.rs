//! Taking on another user, another group, and keeping capabilities.

use std::os::fd::OwnedFd;

use caps::CapSet;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, fstat};
use nix::unistd::{Gid, Pid, Uid, setgid, setgroups, setuid};

use crate::error::{Error, Result, Step as _};
use crate::explain;

/// setgroups(2) with none: the supplementary groups are gone.
///
/// # Errors
/// `setgroups`: EPERM without CAP_SETGID, and in a user namespace whose
/// /proc/PID/setgroups says `deny` or that has no gid_map yet.
pub fn drop_groups() -> Result<()> {
    setgroups(&[]).step("setgroups", "to none")
}

/// setgid(2): with CAP_SETGID the real, effective and saved group.
///
/// # Errors
/// `setgid`: EINVAL for an ID without a mapping in this user namespace, EPERM.
pub fn set_gid(gid: u32) -> Result<()> {
    setgid(Gid::from_raw(gid)).step("setgid", gid)?;
    explain!("setgid({gid}): the process is in this group");
    Ok(())
}

/// setuid(2): with CAP_SETUID the real, effective and saved user. A change from
/// root to another user drops the capabilities, see capabilities(7).
///
/// # Errors
/// `setuid`: EINVAL for an ID without a mapping in this user namespace, EPERM.
pub fn set_uid(uid: u32) -> Result<()> {
    setuid(Uid::from_raw(uid)).step("setuid", uid)?;
    explain!("setuid({uid}): the process is this user");
    Ok(())
}

/// Makes each permitted capability ambient, so that it survives execve(2) also
/// where the user is not root, see capabilities(7).
///
/// # Errors
/// `prctl`: EPERM where a securebit forbids it.
pub fn make_capabilities_ambient() -> Result<()> {
    let raised = caps::read(None, CapSet::Permitted).and_then(|permitted| {
        caps::set(None, CapSet::Inheritable, &permitted)?;
        caps::set(None, CapSet::Ambient, &permitted)
    });
    // The crate hands on no errno; this is the one that the manual names.
    raised.map_err(|_| Error::new("prctl", "PR_CAP_AMBIENT_RAISE", Errno::EPERM))?;
    explain!("prctl(PR_CAP_AMBIENT_RAISE): the capabilities outlive execve()");
    Ok(())
}

/// The effective IDs of another process: those that own its directory in /proc.
#[derive(Debug)]
pub struct Owner(OwnedFd);

impl Owner {
    /// Opens /proc/PID, closed by exec.
    ///
    /// # Errors
    /// `open`: ENOENT without /proc or such a process.
    pub fn of(pid: Pid) -> Result<Self> {
        let path = format!("/proc/{pid}");
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        open(path.as_str(), flags, Mode::empty())
            .step("open", path)
            .map(Self)
    }

    /// The user and the group, as they are called in the user namespace that this
    /// process is in by now.
    ///
    /// # Errors
    /// `fstat`, which does not fail on a directory of /proc.
    pub fn ids(&self) -> Result<(u32, u32)> {
        let owner = fstat(&self.0).step("fstat", "of a process")?;
        Ok((owner.st_uid, owner.st_gid))
    }
}
