//! The mounts that a process sees, as /proc tells them.

use std::fmt::Display;
use std::fs;

use crate::lab::{Result, Step as _};

/// One mount, from a line of proc_pid_mountinfo(5). Blanks in paths stand there
/// as `\040`, and are left so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its number, which no other mount of the machine has at the time.
    pub id: u32,
    /// Which directory of the file system it shows.
    pub root: String,
    /// Where it is mounted, relative to the process's root.
    pub point: String,
    /// The optional fields, such as `shared:1` or `master:1`; empty if private.
    pub propagation: String,
    /// The type of its file system.
    pub kind: String,
    /// What was mounted: a device, or any word where there is none.
    pub source: String,
    /// The file system's own options, with commas.
    pub options: String,
}

/// The mounts in /proc/PID/mountinfo, or with the word `self` this process's own.
///
/// # Errors
/// `open`: ENOENT without /proc or such a process, EACCES if it is another user's.
pub fn mounts_of(process: impl Display) -> Result<Vec<Mount>> {
    let path = format!("/proc/{process}/mountinfo");
    let text = fs::read(&path).step("open", path)?;
    Ok(parse_mounts(&text))
}

/// The mounts in the text of a mountinfo.
pub fn parse_mounts(mountinfo: &[u8]) -> Vec<Mount> {
    // A mount point may hold bytes that are no UTF-8.
    let text = String::from_utf8_lossy(mountinfo);
    text.lines().filter_map(parse_line).collect()
}

/// `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn parse_line(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ');
    let id = before.next()?.parse().ok()?;
    let root = before.nth(2)?.to_owned();
    let point = before.next()?.to_owned();
    let optional: Vec<_> = before.skip(1).collect();
    let mut after = after.split(' ');
    Some(Mount {
        id,
        root,
        point,
        propagation: optional.join(" "),
        kind: after.next()?.to_owned(),
        source: after.next()?.to_owned(),
        options: after.next()?.to_owned(),
    })
}
