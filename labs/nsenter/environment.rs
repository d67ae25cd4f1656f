//! The target's environment variables.

use std::os::fd::OwnedFd;

use common::Result;
use common::procfs::Environment;
use nix::unistd::Pid;

use crate::identity::process;

/// What could be read before joining, and the way to read it afterwards: the right to it,
/// too, may be had in there only.
pub(crate) struct TargetEnvironment {
    pid: Pid,
    process: OwnedFd,
    before: Result<Environment>,
}

impl TargetEnvironment {
    pub(crate) fn of(pid: Pid) -> Result<Self> {
        let process = process(pid)?;
        let before = Environment::of(pid, &process);
        Ok(Self {
            pid,
            process,
            before,
        })
    }

    pub(crate) fn replace_own(self) -> Result<()> {
        let again = |_| Environment::of(self.pid, &self.process);
        self.before.or_else(again)?.replace_own()
    }
}
