//! A program of the machine that does a step for a lab, such as `ip` or `nft`.

use std::fs;
use std::process::{Command, Stdio};

use nix::errno::Errno;

use crate::lab::{Error, Result, Step as _, printable};

/// Where distributions keep such programs. PATH is not asked: root's lab must not run what
/// somebody else has put first in it.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// Runs a program with these arguments and without the caller's environment, and waits
/// for its end. What it prints is dropped.
///
/// # Errors
/// `execvp`: ENOENT where the program is not installed. EIO, of a step with the program's
/// name, where it fails: the hint is the first line that it says.
pub fn run_tool(name: &'static str, arguments: &[&str]) -> Result<()> {
    let mut paths = FOLDERS.iter().map(|folder| format!("{folder}/{name}"));
    let path = paths.find(|path| fs::metadata(path).is_ok());
    let path = path.ok_or(Errno::ENOENT).step("execvp", name)?;
    let ended = Command::new(&path)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::inherit()) // Else /dev/null is opened, which need not be there.
        .output()
        .step("execvp", path)?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let said = match said.lines().next() {
        Some(line) => format!("{name} says: {}", printable(line.as_ref())),
        None => format!("{name} says nothing, and ends with {}", ended.status),
    };
    let object = arguments.join(" ");
    let object = object.lines().next().unwrap_or_default();
    Err(Error::new(name, object, Errno::EIO).hint(said))
}
