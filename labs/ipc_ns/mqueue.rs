//! The file system that lists POSIX message queues.

use std::fs;
use std::path::Path;

use common::ns::mount_tmpfs;
use common::{Result, Step as _, say};
use nix::mount::{MsFlags, mount};

pub(crate) const FOLDER: &str = "/dev/mqueue";

// ANCHOR: mqueue
/// Mounts the queues of the caller's IPC namespace, as mq_overview(7) has it.
pub(crate) fn mount_mqueue() -> nix::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("mqueue"), FOLDER, Some("mqueue"), flags, None::<&str>)
}
// ANCHOR_END: mqueue

pub(crate) fn list(who: &str) -> Result<()> {
    let mut names = Vec::new();
    for file in fs::read_dir(FOLDER).step("open", FOLDER)? {
        let name = file.step("getdents", FOLDER)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    say!("{who} {FOLDER} lists: {}", names.join(" "))
}

/// A machine that mounts no mqueue may have no folder for it, and an ordinary
/// user can make one only in a /dev of his own.
pub(crate) fn make_folder() -> Result<()> {
    if Path::new(FOLDER).is_dir() {
        return Ok(());
    }
    mount_tmpfs("/dev")?;
    fs::create_dir(FOLDER).step("mkdir", FOLDER)
}
