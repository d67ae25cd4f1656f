//! A program of the machine that does a step for a lab, such as `ip` or `nft`.

use std::fs::{self, File};
use std::io::Read as _;
use std::process::Command;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use crate::lab::{Error, Result, Step as _, printable};

/// Where distributions keep such programs. PATH is not asked: root's lab must not run what
/// somebody else has put first in it.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// Runs a program with these arguments and without the caller's environment, and waits
/// for its end.
///
/// # Errors
/// `execvp`: ENOENT where the program is not installed. EIO, of a step with the program's
/// name, where it fails: the hint is the first line that it says.
pub fn run_tool(name: &'static str, arguments: &[&str]) -> Result<()> {
    let mut paths = FOLDERS.iter().map(|folder| format!("{folder}/{name}"));
    let path = paths.find(|path| fs::metadata(path).is_ok());
    let path = path.ok_or(Errno::ENOENT).step("execvp", name)?;
    // Not Command::output(), which panics where poll() fails.
    let (read_end, write_end) = pipe2(OFlag::O_CLOEXEC).step("pipe2", "for a program's words")?;
    let mut child = Command::new(&path)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .stdout(write_end.try_clone().step("fcntl", "F_DUPFD_CLOEXEC")?)
        .stderr(write_end)
        .spawn()
        .step("execvp", path)?;
    let mut said = Vec::new();
    let read = File::from(read_end).read_to_end(&mut said);
    let ended = child.wait().step("waitpid", name)?;
    read.step("read", format!("what {name} says"))?;
    if ended.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said);
    let said = match said.lines().next() {
        Some(line) => format!("{name} says: {}", printable(line.as_ref())),
        None => format!("{name} says nothing, and ends with {ended}"),
    };
    let object = arguments.join(" ");
    let object = object.lines().next().unwrap_or_default();
    Err(Error::new(name, object, Errno::EIO).hint(said))
}
