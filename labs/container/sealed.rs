//! A copy of this program that nobody can write to.

use std::env;
use std::fs::File;
use std::io;

use common::process::{environment, exec_descriptor};
use common::{Result, Step as _};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl::set_name;

// ANCHOR: sealed
/// Runs this program again, from memory that is sealed. A program inside finds the file that
/// its parent was started from in /proc/1/exe, and if that were the host's could change it
/// (CVE-2019-5736).
pub(crate) fn run_from_a_sealed_copy() -> Result<()> {
    let path = "/proc/self/exe";
    let mut program = File::open(path).step("open", path)?;
    if is_sealed(&program) {
        // What was started by a descriptor goes by its number.
        return set_name(c"container").step("prctl", "PR_SET_NAME");
    }
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let copy = memfd_create(c"container", flags).step("memfd_create", "for this program")?;
    let mut copy = File::from(copy);
    io::copy(&mut program, &mut copy).step("write", "a copy of this program")?;
    let seals = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SHRINK;
    fcntl(&copy, FcntlArg::F_ADD_SEALS(seals | SealFlag::F_SEAL_SEAL))
        .step("fcntl", "F_ADD_SEALS")?;
    let arguments: Vec<_> = env::args_os().collect();
    Err(exec_descriptor(copy, &arguments, &environment()).hint_if(
        Errno::EACCES,
        "programs in memory are refused here (vm.memfd_noexec): use --without session",
    ))
}
// ANCHOR_END: sealed

pub(crate) fn is_sealed(program: &File) -> bool {
    // EINVAL: the file system knows no seals.
    let seals = fcntl(program, FcntlArg::F_GET_SEALS).unwrap_or_default();
    SealFlag::from_bits_truncate(seals).contains(SealFlag::F_SEAL_WRITE)
}
