//! Reads every process in /proc: its namespaces, its PIDs, its descriptors.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;

use common::{Error, Result, Step as _};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::{Mode, fstatat};

use crate::model::{Id, Process, World};
use crate::mounts;
use crate::relations::ask;

/// A process's own place in each type. A zombie has left all but two.
const LINKS: [&str; 8] = [
    "ns/cgroup",
    "ns/ipc",
    "ns/mnt",
    "ns/net",
    "ns/pid",
    "ns/time",
    "ns/user",
    "ns/uts",
];
/// Where its children will be born.
const FOR_CHILDREN: [&str; 2] = ["ns/pid_for_children", "ns/time_for_children"];
/// What one thread can leave without the others: not its user namespace, and its
/// PID namespace never changes.
const OF_THREADS: [&str; 8] = [
    "ns/cgroup",
    "ns/ipc",
    "ns/mnt",
    "ns/net",
    "ns/pid_for_children",
    "ns/time",
    "ns/time_for_children",
    "ns/uts",
];

/// Reads all of /proc.
///
/// # Errors
/// `open`: ENOENT where no proc is mounted on /proc; `read` for what is no matter
/// of a process that has ended or that may not be looked at.
pub(crate) fn collect() -> Result<World> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let proc = open("/proc", flags, Mode::empty()).step("open", "/proc")?;
    let pids = numbers_in("/proc").step("open", "/proc")?;
    if pids.is_empty() {
        return Err(Error::new("open", "/proc/self", Errno::ENOENT));
    }
    let mut world = World {
        own: own_pid().step("readlink", "/proc/self")?,
        // Every PID namespace has a PID 1, whether this process may see it or not.
        hidden: pids.first() != Some(&1),
        ..World::default()
    };
    for pid in pids {
        match read_process(&mut world, &proc, pid) {
            Ok(()) | Err(Errno::ENOENT | Errno::ESRCH) => {}
            Err(Errno::EACCES | Errno::EPERM) => {
                // The links of a process that has just ended answer EACCES, too.
                let there = fstatat(&proc, pid.to_string().as_str(), AtFlags::empty());
                world.unseen += usize::from(there.is_ok());
            }
            Err(errno) => return Err(Error::new("read", format!("/proc/{pid}"), errno)),
        }
    }
    mounts::collect(&mut world, &proc)?;
    world.tidy();
    Ok(world)
}

/// This process's PID in the PID namespace of /proc, which may be another than its own.
fn own_pid() -> nix::Result<Option<i32>> {
    match readlinkat(nix::fcntl::AT_FDCWD, "/proc/self") {
        Ok(text) => Ok(text.to_str().and_then(|text| text.parse().ok())),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The entries of a directory whose names are numbers, in order.
fn numbers_in(path: &str) -> nix::Result<Vec<i32>> {
    let raw = |error: std::io::Error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(path).map_err(raw)? {
        let name = entry.map_err(raw)?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

// ANCHOR: process
fn read_process(world: &mut World, proc: &OwnedFd, pid: i32) -> nix::Result<()> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let process = openat(proc, pid.to_string().as_str(), flags, Mode::empty())?;

    let mut namespaces = Vec::with_capacity(LINKS.len());
    for link in LINKS {
        namespaces.extend(follow(world, &process, link)?);
    }
    let status = Status::read(&process)?;
    for link in FOR_CHILDREN {
        add_handle(world, &process, &namespaces, pid, link)?;
    }
    for fd in numbers_in(&format!("/proc/{pid}/fd"))? {
        add_handle(world, &process, &[], pid, &format!("fd/{fd}"))?;
    }
    if status.threads > 1 {
        for thread in numbers_in(&format!("/proc/{pid}/task"))? {
            for link in OF_THREADS {
                let link = format!("task/{thread}/{link}");
                add_handle(world, &process, &namespaces, pid, &link)?;
            }
        }
    }
    world.add(Process {
        pid,
        command: status.name,
        pids: status.pids,
        namespaces,
    });
    Ok(())
}
// ANCHOR_END: process

/// The namespace that a link of a process names. The first time, it is opened and
/// asked about; that none is opened twice is what makes reading fast.
fn follow(world: &mut World, process: &OwnedFd, link: &str) -> nix::Result<Option<Id>> {
    let text = match readlinkat(process, link) {
        Ok(text) => text,
        Err(Errno::ENOENT) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let Some(id) = text.to_str().and_then(Id::parse) else {
        return Ok(None);
    };
    if !world.namespaces.contains_key(&id) {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        ask(world, openat(process, link, flags, Mode::empty())?)?;
    }
    Ok(Some(id))
}

/// Remembers a path that leads to a namespace, unless the process is in there anyway.
fn add_handle(
    world: &mut World,
    process: &OwnedFd,
    besides: &[Id],
    pid: i32,
    link: &str,
) -> nix::Result<()> {
    let found = follow(world, process, link)?.filter(|id| !besides.contains(id));
    if let Some(namespace) = found.and_then(|id| world.namespaces.get_mut(&id)) {
        namespace.handles.push(format!("/proc/{pid}/{link}"));
    }
    Ok(())
}

/// Three lines of proc_pid_status(5).
struct Status {
    name: String,
    pids: Vec<i32>,
    threads: usize,
}

impl Status {
    fn read(process: &OwnedFd) -> nix::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let file = openat(process, "status", flags, Mode::empty())?;
        let mut text = [0; 4096];
        let length = File::from(file)
            .read(&mut text)
            .map_err(|error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw))?;
        let text = text.get(..length).unwrap_or_default();
        let field = |name: &[u8]| {
            let mut lines = text.split(|&byte| byte == b'\n');
            let value = lines
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default();
            String::from_utf8_lossy(value.trim_ascii()).into_owned()
        };
        let pids = field(b"NSpid:");
        Ok(Self {
            name: common::output::printable(OsStr::from_bytes(field(b"Name:").as_bytes())),
            pids: pids
                .split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect(),
            threads: field(b"Threads:").parse().unwrap_or(1),
        })
    }
}
