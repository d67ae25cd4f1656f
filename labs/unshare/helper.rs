//! A process that stays behind in the old namespaces.

use common::process::fork;
use common::procfs::check_proc;
use common::{Checkpoint, Child, Result};

// ANCHOR: helper
/// Does what needs the caller's rights in the namespaces that this process leaves.
/// Made before unshare(), it waits until it is told to, and ends with its parent.
pub(crate) struct Helper {
    child: Child,
    namespaces_are_made: Checkpoint,
}

impl Helper {
    pub(crate) fn stay_behind(work: impl Fn() -> Result<()>) -> Result<Self> {
        // What it does goes by its parent's PID in /proc.
        check_proc()?;
        let namespaces_are_made = Checkpoint::new()?;
        let child = fork(|| {
            namespaces_are_made.wait()?;
            work()?;
            Ok(0)
        })?;
        Ok(Self {
            child,
            namespaces_are_made,
        })
    }

    /// Has it work, and waits until it has.
    pub(crate) fn work(self) -> Result<()> {
        self.namespaces_are_made.open()?;
        self.child.succeed()
    }
}
// ANCHOR_END: helper
