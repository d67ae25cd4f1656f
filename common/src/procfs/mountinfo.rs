//! The mounts that a process sees, as /proc tells them.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::OwnedFd;

use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use super::status::check_proc;
use crate::lab::{Result, Step as _};

/// A handle on /proc. It stays valid in a process that changes its root, and
/// shows the mounts as that process then sees them.
#[derive(Debug)]
pub struct Proc {
    directory: OwnedFd,
}

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

impl Proc {
    /// Opens /proc, closed by exec.
    ///
    /// # Errors
    /// `open`: ENOENT, and those of [`check_proc`] where it is another PID namespace's.
    pub fn open() -> Result<Self> {
        check_proc()?;
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = open("/proc", flags, Mode::empty()).step("open", "/proc")?;
        Ok(Self { directory })
    }

    /// The text of a file of a process, such as `mounts`.
    ///
    /// # Errors
    /// `open`: ENOENT if the process has ended, EACCES if it is another user's.
    pub fn read(&self, pid: Pid, file: &str) -> Result<String> {
        let path = format!("{pid}/{file}");
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let file = openat(&self.directory, path.as_str(), flags, Mode::empty())
            .step("open", format!("/proc/{path}"))?;
        let mut bytes = Vec::new();
        File::from(file)
            .read_to_end(&mut bytes)
            .step("read", format!("/proc/{path}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The mounts in a process's namespace that lie below its root.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn mounts(&self, pid: Pid) -> Result<Vec<Mount>> {
        let text = self.read(pid, "mountinfo")?;
        Ok(parse(&text))
    }

    /// The topmost mount on a directory, if there is one.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn mount_on(&self, pid: Pid, directory: &str) -> Result<Option<Mount>> {
        let mounts = self.mounts(pid)?;
        Ok(mounts.into_iter().rfind(|mount| mount.point == directory))
    }
}

/// The mounts in /proc/PID/mountinfo, or with the word `self` this process's own.
///
/// # Errors
/// `open`: ENOENT without /proc or such a process, EACCES if it is another user's.
pub fn mounts_of(process: impl Display) -> Result<Vec<Mount>> {
    let path = format!("/proc/{process}/mountinfo");
    let text = fs::read(&path).step("open", path)?;
    // A mount point may hold bytes that are no UTF-8.
    Ok(parse(&String::from_utf8_lossy(&text)))
}

fn parse(mountinfo: &str) -> Vec<Mount> {
    mountinfo.lines().filter_map(parse_line).collect()
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
