//! The way into one namespace: an open file that stands for it.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::{OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use common::lab::printable;
use common::ns::nsfs::{get_nstype, get_socket_netns, get_userns};
use common::ns::{Type, describe, link};
use common::process::pidfd_getfd;
use common::{Result, Step as _, explain};
use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::Pid;

const ABOVE: &str = "the user namespace that owns it lies above this process's own, and joining \
    leads down only";

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

    /// The network namespace that a socket of another process was made in.
    pub(crate) fn of_socket((pid, pidfd): &(Pid, OwnedFd), socket: RawFd) -> Result<Self> {
        let shown = format!("socket {socket} of process {pid}");
        let ours = pidfd_getfd(pidfd, socket).step("pidfd_getfd", &shown)?;
        let fd = get_socket_netns(ours).step("SIOCGSKNS", &shown)?;
        Self::of_descriptor(fd, shown)
    }

    /// The user namespace that owns this one; for a user namespace, the one around it.
    pub(crate) fn owner(&self) -> Result<Self> {
        let fd = get_userns(&self.fd).step("NS_GET_USERNS", &self.shown);
        let fd = fd.map_err(|error| error.hint_if(Errno::EPERM, ABOVE))?;
        Self::of_descriptor(fd, format!("the owner of {}", self.shown))
    }

    fn of_descriptor(fd: OwnedFd, shown: String) -> Result<Self> {
        let kind = get_nstype(&fd).and_then(|kind| kind.ok_or(Errno::ENOTTY));
        Ok(Self {
            kind: kind.step("NS_GET_NSTYPE", &shown)?,
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
