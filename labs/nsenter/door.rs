//! The way into one namespace: an open file that stands for it.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use common::lab::printable;
use common::ns::{Type, describe, link};
use common::{Result, Step as _, explain};
use nix::fcntl::{self, OFlag};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::Pid;

pub(crate) struct Door {
    pub(crate) kind: Type,
    pub(crate) fd: OwnedFd,
    pub(crate) shown: String,
    /// Whether --all only found that this process is in there already.
    pub(crate) own: bool,
}

impl Door {
    pub(crate) fn of(pid: Pid, kind: Type) -> Result<Self> {
        Self::open(kind, &PathBuf::from(format!("/proc/{pid}/ns/{kind}")))
    }

    /// Opened for reading: setns() takes an O_PATH descriptor for a closed one (EBADF).
    /// O_NONBLOCK keeps a FIFO from waiting for its writer, and O_NOCTTY a terminal from
    /// becoming this process's own.
    pub(crate) fn open(kind: Type, file: &Path) -> Result<Self> {
        let shown = printable(file.as_os_str());
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let fd = fcntl::open(file, flags, Mode::empty()).step("open", &shown)?;
        Ok(Self {
            kind,
            fd,
            shown,
            own: false,
        })
    }

    /// What --all joins of a type: nothing where this kernel has no such type. Nor the
    /// caller's own user namespace: to join that again, which is EINVAL, could give back
    /// capabilities.
    pub(crate) fn for_all(pid: Pid, kind: Type) -> Result<Option<Self>> {
        let own = format!("/proc/self/ns/{kind}");
        let own_link = match fs::read_link(&own) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            own_link => own_link.step("readlink", own)?,
        };
        let own = own_link.as_os_str() == link(pid, kind.name)?.as_str();
        if own && kind.flag == CloneFlags::CLONE_NEWUSER {
            return Ok(None);
        }
        let door = Self::of(pid, kind)?;
        Ok(Some(Self { own, ..door }))
    }

    pub(crate) fn is_user(&self) -> bool {
        self.kind.flag == CloneFlags::CLONE_NEWUSER
    }

    pub(crate) fn explain(&self) {
        let flag = describe(self.kind.flag);
        explain!("open({}) and setns({flag})", self.shown);
    }
}
