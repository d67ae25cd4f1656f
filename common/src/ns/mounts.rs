//! The mounts that a new mount namespace begins with.

use std::fs::File;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::nsfs::get_userns;
use crate::lab::{Result, Step as _, printable};
use crate::procfs::{mounts_of, proc_mount};

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
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC | atime_flags();
    mount(Some("proc"), directory, Some("proc"), flags, None::<&str>).step(
        "mount",
        format!("proc on {}", printable(directory.as_os_str())),
    )
}

/// How the proc on /proc keeps access times. A user namespace locks that: it may mount
/// no proc that keeps them otherwise, see mount_namespaces(7).
pub fn atime_flags() -> MsFlags {
    let Some(proc) = proc_mount() else {
        return MsFlags::empty();
    };
    let has = |flag| proc.flags.split(',').any(|has| has == flag);
    let mut flags = match (has("noatime"), has("relatime")) {
        (true, _) => MsFlags::MS_NOATIME,
        (_, true) => MsFlags::MS_RELATIME,
        _ => MsFlags::MS_STRICTATIME,
    };
    flags.set(MsFlags::MS_NODIRATIME, has("nodiratime"));
    flags
}

/// What is mounted below /proc and covers a part of it: not binfmt_misc, which covers an
/// empty directory.
pub fn covers_of_proc() -> Vec<PathBuf> {
    let (proc, empty) = (Path::new("/proc"), Path::new("/proc/sys/fs/binfmt_misc"));
    let mounts = mounts_of("self").unwrap_or_default();
    let points = mounts.into_iter().map(|mount| mount.point);
    points
        .filter(|point| point.starts_with(proc) && point != proc && point != empty)
        .collect()
}

/// Whether the PID namespace of this process belongs to a user namespace around its own:
/// then even its root may mount no proc.
pub fn is_pid_namespace_of_others() -> bool {
    let own = File::open("/proc/self/ns/pid");
    own.is_ok_and(|own| get_userns(own).err() == Some(Errno::EPERM))
}
