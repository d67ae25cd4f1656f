//! What happens on one side, and whether the other side has noticed.

use common::procfs::Proc;
use common::{Result, Step as _, say};
use nix::mount::{MntFlags, umount2};
use nix::unistd::Pid;

use crate::mount_tmpfs;

/// The event that may travel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Mount,
    Umount,
}

// ANCHOR: event
impl Event {
    /// Before the copy is made: what is to be unmounted is mounted, so both have it.
    pub(crate) fn prepare(self, directory: &str) -> Result<()> {
        match self {
            Self::Mount => Ok(()),
            Self::Umount => mount_tmpfs(directory),
        }
    }

    /// In one of the two namespaces.
    pub(crate) fn happen(self, directory: &str) -> Result<()> {
        match self {
            Self::Mount => mount_tmpfs(directory),
            Self::Umount => umount2(directory, MntFlags::empty()).step("umount", directory),
        }
    }

    /// Whether the list of mounts of a process in the other namespace shows it.
    pub(crate) fn is_noticed(self, proc: &Proc, pid: Pid, directory: &str) -> Result<bool> {
        let is_there = proc.mount_on(pid, directory)?.is_some();
        Ok(is_there == (self == Self::Mount))
    }
}
// ANCHOR_END: event

impl Event {
    pub(crate) fn call(self) -> &'static str {
        match self {
            Self::Mount => "mount(\"tmpfs\")",
            Self::Umount => "umount()",
        }
    }

    pub(crate) fn print_heading(self) -> Result<()> {
        match self {
            Self::Mount => {
                say!("inside, the  mounted outside:    mounted inside:    bind mount   mountinfo")?;
                say!("copy is      seen inside?        seen outside?      of the copy  says inside")
            }
            Self::Umount => {
                say!("inside, the  unmounted outside:  unmounted inside:  bind mount   mountinfo")?;
                say!("copy is      gone inside?        gone outside?      of the copy  says inside")
            }
        }
    }
}
