//! What no namespace holds: it is opened and closed, or asked for nothing.

use std::fs::{self, File};

use common::process::probe;
use nix::errno::Errno;
use nix::libc::makedev;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, SFlag, mknod};

use super::IMPOSSIBLE;
use super::mounts::{errno, open_to_write};

const CORE_PATTERN: &str = "/proc/sys/kernel/core_pattern";

/// The host runs a program of this name for whatever crashes: `|/path`.
pub(super) fn core_pattern() -> nix::Result<()> {
    open_to_write(CORE_PATTERN)
}

/// What covers can be unmounted, by whoever may mount.
pub(super) fn unmask() -> nix::Result<()> {
    let _ = umount2("/proc/sys", MntFlags::MNT_DETACH);
    open_to_write(CORE_PATTERN)
}

/// The host runs this program when a cgroup becomes empty (version 1).
pub(super) fn release_agent() -> nix::Result<()> {
    let own = fs::read_to_string("/proc/self/cgroup").map_err(errno)?;
    // Only a hierarchy that exists: a new name would make a new one.
    let mut names = own.lines().filter_map(|line| line.split(':').nth(1));
    let name = names.rfind(|name| !name.is_empty()).ok_or(IMPOSSIBLE)?;
    let visible = format!(
        "/sys/fs/cgroup/{}/release_agent",
        name.trim_start_matches("name=")
    );
    if open_to_write(visible).is_ok() {
        return Ok(());
    }
    let cgroup = Some("cgroup");
    mount(cgroup, "/tmp", cgroup, MsFlags::empty(), Some(name))?;
    open_to_write("/tmp/release_agent")
}

/// Whoever may move into a cgroup above leaves the limits behind.
pub(super) fn cgroup() -> nix::Result<()> {
    let places = ["", "unified/", "pids/"].map(|tree| format!("/sys/fs/cgroup/{tree}cgroup.procs"));
    let tried = places.map(open_to_write);
    tried
        .into_iter()
        .find(Result::is_ok)
        .unwrap_or(Err(Errno::EACCES))
}

/// The first disk, by a file of one's own or by the host's; only to read, and nothing is read.
pub(super) fn disk() -> nix::Result<()> {
    let disks = fs::read_to_string("/proc/partitions").map_err(errno)?;
    let disk = disks.lines().skip(2).find_map(|line| {
        let mut fields = line.split_whitespace();
        let number = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let name = fields
            .nth(1)
            .filter(|name| !name.starts_with("zram") && !name.starts_with("loop"))?;
        Some((number, name.to_owned()))
    });
    let ((major, minor), name) = disk.ok_or(IMPOSSIBLE)?;
    // EPERM is no matter of modes: this machine lets nobody have its disks.
    let open = |path: String| match File::open(path).map_err(errno) {
        Err(Errno::EPERM) => Err(IMPOSSIBLE),
        opened => opened.map(drop),
    };
    let there = open(format!("/dev/{name}"));
    if matches!(there, Ok(()) | Err(IMPOSSIBLE)) {
        return there;
    }
    let mode = Mode::S_IRUSR;
    mknod("/tmp/disk", SFlag::S_IFBLK, mode, makedev(major, minor))?;
    open("/tmp/disk".into())
}

/// An answer of the call itself, not of what guards it, means that it can be reached.
fn reached<T>(answer: nix::Result<T>) -> nix::Result<()> {
    match answer {
        Err(Errno::ENOSYS) => Err(IMPOSSIBLE),
        Err(errno @ (Errno::EPERM | Errno::EACCES)) => Err(errno),
        _ => Ok(()),
    }
}

pub(super) fn log() -> nix::Result<()> {
    reached(probe::kernel_log_size())
}

pub(super) fn bpf() -> nix::Result<()> {
    reached(probe::bpf())
}

pub(super) fn module() -> nix::Result<()> {
    reached(probe::init_module())
}

pub(super) fn io_uring() -> nix::Result<()> {
    reached(probe::io_uring_setup())
}

pub(super) fn userfaultfd() -> nix::Result<()> {
    reached(probe::userfaultfd())
}

/// Whoever makes a user namespace has every capability in it, and much of the kernel to try.
pub(super) fn user_namespace() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWUSER)
}
