//! The article's way: a process of `ip` for each step.

use std::fs;
use std::process::{Command, Stdio};

use common::{Error, Result, Step as _};
use nix::errno::Errno;

/// Where distributions keep `ip`. PATH is not asked: root's lab must not run what
/// somebody else has put first in it.
const IP: [&str; 4] = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"];

/// Runs commands that start with `ip`, one process each, as the article does.
pub(crate) fn ip(commands: &[String]) -> Result<()> {
    let program = IP.into_iter().find(|path| fs::metadata(path).is_ok());
    let program = program
        .ok_or(Errno::ENOENT)
        .step("execvp", "ip")
        .map_err(|error| error.hint("install the package iproute2, or leave --via ip out"))?;
    for command in commands {
        let ended = Command::new(program)
            .args(command.split_whitespace().skip(1))
            .env_clear()
            .env("LC_ALL", "C")
            .stdout(Stdio::null())
            .output()
            .step("execvp", program)?;
        if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stderr);
            let said = said.lines().next().unwrap_or_default();
            let object = command.trim_start_matches("ip ");
            return Err(Error::new("ip", object, Errno::EIO).hint(format!("ip says: {said}")));
        }
    }
    Ok(())
}
