//! What is left of root's power: a short list, and no way to more.

use caps::{CapSet, Capability, CapsHashSet};
use common::credentials::{securebits, set_securebits};
use common::procfs::Status;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl::set_no_new_privs;

use crate::trees::not_as_asked;

/// What programs expect of root over their own files, users and processes.
#[rustfmt::skip]
const KEPT: [Capability; 8] = [
    Capability::CAP_CHOWN, Capability::CAP_DAC_OVERRIDE, Capability::CAP_FOWNER,
    Capability::CAP_FSETID, Capability::CAP_KILL, Capability::CAP_NET_BIND_SERVICE,
    Capability::CAP_SETGID, Capability::CAP_SETUID,
];

/// No capability becomes ambient, and neither this nor the other bits can be changed.
const SECUREBITS: i32 = libc::SECBIT_NO_CAP_AMBIENT_RAISE
    | libc::SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED
    | libc::SECBIT_NOROOT_LOCKED
    | libc::SECBIT_NO_SETUID_FIXUP_LOCKED
    | libc::SECBIT_KEEP_CAPS_LOCKED;

// ANCHOR: drop
pub(crate) fn drop_all_but_a_few() -> Result<()> {
    // The crate hands on no errno, but its last call was the one that failed.
    let failed = |step, object| move |_| Error::new(step, object, Errno::last());
    let permitted = caps::read(None, CapSet::Permitted).map_err(failed("capget", "permitted"))?;
    let kept: CapsHashSet = KEPT
        .into_iter()
        .filter(|one| permitted.contains(one))
        .collect();

    for capability in
        caps::read(None, CapSet::Bounding).map_err(failed("prctl", "PR_CAPBSET_READ"))?
    {
        if !kept.contains(&capability) {
            caps::drop(None, CapSet::Bounding, capability)
                .map_err(failed("prctl", "PR_CAPBSET_DROP"))?;
        }
    }
    set_securebits(SECUREBITS).step("prctl", "PR_SET_SECUREBITS")?;
    caps::clear(None, CapSet::Ambient).map_err(failed("prctl", "PR_CAP_AMBIENT_CLEAR_ALL"))?;
    for (set, name) in [
        (CapSet::Effective, "effective"),
        (CapSet::Permitted, "permitted"),
    ] {
        caps::set(None, set, &kept).map_err(failed("capset", name))?;
    }
    caps::clear(None, CapSet::Inheritable).map_err(failed("capset", "inheritable"))?;
    set_no_new_privs().step("prctl", "PR_SET_NO_NEW_PRIVS")?;
    explain!(
        "prctl(PR_CAPBSET_DROP), capset(), PR_SET_NO_NEW_PRIVS: {} capabilities are left",
        kept.len()
    );
    check(&kept)
}

/// What the kernel says, for a new program would be told the same.
fn check(kept: &CapsHashSet) -> Result<()> {
    let missing = || Error::new("open", "/proc/self/status", Errno::ENOENT);
    let status = Status::of("self")?.ok_or_else(missing)?;
    let mask: u64 = kept.iter().map(Capability::bitmask).sum();
    for (name, wanted) in [
        ("CapBnd", mask),
        ("CapPrm", mask),
        ("CapEff", mask),
        ("CapInh", 0),
        ("CapAmb", 0),
        ("NoNewPrivs", 1),
    ] {
        let has = status
            .field(name)
            .and_then(|text| u64::from_str_radix(text, 16).ok());
        if has != Some(wanted) {
            return Err(not_as_asked(name));
        }
    }
    if securebits().step("prctl", "PR_GET_SECUREBITS")? != SECUREBITS {
        return Err(not_as_asked("securebits"));
    }
    Ok(())
}
// ANCHOR_END: drop
