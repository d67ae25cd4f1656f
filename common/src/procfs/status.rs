//! What the kernel says of a process in /proc/PID/status.

use std::fmt::Display;
use std::fs;

use nix::errno::Errno;
use nix::unistd::{Pid, getpid};

use crate::lab::{Error, Result, Step as _};

/// One reading of the file of a process, see proc_pid_status(5).
#[derive(Debug)]
pub struct Status(String);

impl Status {
    /// Reads that of a process, by its PID or the word `self`; `None` if there is no
    /// such process.
    ///
    /// # Errors
    /// `open`, where /proc does not let this process look.
    pub fn of(process: impl Display) -> Result<Option<Self>> {
        let path = format!("/proc/{process}/status");
        match fs::read(&path) {
            // The program's name is cut to 15 bytes, also inside a character.
            Ok(bytes) => Ok(Some(Self(String::from_utf8_lossy(&bytes).into_owned()))),
            Err(error) => match error.raw_os_error().map_or(Errno::EIO, Errno::from_raw) {
                // ESRCH is the answer where the process is reaped between open and read.
                Errno::ENOENT | Errno::ESRCH => Ok(None),
                errno => Err(Error::new("open", path, errno)),
            },
        }
    }

    /// A field such as `State` or `PPid`; `None` if this kernel has no such field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            (field == name).then(|| value.trim())
        })
    }
}

/// A single field of the file of a process; `None` if there is no such process, or
/// no such field.
///
/// # Errors
/// As [`Status::of`].
pub fn field(process: impl Display, name: &str) -> Result<Option<String>> {
    let status = Status::of(process)?;
    Ok(status.and_then(|status| status.field(name).map(str::to_owned)))
}

/// The PIDs of a process, one for each PID namespace that it is visible in, from
/// the one /proc was mounted for to its own: the NSpid line of proc_pid_status(5).
///
/// # Errors
/// `open`: ENOENT without /proc, where the process has ended, or on a kernel
/// before 4.1, which has no such line.
pub fn pids(pid: Pid) -> Result<Vec<i32>> {
    let pids = field(pid, "NSpid")?;
    let pids = pids
        .ok_or(Errno::ENOENT)
        .step("open", format!("/proc/{pid}/status"))?;
    Ok(pids
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect())
}

/// Makes sure that /proc shows the PIDs of this process's own PID namespace.
///
/// # Errors
/// `readlink /proc/self`: ENOENT where there is no /proc; ESRCH where it belongs
/// to another PID namespace, so that its numbers mean other processes.
pub fn check_proc() -> Result<()> {
    let shown = fs::read_link("/proc/self").step("readlink", "/proc/self")?;
    if shown.as_os_str() == getpid().to_string().as_str() {
        return Ok(());
    }
    Err(Error::new("readlink", "/proc/self", Errno::ESRCH))
}
