//! The eight types of namespaces, their flags, and their files in /proc/PID/ns.

use std::fmt;
use std::fs;

use nix::libc;
use nix::sched::CloneFlags;
use nix::unistd::Pid;

use crate::lab::{Arg, Result, Step as _};

/// One of the eight types of namespaces(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    /// Its file in /proc/PID/ns, and its name in a link's text.
    pub name: &'static str,
    /// Its flag for clone(2), unshare(2) and setns(2).
    pub flag: CloneFlags,
}

/// CLONE_NEWTIME, which nix does not name. It lies in the byte that clone(2)
/// takes the exit signal from; unshare(2), setns(2) and clone3(2) understand it.
pub const CLONE_NEWTIME: CloneFlags = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);

/// Every type, in the alphabetical order of /proc/PID/ns.
pub const TYPES: [Type; 8] = [
    Type {
        name: "cgroup",
        flag: CloneFlags::CLONE_NEWCGROUP,
    },
    Type {
        name: "ipc",
        flag: CloneFlags::CLONE_NEWIPC,
    },
    Type {
        name: "mnt",
        flag: CloneFlags::CLONE_NEWNS,
    },
    Type {
        name: "net",
        flag: CloneFlags::CLONE_NEWNET,
    },
    Type {
        name: "pid",
        flag: CloneFlags::CLONE_NEWPID,
    },
    Type {
        name: "time",
        flag: CLONE_NEWTIME,
    },
    Type {
        name: "user",
        flag: CloneFlags::CLONE_NEWUSER,
    },
    Type {
        name: "uts",
        flag: CloneFlags::CLONE_NEWUTS,
    },
];

impl Type {
    /// The type with this name, as /proc/PID/ns spells it.
    pub fn named(name: &str) -> Option<Self> {
        TYPES.into_iter().find(|kind| kind.name == name)
    }

    /// The type that unshare(1) and nsenter(1) mean by an option.
    pub fn of_option(option: &Arg<'_>) -> Option<Self> {
        Self::named(match option {
            Arg::Short('C') | Arg::Long("cgroup") => "cgroup",
            Arg::Short('i') | Arg::Long("ipc") => "ipc",
            Arg::Short('m') | Arg::Long("mount") => "mnt",
            Arg::Short('n') | Arg::Long("net") => "net",
            Arg::Short('p') | Arg::Long("pid") => "pid",
            Arg::Short('T') | Arg::Long("time") => "time",
            Arg::Short('U') | Arg::Long("user") => "user",
            Arg::Short('u') | Arg::Long("uts") => "uts",
            _ => return None,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The text of a link such as /proc/4242/ns/uts: `uts:[4026531838]`. Two
/// processes are in one namespace if the texts are equal, see namespaces(7).
///
/// # Errors
/// `readlink`: ENOENT without /proc or such a process, EACCES for a process
/// that this one may not trace.
pub fn link(pid: Pid, name: &str) -> Result<String> {
    let path = format!("/proc/{pid}/ns/{name}");
    fs::read_link(&path)
        .map(|text| text.to_string_lossy().into_owned())
        .step("readlink", path)
}

/// The flags as they stand in the source: `CLONE_NEWPID | CLONE_NEWNET`.
pub fn describe(flags: CloneFlags) -> String {
    let time = flags.contains(CLONE_NEWTIME).then_some("CLONE_NEWTIME");
    let names: Vec<_> = flags
        .iter_names()
        .map(|(name, _)| name)
        .chain(time)
        .collect();
    if names.is_empty() {
        "0".into()
    } else {
        names.join(" | ")
    }
}
