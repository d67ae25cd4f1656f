//! The processes that are there, each held by its directory in /proc.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use common::ns::nsfs::get_id;
use common::{Error, Result, Step as _};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, fstat};
use nix::unistd::{Uid, getpid};

/// A fact, and where it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fact {
    pub(crate) value: String,
    pub(crate) source: String,
}

/// Why a fact is not known: that is never a "no".
#[derive(Clone, Debug)]
pub(crate) enum Unseen {
    /// It may not be looked at.
    Hidden(Errno),
    /// What it was about has ended.
    Gone,
}

/// By name.
pub(crate) type Facts = HashMap<String, Look<Rc<Fact>>>;

pub(crate) type Look<T = String> = std::result::Result<T, Unseen>;

impl From<Errno> for Unseen {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::ENOENT | Errno::ESRCH => Self::Gone,
            errno => Self::Hidden(errno),
        }
    }
}

impl From<io::Error> for Unseen {
    fn from(error: io::Error) -> Self {
        errno_of(&error).into()
    }
}

/// Only std's own errors, such as text that is not UTF-8, carry no errno.
pub(crate) fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// A process. Its directory stands for this one only, also when its PID is given to another.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) directory: OwnedFd,
    status: String,
    /// When it started, in clock ticks after the machine.
    pub(crate) started: u64,
    /// Whether its namespaces may be looked at.
    pub(crate) is_readable: bool,
}

impl Process {
    fn open(pid: i32) -> nix::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let path = format!("/proc/{pid}");
        let directory = nix::fcntl::open(path.as_str(), flags, Mode::empty())?;
        let mut process = Self {
            pid,
            directory,
            status: String::new(),
            started: 0,
            is_readable: true,
        };
        process.status = process.read("status")?;
        process.started = started(&process.read("stat")?);
        let handle = process.open_file("ns/user", OFlag::O_RDONLY);
        process.is_readable = !matches!(handle, Err(Errno::EACCES | Errno::EPERM));
        Ok(process)
    }

    pub(crate) fn read(&self, file: &str) -> nix::Result<String> {
        read_file(&self.directory, file)
    }

    pub(crate) fn open_file(&self, file: &str, flags: OFlag) -> nix::Result<OwnedFd> {
        openat(
            &self.directory,
            file,
            flags | OFlag::O_CLOEXEC,
            Mode::empty(),
        )
    }

    /// A field of proc_pid_status(5).
    pub(crate) fn status(&self, name: &str) -> &str {
        let fields = self.status.lines().filter_map(|line| line.split_once(':'));
        let mut values = fields.filter(|(field, _)| *field == name);
        values.next().map_or("", |(_, value)| value.trim())
    }

    pub(crate) fn name(&self) -> &str {
        self.status("Name")
    }

    pub(crate) fn is_zombie(&self) -> bool {
        self.status("State").starts_with('Z')
    }

    fn parent(&self) -> i32 {
        self.status("PPid").parse().unwrap_or_default()
    }

    /// What tells it from a later process with its PID.
    pub(crate) fn identity(&self) -> String {
        format!("{}:{}", self.pid, self.started)
    }

    fn is_of(&self, uid: Uid) -> bool {
        let mut uids = self.status("Uid").split_whitespace();
        uids.any(|text| text.parse() == Ok(uid.as_raw()))
    }
}

/// When a process started, from its proc_pid_stat(5): behind the name in brackets, which may
/// hold anything.
fn started(stat: &str) -> u64 {
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().nth(19);
    ticks
        .and_then(|ticks| ticks.parse().ok())
        .unwrap_or_default()
}

