//! What is left to a process, by prctl(2): securebits of capabilities(7), seccomp(2).
#![expect(unsafe_code, reason = "options of prctl(2) that nix does not offer")]

use nix::errno::Errno;
use nix::libc::{self, c_int};

/// prctl(PR_SET_SECUREBITS).
///
/// # Errors
/// EPERM without CAP_SETPCAP, or where a bit is locked.
pub fn set_securebits(bits: c_int) -> Result<(), Errno> {
    // SAFETY: the option takes an integer and touches no memory of this process.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_SECUREBITS, bits) }).map(drop)
}

/// prctl(PR_GET_SECCOMP): 0 for none, 2 for a filter.
///
/// # Errors
/// EINVAL without CONFIG_SECCOMP.
pub fn seccomp_mode() -> Result<c_int, Errno> {
    // SAFETY: the option takes nothing and touches no memory of this process.
    Errno::result(unsafe { libc::prctl(libc::PR_GET_SECCOMP) })
}

/// prctl(PR_GET_SECUREBITS).
///
/// # Errors
/// None that capabilities(7) knows.
pub fn securebits() -> Result<c_int, Errno> {
    // SAFETY: the option takes nothing and touches no memory of this process.
    Errno::result(unsafe { libc::prctl(libc::PR_GET_SECUREBITS) })
}

/// prctl(PR_CAPBSET_READ) for each capability that the kernel knows: a bit each.
///
/// # Errors
/// None that capabilities(7) knows.
pub fn bounding_set() -> Result<u64, Errno> {
    let mut set = 0;
    for capability in 0..u64::BITS {
        // SAFETY: the option takes an integer and touches no memory of this process.
        let has = unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability) };
        match Errno::result(has) {
            Err(Errno::EINVAL) => break,
            has => set |= u64::from(has? == 1) << capability,
        }
    }
    Ok(set)
}
