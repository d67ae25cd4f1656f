//! What the kernel says of a process in /proc/PID/status.

use std::fmt::Display;
use std::fs;

use nix::errno::Errno;

use crate::error::{Error, Result};

/// A field such as `State` or `PPid` of a process, by its PID or the word `self`, see
/// proc_pid_status(5); `None` if there is no such process, or no such field.
///
/// # Errors
/// `open`, where /proc does not let this process look.
pub fn field(process: impl Display, name: &str) -> Result<Option<String>> {
    let path = format!("/proc/{process}/status");
    let status = match fs::read(&path) {
        // The program's name is cut to 15 bytes, also inside a character.
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => match error.raw_os_error().map_or(Errno::EIO, Errno::from_raw) {
            // ESRCH is the answer where the process is reaped between open and read.
            Errno::ENOENT | Errno::ESRCH => return Ok(None),
            errno => return Err(Error::new("open", path, errno)),
        },
    };
    Ok(status.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        (field == name).then(|| value.trim().to_owned())
    }))
}
