//! Reads every process in /proc: its namespaces, its PIDs, its descriptors.

use std::ffi::{CString, OsStr};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;

use common::lab::printable;
use common::ns::TYPES;
use common::ns::nsfs::device_at;
use common::{Error, Result, Step as _};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::{Mode, fstatat};

use crate::model::{Id, Process, World};
use crate::relations::ask;
use crate::{listed, mounts, sockets};

/// Where a process's children will be born.
const FOR_CHILDREN: [&str; 2] = ["pid_for_children", "time_for_children"];

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
        nsfs: fs::metadata("/proc/self/ns/mnt").map_or(0, |file| file.dev()),
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
    listed::collect(&mut world)?;
    world.tidy();
    Ok(world)
}

/// This process's PID in the PID namespace of /proc, which may be another than its own.
fn own_pid() -> nix::Result<Option<i32>> {
    match fs::read_link("/proc/self").map_err(raw) {
        Ok(text) => Ok(text.to_str().and_then(|text| text.parse().ok())),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The entries of a directory whose names are numbers, in order.
fn numbers_in(path: &str) -> nix::Result<Vec<i32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(path).map_err(raw)? {
        let name = entry.map_err(raw)?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

pub(crate) fn open_at(directory: &OwnedFd, path: &str, flags: OFlag) -> nix::Result<OwnedFd> {
    openat(directory, path, flags | OFlag::O_CLOEXEC, Mode::empty())
}

pub(crate) fn raw(error: io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

// ANCHOR: process
fn read_process(world: &mut World, proc: &OwnedFd, pid: i32) -> nix::Result<()> {
    let process = open_at(proc, &pid.to_string(), OFlag::O_PATH | OFlag::O_DIRECTORY)?;

    // A zombie has left all but two.
    let mut namespaces = Vec::with_capacity(TYPES.len());
    for kind in TYPES {
        namespaces.extend(follow(world, &process, &format!("ns/{kind}"))?);
    }
    let status = Status::read(&process)?;
    for link in FOR_CHILDREN {
        add_handle(world, &process, &namespaces, pid, &format!("ns/{link}"))?;
    }
    for fd in numbers_in(&format!("/proc/{pid}/fd"))? {
        let link = format!("fd/{fd}");
        add_handle(world, &process, &[], pid, &link)?;
        sockets::add(world, &process, &namespaces, (pid, fd), &link)?;
    }
    if status.threads > 1 {
        // What one thread can leave without the others: not its user namespace, and its
        // PID namespace never changes.
        let types = TYPES.iter().map(|kind| kind.name);
        let types = types.filter(|name| !["user", "pid"].contains(name));
        let links: Vec<_> = types.chain(FOR_CHILDREN).collect();
        for thread in numbers_in(&format!("/proc/{pid}/task"))? {
            for link in &links {
                let link = format!("task/{thread}/ns/{link}");
                add_handle(world, &process, &namespaces, pid, &link)?;
            }
        }
    }
    world.add(Process {
        pid,
        command: printable(status.name.as_ref()),
        name: status.name,
        is_kernel_thread: status.is_kernel_thread,
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
        return follow_path(world, process, link, &text);
    };
    if !world.namespaces.contains_key(&id) {
        ask(world, open_at(process, link, OFlag::O_RDONLY)?)?;
    }
    Ok(Some(id))
}

/// What was opened through a bind mount has the text of a path, be the mount there or gone:
/// its device tells that it is a namespace's file.
fn follow_path(
    world: &mut World,
    process: &OwnedFd,
    link: &str,
    text: &OsStr,
) -> nix::Result<Option<Id>> {
    let path = text.as_encoded_bytes();
    let is_path = path.starts_with(b"/") || path.starts_with(b"(unreachable)");
    let Some(name) = CString::new(link).ok().filter(|_| is_path) else {
        return Ok(None);
    };
    match device_at(process, &name) {
        Ok(device) if device == world.nsfs => ask(world, open_at(process, link, OFlag::O_RDONLY)?),
        // Closed again by now, or out of reach: no namespace in any case.
        _ => Ok(None),
    }
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
        namespace.handles.push(format!("/proc/{pid}/{link}").into());
    }
    Ok(())
}

/// Three lines of proc_pid_status(5).
struct Status {
    name: String,
    pids: Vec<i32>,
    threads: usize,
    is_kernel_thread: bool,
}

impl Status {
    fn read(process: &OwnedFd) -> nix::Result<Self> {
        let mut file = File::from(open_at(process, "status", OFlag::O_RDONLY)?);
        let mut text = Vec::with_capacity(4096);
        file.read_to_end(&mut text).map_err(raw)?;
        let field = |name: &str| {
            let mut lines = text.split(|&byte| byte == b'\n');
            let value = lines.find_map(|line| line.strip_prefix(name.as_bytes()));
            String::from_utf8_lossy(value.unwrap_or_default().trim_ascii())
        };
        let pids = field("NSpid:");
        // kthreadd, which is process 2 of the machine, and its children.
        let is_of_kthreadd = field("PPid:") == "2" || (field("PPid:") == "0" && pids == "2");
        Ok(Self {
            name: unescape(&field("Name:")),
            pids: pids.split_whitespace().flat_map(str::parse).collect(),
            is_kernel_thread: is_of_kthreadd && field("VmSize:").is_empty(),
            threads: field("Threads:").parse().unwrap_or(1),
        })
    }
}

/// In the line with the name, line ends and backslashes stand as `\n` and `\\`.
fn unescape(name: &str) -> String {
    let mut parts = name.split("\\\\").map(|part| part.replace("\\n", "\n"));
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |name, part| name + "\\" + &part)
}
