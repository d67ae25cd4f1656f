//! What a program is started with.

use std::env;
use std::fs::{self, File};
use std::io::stdin;
use std::path::PathBuf;

use common::credentials::keyring::find_key;
use common::process::{is_sealed, type_into};
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access, chdir};

use super::IMPOSSIBLE;
use super::host::KEY;
use super::mounts::errno;
use crate::session::KEPT;

/// The descriptors that are no standard ones and stand for a directory.
fn inherited() -> nix::Result<impl Iterator<Item = PathBuf>> {
    let entries = fs::read_dir("/proc/self/fd").map_err(errno)?;
    Ok(entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir()))
}

pub(super) fn descriptor() -> nix::Result<()> {
    let found = inherited()?.any(|directory| File::open(directory.join("secret")).is_ok());
    if found { Ok(()) } else { Err(Errno::ENOENT) }
}

/// An engine that lets the working directory be chosen lets a descriptor's be chosen.
pub(super) fn directory() -> nix::Result<()> {
    let mut found = inherited()?.filter(|path| chdir(path).is_ok());
    if found.any(|_| File::open("secret").is_ok()) {
        Ok(())
    } else {
        Err(Errno::ENOENT)
    }
}

pub(super) fn environment() -> nix::Result<()> {
    let known = [["PATH", "HOME", "container"].as_slice(), &KEPT].concat();
    let foreign = env::vars_os().any(|(name, _)| !known.iter().any(|known| name == **known));
    if foreign { Ok(()) } else { Err(Errno::ENOENT) }
}

/// Types a line into the terminal that it was started from: the caller's shell would run it.
pub(super) fn terminal() -> nix::Result<()> {
    type_into(stdin(), b'\n').map_err(|errno| {
        if errno == Errno::EIO {
            IMPOSSIBLE
        } else {
            errno
        }
    })
}

pub(super) fn keyring() -> nix::Result<()> {
    find_key(KEY).map(drop).map_err(|errno| {
        if errno == Errno::ENOSYS {
            IMPOSSIBLE
        } else {
            errno
        }
    })
}

/// Whether the file that this process was started from could be changed; it is not.
pub(super) fn program() -> nix::Result<()> {
    let path = "/proc/self/exe";
    if is_sealed(&File::open(path).map_err(errno)?) {
        return Err(Errno::EPERM);
    }
    access(path, AccessFlags::W_OK)
}
