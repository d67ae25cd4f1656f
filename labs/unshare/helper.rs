//! A process that stays behind in the old namespaces.

use common::process::fork;
use common::procfs::check_proc;
use common::{Checkpoint, Child, Error, Result};
use nix::sys::signal::Signal;

// ANCHOR: helper
/// Does what needs the caller's rights in the namespaces that this process leaves.
/// Made before unshare(), it waits until it is told to, and ends with its parent.
pub(crate) struct Helper {
    child: Child,
    go: Checkpoint,
}

impl Helper {
    pub(crate) fn stay_behind(work: impl Fn() -> Result<()>) -> Result<Self> {
        // What it does goes by its parent's PID in /proc.
        check_proc()?;
        let go = Checkpoint::new()?;
        let child = fork(Some(Signal::SIGKILL), || {
            go.wait()?;
            work()?;
            Ok(0)
        })?;
        Ok(Self { child, go })
    }

    /// Has it work, and waits until it has. What went wrong it has said itself.
    pub(crate) fn work(self) -> Result<()> {
        self.go.open()?;
        match self.child.wait()? {
            0 => Ok(()),
            _ => Err(Error::PeerGone),
        }
    }
}
// ANCHOR_END: helper
