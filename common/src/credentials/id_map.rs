//! The files that say which IDs inside a user namespace are which outside.

use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

use nix::unistd::{Gid, Uid};

use crate::lab::{Result, Step as _};

/// Writes to uid_map, gid_map or setgroups of a process (a PID, or `self`), in the one
/// write(2) that the kernel accepts. A map's text is `inside outside count`, a line
/// for each range; see user_namespaces(7).
///
/// # Errors
/// `write`: EPERM for a writer who may not, or for a map that is written already;
/// EINVAL for a text that is no map. `open`: EACCES for a process of another user.
pub fn write_map(process: impl Display, file: &str, text: &str) -> Result<()> {
    let path = format!("/proc/{process}/{file}");
    let mut file = OpenOptions::new()
        .write(true)
        .open(&path)
        .step("open", &path)?;
    file.write_all(text.as_bytes()).step("write", path)
}

/// Maps a user and a group to one ID each inside, as anyone may: `inside outside`.
///
/// # Errors
/// As [`write_map`].
pub fn map_ids(
    process: impl Display,
    (uid, outer_uid): (u32, Uid),
    (gid, outer_gid): (u32, Gid),
) -> Result<()> {
    // A group that denies a permission could be dropped with setgroups(), so the
    // kernel takes an unprivileged gid_map only after setgroups() is given up.
    write_map(&process, "setgroups", "deny")?;
    write_map(&process, "uid_map", &format!("{uid} {outer_uid} 1"))?;
    write_map(&process, "gid_map", &format!("{gid} {outer_gid} 1"))
}

/// Maps a user and a group to root inside.
///
/// # Errors
/// As [`write_map`].
pub fn map_to_root(process: impl Display, uid: Uid, gid: Gid) -> Result<()> {
    map_ids(process, (0, uid), (0, gid))
}

/// What uid_map or gid_map of a process says to this one, a single space between
/// the numbers: the kernel names the outer IDs as the reader knows them.
///
/// # Errors
/// `open`: ENOENT without /proc or such a process.
pub fn read_map(process: impl Display, file: &str) -> Result<String> {
    let path = format!("/proc/{process}/{file}");
    let map = fs::read_to_string(&path).step("open", path)?;
    Ok(map.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whether a user ID exists in the user namespace of this process.
///
/// # Errors
/// `open`: ENOENT without /proc.
pub fn is_mapped(uid: u32) -> Result<bool> {
    let map = fs::read_to_string("/proc/self/uid_map").step("open", "/proc/self/uid_map")?;
    Ok(map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>());
        match (numbers.next(), numbers.nth(1)) {
            (Some(Ok(first)), Some(Ok(count))) => (first..first + count).contains(&uid.into()),
            _ => false,
        }
    }))
}
