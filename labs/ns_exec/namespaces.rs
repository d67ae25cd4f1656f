//! Which namespaces are joined, and in which order.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use common::lab::printable;
use common::ns::{Type, describe, link};
use common::process::pidfd_open;
use common::procfs::check_proc;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, getpid};

use crate::args::{Args, Choice};

// ANCHOR: open
/// Opens a file that stands for a namespace. O_PATH would not do, as setns() takes
/// such a descriptor for closed (EBADF). O_NONBLOCK keeps a FIFO from waiting for
/// its writer, and O_NOCTTY a terminal from becoming this process's own.
pub(crate) fn open(file: &Path) -> Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    fcntl::open(file, flags, Mode::empty()).step("open", printable(file.as_os_str()))
}
// ANCHOR_END: open

/// The namespaces to join, each an open file.
pub(crate) struct Namespaces {
    of_files: Vec<Door>,
    of_target: Vec<Door>,
    target: Option<(Pid, OwnedFd)>,
}

/// The way into one namespace.
struct Door {
    kind: Type,
    fd: OwnedFd,
    shown: String,
    /// Whether --all only found that this process is in there already.
    own: bool,
}

impl Namespaces {
    pub(crate) fn open(args: &Args) -> Result<Self> {
        // The pidfd comes first. While it works, PID still means that process, so
        // what was opened by the number in between belongs to the same one.
        let target = args.target.and_then(|pid| Some((pid, by_number(pid)?)));
        if args.all {
            // Without it every type would look like one that this kernel lacks.
            fs::metadata("/proc/self/ns").step("open", "/proc/self/ns")?;
        }
        let (mut of_files, mut of_target) = (Vec::new(), Vec::new());
        for (kind, choice) in args.choices() {
            match (choice, args.target) {
                (Choice::File(file), _) => of_files.push(Door::open(kind, file)?),
                (Choice::Target, Some(pid)) => of_target.push(Door::of(pid, kind)?),
                (Choice::None, Some(pid)) if args.all => match membership(pid, kind)? {
                    Membership::Impossible => {}
                    membership => {
                        let own = membership == Membership::Own;
                        of_target.push(Door {
                            own,
                            ..Door::of(pid, kind)?
                        });
                    }
                },
                _ => {}
            }
        }
        Ok(Self {
            of_files,
            of_target,
            target,
        })
    }

    /// The flags of all of them.
    pub(crate) fn types(&self) -> CloneFlags {
        flags(&self.of_files) | flags(&self.of_target)
    }

    // ANCHOR: join
    /// Joins them all. The user namespace comes last where this process has the
    /// capabilities for the others now, and would lose them by it. It comes first
    /// where only membership in it gives them. So each of the others is tried once
    /// before it, and the refused ones again after it.
    pub(crate) fn join(&self) -> Result<()> {
        let mut left: Vec<&Door> = self.of_files.iter().filter(|door| door.waits()).collect();
        if !self.join_target_at_once()? {
            left.extend(self.of_target.iter().filter(|door| door.waits()));
        }
        left.sort_by_key(|door| !door.is_user());
        // A refused namespace of --all that is the caller's own needs no joining.
        left.retain(|door| !door.own);
        left.into_iter().try_for_each(Door::join)
    }

    /// With a pidfd, one setns() joins every type: all or none, whatever becomes of
    /// the process and its number meanwhile, and in an order that the kernel chooses.
    /// Linux before 5.8 refuses it. Then, and where a capability is missing, nothing
    /// has changed, and the single files work or tell which of them is refused.
    fn join_target_at_once(&self) -> Result<bool> {
        let types = flags(&self.of_target);
        let Some((pid, pidfd)) = self.target.as_ref().filter(|_| !types.is_empty()) else {
            return Ok(false);
        };
        match setns(pidfd, types) {
            Ok(()) => {}
            // It has ended: what the files stand for may be of a process after it.
            Err(Errno::ESRCH) => return Err(Error::new("setns", pid, Errno::ESRCH)),
            Err(_) => return Ok(false),
        }
        explain!(
            "pidfd_open() and setns({}): in one step to the namespaces of process {pid}\n\
             see: ls -l /proc/{}/ns",
            describe(types),
            getpid()
        );
        Ok(true)
    }
    // ANCHOR_END: join
}

/// A pidfd, where /proc counts PIDs as this process does. In a PID namespace
/// without a /proc of its own, PID is a number of that /proc, as for nsenter.
fn by_number(pid: Pid) -> Option<OwnedFd> {
    check_proc().ok()?;
    pidfd_open(pid).ok()
}

/// How --all treats a type.
#[derive(PartialEq, Eq)]
enum Membership {
    /// The target is in another namespace of it.
    Other,
    /// The target is in the caller's.
    Own,
    /// This kernel has no such type, or the caller's user namespace is the target's:
    /// to join that again, which is EINVAL, could give back capabilities.
    Impossible,
}

fn membership(pid: Pid, kind: Type) -> Result<Membership> {
    let own = format!("/proc/self/ns/{kind}");
    let own_link = match fs::read_link(&own) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Membership::Impossible),
        own_link => own_link.step("readlink", own)?,
    };
    Ok(
        match own_link.as_os_str() == link(pid, kind.name)?.as_str() {
            true if kind.flag == CloneFlags::CLONE_NEWUSER => Membership::Impossible,
            true => Membership::Own,
            false => Membership::Other,
        },
    )
}

fn flags(doors: &[Door]) -> CloneFlags {
    doors.iter().map(|door| door.kind.flag).collect()
}

impl Door {
    fn of(pid: Pid, kind: Type) -> Result<Self> {
        Self::open(kind, &PathBuf::from(format!("/proc/{pid}/ns/{kind}")))
    }

    fn open(kind: Type, file: &Path) -> Result<Self> {
        let (fd, shown) = (open(file)?, printable(file.as_os_str()));
        Ok(Self {
            kind,
            fd,
            shown,
            own: false,
        })
    }

    fn is_user(&self) -> bool {
        self.kind.flag == CloneFlags::CLONE_NEWUSER
    }

    /// Whether this one waits for the user namespace, or is it.
    fn waits(&self) -> bool {
        self.is_user() || self.join().is_err()
    }

    fn join(&self) -> Result<()> {
        setns(&self.fd, self.kind.flag).step("setns", &self.shown)?;
        explain!(
            "open({0}) and setns({1})",
            self.shown,
            describe(self.kind.flag)
        );
        Ok(())
    }
}