pub(crate) fn read_file(directory: &OwnedFd, path: &str) -> nix::Result<String> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let mut file = File::from(openat(directory, path, flags, Mode::empty())?);
    let mut text = Vec::new();
    let read = file.read_to_end(&mut text);
    read.map_err(|error| errno_of(&error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Everything that was looked at, held until all is compared: what is held keeps its number.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) me: Process,
    pub(crate) processes: Vec<Process>,
    namespaces: RefCell<HashMap<String, OwnedFd>>,
    /// The ports on which somebody listens, by network namespace: to list them takes long.
    pub(crate) listening: RefCell<HashMap<String, Look>>,
    /// By PID, then by fact.
    pub(crate) known: RefCell<HashMap<i32, Facts>>,
}

impl World {
    pub(crate) fn look() -> Result<Self> {
        allow_many_descriptors();
        let me = getpid().as_raw();
        let mut pids = Vec::new();
        for entry in fs::read_dir("/proc").step("open", "/proc")? {
            let name = entry.step("read", "/proc")?.file_name();
            pids.extend(name.to_str().and_then(|name| name.parse::<i32>().ok()));
        }
        let mut processes = Vec::new();
        for pid in pids.into_iter().filter(|pid| *pid != me) {
            match Process::open(pid) {
                Ok(process) => processes.push(process),
                Err(Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM) => {}
                Err(errno) => return Err(Error::new("open", format!("/proc/{pid}"), errno)),
            }
        }
        // The newest first: it is most likely the one that is meant.
        processes.sort_by_key(|process| std::cmp::Reverse((process.started, process.pid)));
        Ok(Self {
            me: Process::open(me).step("open", "/proc/self")?,
            processes,
            namespaces: RefCell::default(),
            listening: RefCell::default(),
            known: RefCell::default(),
        })
    }

    /// The name of a namespace: type and inode, and from Linux 6.18 on its 64-bit number.
    /// The descriptor is held, so that no other namespace gets that name meanwhile.
    pub(crate) fn name(&self, kind: &str, handle: OwnedFd) -> Look {
        let name = format!("{kind}:[{}]", fstat(&handle)?.st_ino);
        let id = get_id(&handle).map_or_else(|_| String::new(), |id| format!("#{id}"));
        let name = name + &id;
        self.namespaces
            .borrow_mut()
            .entry(name.clone())
            .or_insert(handle);
        Ok(name)
    }

    pub(crate) fn namespace(&self, process: &Process, link: &str) -> Look {
        let handle = process.open_file(&format!("ns/{link}"), OFlag::O_RDONLY)?;
        let kind = link.strip_suffix("_for_children").unwrap_or(link);
        self.name(kind, handle)
    }

    /// Processes that may be the learner's, began after this tick, and cannot be looked at:
    /// those of this user, and those that they have started, as sudo does.
    pub(crate) fn out_of_reach(&self, since: u64) -> Vec<&Process> {
        let uid = Uid::effective();
        let processes = self.processes.iter();
        let unreadable =
            processes.filter(|process| !process.is_readable && process.started >= since);
        unreadable
            .filter(|process| process.is_of(uid) || self.comes_from(process, uid))
            .collect()
    }

    fn comes_from(&self, process: &Process, uid: Uid) -> bool {
        let mut parent = process.parent();
        for _ in 0..100 {
            let Some(process) = self.processes.iter().find(|other| other.pid == parent) else {
                return false;
            };
            if process.is_of(uid) {
                return true;
            }
            parent = process.parent();
        }
        false
    }
}

/// One for each process, and one for each namespace.
fn allow_many_descriptors() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Where that is refused, a process too many is an error of its own.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most.min(1 << 20), most);
    }
}

/// When this process was started, in clock ticks after the machine.
pub(crate) fn ticks() -> Result<u64> {
    let me = Process::open(getpid().as_raw()).step("open", "/proc/self")?;
    Ok(me.started)
}

/// Which start of the machine this is.
pub(crate) fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

/// The parts of a name that a learner sees.
pub(crate) fn shown(value: &str) -> &str {
    let is_namespace = value.contains(":[");
    match value.split_once('#') {
        Some((name, _)) if is_namespace => name,
        _ => value,
    }
}
