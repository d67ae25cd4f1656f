//! The mounts that a process sees, as /proc tells them.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use crate::lab::{Result, Step as _};

/// One mount, from a line of proc_pid_mountinfo(5), its escapes undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its number, which no other mount of the machine has at the time.
    pub id: u32,
    /// The device of its file system, as `98:0`.
    pub device: String,
    /// Which directory of the file system it shows; `net:[4026531840]` and the like
    /// for a namespace that is kept.
    pub root: PathBuf,
    /// Where it is mounted, relative to the process's root.
    pub point: PathBuf,
    /// The mount's own options, such as `rw,noatime`.
    pub flags: String,
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

/// The proc that is mounted on /proc, if there is one.
pub fn proc_mount() -> Option<Mount> {
    let mut procs = mounts_of("self").ok()?.into_iter();
    procs.rfind(|mount| mount.kind == "proc" && mount.point == Path::new("/proc"))
}

/// The mounts in the text of a mountinfo.
pub fn parse_mounts(mountinfo: &[u8]) -> Vec<Mount> {
    let lines = mountinfo.split(|&byte| byte == b'\n');
    lines.filter_map(parse_line).collect()
}

/// `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ').map(unescape);
    let text = |field: OsString| field.to_string_lossy().into_owned();
    let id = fields.next()?.to_str()?.parse().ok()?;
    let device = text(fields.nth(1)?);
    let root = fields.next()?.into();
    let point = fields.next()?.into();
    let flags = text(fields.next()?);
    let optional: Vec<_> = fields
        .by_ref()
        .take_while(|field| field != "-")
        .map(text)
        .collect();
    Some(Mount {
        id,
        device,
        root,
        point,
        flags,
        propagation: optional.join(" "),
        kind: text(fields.next()?),
        source: text(fields.next()?),
        options: text(fields.next()?),
    })
}

/// Blanks, tabs, line ends and backslashes stand in the file as `\040`, in octal.
fn unescape(text: &[u8]) -> OsString {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| first == b'\\');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = code.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        plain.push(byte.unwrap_or(first));
        rest = byte.and_then(|_| after.get(3..)).unwrap_or(after);
    }
    OsString::from_vec(plain)
}
