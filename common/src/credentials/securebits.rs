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

/// CAP_CHECKPOINT_RESTORE: later kernels may know more.
const LAST_OF_LINUX_5_9: u32 = 40;

/// prctl(PR_CAPBSET_DROP) for each capability in a set of bits.
///
/// # Errors
/// EPERM without CAP_SETPCAP.
pub fn drop_from_bounding_set(set: u64) -> Result<(), Errno> {
    for capability in (0..u64::BITS).filter(|bit| set & (1 << bit) != 0) {
        // SAFETY: the option takes an integer and touches no memory of this process.
        Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability) })?;
    }
    Ok(())
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
            Err(Errno::EINVAL) if capability > LAST_OF_LINUX_5_9 => break,
            has => set |= u64::from(has? == 1) << capability,
        }
    }
    Ok(set)
}
