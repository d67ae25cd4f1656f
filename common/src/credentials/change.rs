//! Taking on another user, another group, and keeping capabilities.

use caps::CapSet;
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

use crate::explain;
use crate::lab::{Error, Result, Step as _};

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

/// What a call of the crate `caps` has failed with: it hands on no errno, but its last system
/// call was the one that failed. `map_err(failed("capset", "effective"))`.
pub fn failed<E>(step: &'static str, object: &'static str) -> impl FnOnce(E) -> Error {
    move |_| Error::new(step, object, Errno::last())
}

/// Makes each permitted capability ambient, so that it survives execve(2) also
/// where the user is not root, see capabilities(7).
///
/// # Errors
/// `prctl`: EPERM where a securebit forbids it; `capget`, `capset`.
pub fn make_capabilities_ambient() -> Result<()> {
    let permitted = caps::read(None, CapSet::Permitted).map_err(failed("capget", "permitted"))?;
    caps::set(None, CapSet::Inheritable, &permitted).map_err(failed("capset", "inheritable"))?;
    for capability in permitted {
        caps::raise(None, CapSet::Ambient, capability)
            .map_err(failed("prctl", "PR_CAP_AMBIENT_RAISE"))?;
    }
    explain!("prctl(PR_CAP_AMBIENT_RAISE): the capabilities outlive execve()");
    Ok(())
}
