//! What is left of root's power: a short list, and no way to more.

use caps::{CapSet, Capability, CapsHashSet};
use common::credentials::{
    bounding_set, drop_from_bounding_set, failed, securebits, set_securebits,
};
use common::{Result, Step as _, explain};
use nix::libc;
use nix::sys::prctl::{get_no_new_privs, set_no_new_privs};

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
    let permitted = caps::read(None, CapSet::Permitted).map_err(failed("capget", "permitted"))?;
    let kept: CapsHashSet = KEPT
        .into_iter()
        .filter(|one| permitted.contains(one))
        .collect();

    // ANCHOR: sets
    let mask: u64 = kept.iter().map(Capability::bitmask).sum();
    let bounding = bounding_set().step("prctl", "PR_CAPBSET_READ")?;
    drop_from_bounding_set(bounding & !mask).step("prctl", "PR_CAPBSET_DROP")?;
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
    // ANCHOR_END: sets
    explain!(
        "prctl(PR_CAPBSET_DROP), capset(),\n\
         PR_SET_NO_NEW_PRIVS: {} capabilities are left",
        kept.len()
    );
    check(&kept, mask)
}
// ANCHOR_END: drop

/// What the kernel says; not what /proc says, which a root file system could forge.
fn check(kept: &CapsHashSet, mask: u64) -> Result<()> {
    if bounding_set().step("prctl", "PR_CAPBSET_READ")? != mask {
        return Err(not_as_asked("the bounding set"));
    }
    let none = CapsHashSet::new();
    for (set, name, wanted) in [
        (CapSet::Permitted, "permitted", kept),
        (CapSet::Effective, "effective", kept),
        (CapSet::Inheritable, "inheritable", &none),
        (CapSet::Ambient, "ambient", &none),
    ] {
        if caps::read(None, set).map_err(failed("capget", name))? != *wanted {
            return Err(not_as_asked(format!("the {name} set")));
        }
    }
    if !get_no_new_privs().step("prctl", "PR_GET_NO_NEW_PRIVS")? {
        return Err(not_as_asked("no_new_privs"));
    }
    if securebits().step("prctl", "PR_GET_SECUREBITS")? != SECUREBITS {
        return Err(not_as_asked("securebits"));
    }
    Ok(())
}
