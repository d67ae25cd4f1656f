//! The eight types of namespaces, their flags, and their files in /proc/PID/ns.

use std::fmt;
use std::fs;

use nix::libc::{self, ino_t};
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
    /// The inode number of the namespace that the machine starts with, as linux/nsfs.h has
    /// it. Those of `mnt` and `net` are fixed since Linux 6.18.
    pub initial: ino_t,
}

/// CLONE_NEWTIME, which nix does not name. It lies in the byte that clone(2)
/// takes the exit signal from; unshare(2), setns(2) and clone3(2) understand it.
pub const CLONE_NEWTIME: CloneFlags = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);

/// Every type, in the alphabetical order of /proc/PID/ns.
pub const TYPES: [Type; 8] = [
    Type::new("cgroup", CloneFlags::CLONE_NEWCGROUP, 0xEFFF_FFFB),
    Type::new("ipc", CloneFlags::CLONE_NEWIPC, 0xEFFF_FFFF),
    Type::new("mnt", CloneFlags::CLONE_NEWNS, 0xEFFF_FFF8),
    Type::new("net", CloneFlags::CLONE_NEWNET, 0xEFFF_FFF9),
    Type::new("pid", CloneFlags::CLONE_NEWPID, 0xEFFF_FFFC),
    Type::new("time", CLONE_NEWTIME, 0xEFFF_FFFA),
    Type::new("user", CloneFlags::CLONE_NEWUSER, 0xEFFF_FFFD),
    Type::new("uts", CloneFlags::CLONE_NEWUTS, 0xEFFF_FFFE),
];

impl Type {
    const fn new(name: &'static str, flag: CloneFlags, initial: ino_t) -> Self {
        Self {
            name,
            flag,
            initial,
        }
    }

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

/// Whether this process is in the namespace of this type that the machine has started with.
///
/// # Errors
/// `readlink`: ENOENT without /proc, or where it is that of a PID namespace without this process.
pub fn is_in_initial(name: &str) -> Result<bool> {
    let path = format!("/proc/self/ns/{name}");
    let own = fs::read_link(&path).step("readlink", path)?;
    let initial = |kind: &Type| format!("{kind}:[{}]", kind.initial);
    Ok(TYPES
        .iter()
        .any(|kind| own.as_os_str() == initial(kind).as_str()))
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
