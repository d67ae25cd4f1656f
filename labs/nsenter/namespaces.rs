//! Which namespaces are joined, and in which order.

use std::fs;
use std::os::fd::OwnedFd;

use common::ns::{TYPES, describe};
use common::process::pidfd_open;
use common::procfs::check_proc;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::unistd::{Pid, getpid};

use crate::args::{Args, Source};
use crate::door::Door;

/// The namespaces to join, each an open file.
pub(crate) struct Namespaces {
    of_files: Vec<Door>,
    of_target: Vec<Door>,
    target: Option<(Pid, OwnedFd)>,
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
        for kind in TYPES {
            match (args.namespaces.get(kind.name), args.target) {
                (Some(Source::Path(file)), _) => of_files.push(Door::open(kind, file)?),
                (Some(Source::Target), Some(pid)) => of_target.push(Door::of(pid, kind)?),
                (None, Some(pid)) if args.all => of_target.extend(Door::for_all(pid, kind)?),
                _ => {}
            }
        }
        if let Some(socket) = args.net_socket {
            let target = target.as_ref().ok_or(Errno::ESRCH);
            let target = target.step("pidfd_open", "of the target")?;
            of_files.push(Door::of_socket(target, socket)?);
        }
        if args.user_parent {
            let mut all = of_files.iter().chain(&of_target);
            let user = all
                .clone()
                .find(|door| door.is_user())
                .or_else(|| all.next());
            let parent = user.map(Door::owner).transpose()?;
            for doors in [&mut of_files, &mut of_target] {
                doors.retain(|door| !door.is_user());
            }
            of_files.extend(parent);
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
        let mut left = Self::try_before_the_user_namespace(&self.of_files);
        if !self.join_target_at_once()? {
            left.extend(Self::try_before_the_user_namespace(&self.of_target));
        }
        // Now the user namespace, if it is asked for, and then those that were refused.
        left.sort_by_key(|door| !door.is_user());
        for door in left {
            // A refused namespace of --all that is the caller's own needs no joining.
            if !door.own {
                setns(&door.fd, door.kind.flag).step("setns", &door.shown)?;
                door.explain();
            }
        }
        Ok(())
    }

    /// Joins those that let this process in as it is; the others are left, and among
    /// them the user namespace.
    fn try_before_the_user_namespace(doors: &[Door]) -> Vec<&Door> {
        let mut left = Vec::new();
        for door in doors {
            if door.is_user() {
                left.push(door);
                continue;
            }
            match setns(&door.fd, door.kind.flag) {
                Ok(()) => door.explain(),
                Err(_) => left.push(door),
            }
        }
        left
    }
    // ANCHOR_END: join

    // ANCHOR: at_once
    /// With a pidfd, one setns() joins every type: all or none, whatever becomes of
    /// the process and its number meanwhile, and in an order that the kernel chooses.
    /// Linux before 5.8 refuses it. Then, and where a capability is missing, nothing
    /// has changed, and the single files work or tell which of them is refused.
    fn join_target_at_once(&self) -> Result<bool> {
        let types = flags(&self.of_target);
        let Some((pid, pidfd)) = self.target.as_ref().filter(|_| !types.is_empty()) else {
            return Ok(false);
        };
        // ANCHOR: pidfd
        match setns(pidfd, types) {
            Ok(()) => {}
            // It has ended: what the files stand for may be of a process after it.
            Err(Errno::ESRCH) => return Err(Error::new("setns", pid, Errno::ESRCH)),
            Err(_) => return Ok(false),
        }
        // ANCHOR_END: pidfd
        explain!(
            "pidfd_open() and setns({}): in one\n\
             step to the namespaces of process {pid}\n\
             see: ls -l /proc/{}/ns",
            describe(types),
            getpid()
        );
        Ok(true)
    }
    // ANCHOR_END: at_once
}

/// A pidfd, where /proc counts PIDs as this process does. In a PID namespace
/// without a /proc of its own, PID is a number of that /proc, as for nsenter.
fn by_number(pid: Pid) -> Option<OwnedFd> {
    check_proc().ok()?;
    pidfd_open(pid).ok()
}

fn flags(doors: &[Door]) -> CloneFlags {
    doors.iter().map(|door| door.kind.flag).collect()
}
