//! The article's way: a process of `ip` for each step.

use common::Result;
use common::process::run_tool;
use nix::errno::Errno;

const NOT_INSTALLED: &str = "install the package iproute2, or leave --via ip out";

/// Runs commands that start with `ip`, one process each, as the article does.
pub(crate) fn ip(commands: &[String]) -> Result<()> {
    for command in commands {
        let arguments: Vec<_> = command.split_whitespace().skip(1).collect();
        run_tool("ip", &arguments).map_err(|error| error.hint_if(Errno::ENOENT, NOT_INSTALLED))?;
    }
    Ok(())
}
