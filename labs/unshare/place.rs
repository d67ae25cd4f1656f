//! Where in the file system a program starts.

use std::path::Path;

use nix::unistd::{chdir, chroot};

use crate::error::{Result, Step as _};
use crate::explain;
use crate::printable;

/// chroot(2), and into it: the working directory would otherwise remain outside.
///
/// # Errors
/// `chroot`: EPERM without CAP_SYS_CHROOT, ENOENT, ENOTDIR, EACCES.
pub fn change_root(directory: &Path) -> Result<()> {
    let shown = printable(directory.as_os_str());
    chroot(directory).step("chroot", &shown)?;
    chdir("/").step("chdir", "/")?;
    explain!("chroot(\"{shown}\"): / is this directory now");
    Ok(())
}

/// chdir(2).
///
/// # Errors
/// `chdir`: ENOENT, ENOTDIR, EACCES.
pub fn change_directory(directory: &Path) -> Result<()> {
    chdir(directory).step("chdir", printable(directory.as_os_str()))
}
