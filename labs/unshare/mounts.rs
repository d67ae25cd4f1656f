//! The mounts of the new mount namespace, and where in them the program starts.

use std::path::Path;

use common::lab::printable;
use common::ns::{self, is_pid_namespace_of_others};
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::unistd::{chdir, chroot};

const NOT_OWNED: &str = "a proc shows the PID namespace of the process that mounts it, and that \
    of this process belongs to a user namespace above: add --pid --fork";

// ANCHOR: mounts
pub(crate) fn set_propagation(propagation: Option<MsFlags>) -> Result<()> {
    let Some(kind) = propagation else {
        return Ok(());
    };
    explain!("mount(MS_REC, \"/\"): sets how mounts travel to and from the old namespace");
    let (none, flags) = (None::<&str>, MsFlags::MS_REC | kind);
    mount(none, "/", none, flags, none).step("mount", "propagation on /")
}

pub(crate) fn mount_proc(directory: &Path, propagation: Option<MsFlags>) -> Result<()> {
    let shown = printable(directory.as_os_str());
    if propagation != Some(MsFlags::MS_PRIVATE) {
        // The new proc must not travel to the old namespace, whatever else may.
        let (none, private) = (None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE);
        match mount(none, directory, none, private, none) {
            // A directory that is no mount point: the new proc travels as the mount
            // around it does.
            Ok(()) | Err(Errno::EINVAL) => {}
            failed => failed.step("mount", format!("MS_PRIVATE on {shown}"))?,
        }
    }
    ns::mount_proc(directory).map_err(with_what_helps)?;
    explain!("mount(\"proc\", \"{shown}\"): shows the PID namespace of this process");
    Ok(())
}
// ANCHOR_END: mounts

fn with_what_helps(error: Error) -> Error {
    if is_pid_namespace_of_others() {
        error.hint_if(Errno::EPERM, NOT_OWNED)
    } else {
        error
    }
}

/// Changes the root, and into it: the working directory would otherwise remain outside.
pub(crate) fn change_root(directory: &Path) -> Result<()> {
    let shown = printable(directory.as_os_str());
    chroot(directory).step("chroot", &shown)?;
    chdir("/").step("chdir", "/")?;
    explain!("chroot(\"{shown}\"): / is this directory now");
    Ok(())
}

pub(crate) fn change_directory(directory: &Path) -> Result<()> {
    chdir(directory).step("chdir", printable(directory.as_os_str()))
}
