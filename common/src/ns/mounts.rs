//! The mounts that a new mount namespace begins with.

use std::path::Path;

use nix::mount::{MsFlags, mount};

use crate::lab::{Result, Step as _, printable};

/// `mount --make-rprivate /`: stops every mount's way out. A new mount namespace is
/// a copy, and where the originals are shared, as systemd has them, what is mounted
/// on the copies would appear on the host.
///
/// # Errors
/// `mount`: EPERM without CAP_SYS_ADMIN, EINVAL where / is no mount point.
pub fn make_private() -> Result<()> {
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).step("mount", "MS_PRIVATE on /")
}

/// `mount -t tmpfs tmpfs DIRECTORY`: an empty file system that exists in memory.
///
/// # Errors
/// `mount`: EPERM without CAP_SYS_ADMIN, ENOENT.
pub fn mount_tmpfs(directory: &str) -> Result<()> {
    let (tmpfs, none) = (Some("tmpfs"), None::<&str>);
    mount(tmpfs, directory, tmpfs, MsFlags::empty(), none)
        .step("mount", format!("tmpfs on {directory}"))
}

/// `mount -t proc proc DIRECTORY`: shows the PID namespace of this process.
///
/// # Errors
/// `mount`: EPERM in a user namespace where the old /proc is partly masked.
pub fn mount_proc(directory: impl AsRef<Path>) -> Result<()> {
    let directory = directory.as_ref();
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), directory, Some("proc"), flags, None::<&str>).step(
        "mount",
        format!("proc on {}", printable(directory.as_os_str())),
    )
}
