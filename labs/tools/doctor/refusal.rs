//! A step that was refused, and what the causes ask about it.

use std::fmt;
use std::path::Path;

use common::Error;
use common::ns::{TYPES, Type};
use nix::errno::Errno;
use nix::sched::CloneFlags;

use crate::evidence;

/// A failed step, in the words that a lab would use for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) step: String,
    pub(crate) object: String,
    pub(crate) errno: Errno,
    /// The namespaces that were asked for.
    pub(crate) flags: CloneFlags,
}

impl Refusal {
    /// Whether this step was refused so.
    pub(crate) fn is(&self, step: &str, errno: Errno) -> bool {
        self.step == step && self.errno == errno
    }

    pub(crate) fn is_denied(&self) -> bool {
        matches!(self.errno, Errno::EPERM | Errno::EACCES)
    }

    pub(crate) fn makes_namespaces(&self) -> bool {
        self.step == "unshare" || self.step == "clone"
    }

    /// EPERM to who makes a user namespace.
    pub(crate) fn denies_user_namespaces(&self) -> bool {
        self.errno == Errno::EPERM && self.flags.contains(CloneFlags::CLONE_NEWUSER)
    }

    /// The types of namespace that were asked for.
    fn types(&self) -> impl Iterator<Item = Type> {
        let flags = self.flags;
        let is_asked_for = move |kind: &Type| flags.contains(kind.flag);
        TYPES.into_iter().filter(is_asked_for)
    }

    /// What limits them in the caller's user namespace, where a limit has refused.
    pub(crate) fn limits(&self) -> Vec<(Type, Option<i64>)> {
        let is_limit = matches!(self.errno, Errno::ENOSPC | Errno::EUSERS);
        let types = self.types().filter(|_| is_limit);
        types.map(|kind| (kind, evidence::limit(kind))).collect()
    }

    /// A type that the kernel lacks.
    pub(crate) fn missing_type(&self) -> Option<&str> {
        if self.errno == Errno::EINVAL {
            let missing = self.types().find(|kind| !evidence::has_type(kind));
            return missing.map(|kind| kind.name);
        }
        let (_, name) = self.object.rsplit_once("/ns/")?;
        self.misses("/proc").then_some(name)
    }

    /// A file below this directory is not there.
    pub(crate) fn misses(&self, directory: &str) -> bool {
        let is_lookup = ["open", "readlink", "write"].contains(&self.step.as_str());
        let is_missed = is_lookup && self.errno == Errno::ENOENT;
        is_missed && self.object.starts_with(directory)
    }

    /// A file at or below this path could not be opened, or says nothing.
    pub(crate) fn looks_below(&self, path: &str) -> bool {
        let is_looking = ["open", "readlink", "read", "write"].contains(&self.step.as_str());
        is_looking && Path::new(&self.object).starts_with(path)
    }

    /// A fresh proc was denied.
    pub(crate) fn denies_proc(&self) -> bool {
        self.is("mount", Errno::EPERM) && self.object == "proc on /proc"
    }

    /// One of the three files of a user namespace was denied.
    pub(crate) fn denies_maps(&self) -> bool {
        let maps = ["/setgroups", "/uid_map", "/gid_map"];
        self.is_denied() && maps.iter().any(|map| self.object.ends_with(map))
    }

    /// What could not be mounted, and where.
    pub(crate) fn mount(&self, errno: Errno) -> Option<(&str, &str)> {
        let mount = self.object.split_once(" on ");
        mount.filter(|_| self.is("mount", errno))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.step, self.object, self.errno)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Step(failure) => Self {
                step: failure.step.to_owned(),
                object: failure.object,
                errno: failure.errno,
                flags: failure.flags,
            },
            Error::ChildKilled(signal) => {
                Error::new("waitpid", format!("signal {signal}"), Errno::EINTR).into()
            }
            Error::Usage { .. } | Error::ReaderLeft | Error::PeerGone | Error::ChildFailed(_) => {
                Error::new("read", "from a checkpoint", Errno::EPIPE).into()
            }
        }
    }
}
