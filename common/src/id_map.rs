//! The files that say which IDs inside a user namespace are which outside.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use nix::unistd::Pid;

use crate::error::{Result, Step as _};

/// Writes to uid_map, gid_map or setgroups of a process, in the one write(2) that
/// the kernel accepts. A map's text is `inside outside count`, a line for each
/// range; see user_namespaces(7).
///
/// # Errors
/// `write`: EPERM for a writer who may not, or for a map that is written already;
/// EINVAL for a text that is no map. `open`: EACCES for a process of another user.
pub fn write(pid: Pid, file: &str, text: &str) -> Result<()> {
    write_file(&format!("/proc/{pid}/{file}"), text)
}

/// As [`write`], for this process, also where /proc is that of another PID namespace's
/// and knows it by another number.
///
/// # Errors
/// As [`write`].
pub fn write_own(file: &str, text: &str) -> Result<()> {
    write_file(&format!("/proc/self/{file}"), text)
}

fn write_file(path: &str, text: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .open(path)
        .step("open", path)?;
    file.write_all(text.as_bytes()).step("write", path)
}

/// What uid_map or gid_map of a process says to this one, a single space between
/// the numbers: the kernel names the outer IDs as the reader knows them.
///
/// # Errors
/// `open`: ENOENT without /proc or such a process.
pub fn read(pid: Pid, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    let map = fs::read_to_string(&path).step("open", path)?;
    Ok(map.split_whitespace().collect::<Vec<_>>().join(" "))
}
