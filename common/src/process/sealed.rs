//! A copy of this program that nobody can write to.

use std::env;
use std::fs::File;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl::set_name;
use nix::sys::sendfile::sendfile;

use super::exec::{environment, exec_descriptor};
use crate::lab::{Result, Step as _, program_name};

// ANCHOR: sealed
/// Runs this program again, from memory that is sealed. A process in a container finds the
/// file that its PID 1 was started from in /proc/1/exe, and if that were the host's, root
/// inside could change it (CVE-2019-5736). Returns in the copy.
///
/// # Errors
/// `memfd_create`, `write`: ENOMEM; `execvp`: EACCES where vm.memfd_noexec is 2.
pub fn run_from_a_sealed_copy() -> Result<()> {
    let path = "/proc/self/exe";
    let program = File::open(path).step("open", path)?;
    if is_sealed(&program) {
        // What is started by a descriptor goes by its number.
        let name = std::ffi::CString::new(program_name()).unwrap_or_default();
        return set_name(&name).step("prctl", "PR_SET_NAME");
    }
    // ANCHOR: seals
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let copy: File = memfd_create(c"sealed", flags)
        .step("memfd_create", "for this program")?
        .into();
    // As much as the kernel moves at once; 0 at the end of the file.
    while sendfile(&copy, &program, None, 1 << 30).step("sendfile", "this program")? > 0 {}
    let seals = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SHRINK;
    let seals = FcntlArg::F_ADD_SEALS(seals | SealFlag::F_SEAL_SEAL);
    fcntl(&copy, seals).step("fcntl", "F_ADD_SEALS")?;
    // ANCHOR_END: seals
    let arguments: Vec<_> = env::args_os().collect();
    Err(exec_descriptor(copy, &arguments, &environment()))
}
// ANCHOR_END: sealed

/// Whether a program is such a copy.
pub fn is_sealed(program: &File) -> bool {
    // EINVAL: the file system knows no seals.
    let seals = fcntl(program, FcntlArg::F_GET_SEALS).unwrap_or_default();
    SealFlag::from_bits_truncate(seals).contains(SealFlag::F_SEAL_WRITE)
}
