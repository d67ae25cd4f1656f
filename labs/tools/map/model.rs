//! The namespaces and processes that were found, and who belongs to what.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;

use common::ns::{TYPES, Type};
use nix::libc::{dev_t, ino_t};

/// Names a namespace. That nsfs is one device, so that the inode number alone tells
/// two of a type apart, is how the kernel does it: the links' texts hold no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) inode: ino_t,
    pub(crate) kind: &'static str,
}

impl Id {
    /// From the text of a link, such as `uts:[4026531838]`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, inode) = text.strip_suffix(']')?.split_once(":[")?;
        Some(Self {
            kind: Type::named(kind)?.name,
            inode: inode.parse().ok()?,
        })
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:[{}]", self.kind, self.inode)
    }
}

/// A namespace: what the kernel says of it, and what keeps it alive.
#[derive(Debug, Default)]
pub(crate) struct Namespace {
    /// The number that no other namespace gets, from Linux 6.18 on.
    pub(crate) id: Option<u64>,
    /// The user namespace that owns it; `None` where that is out of reach. For a
    /// user namespace it is the parent, too.
    pub(crate) owner: Option<Id>,
    /// The PID or user namespace around it.
    pub(crate) parent: Option<Id>,
    /// Who made it, if it is a user namespace.
    pub(crate) owner_uid: Option<u32>,
    /// The processes in it, by PID.
    pub(crate) members: Vec<i32>,
    /// Paths that lead to it without being a process's own place: bind mounts,
    /// open descriptors, threads elsewhere, a place for later children.
    pub(crate) handles: Vec<OsString>,
    /// Whether the kernel's own list of mount namespaces has it.
    pub(crate) is_listed: bool,
}

impl Namespace {
    fn is_held(&self) -> bool {
        self.is_listed || !self.members.is_empty() || !self.handles.is_empty()
    }
}

/// A process that could be read.
#[derive(Debug)]
pub(crate) struct Process {
    /// In the PID namespace that /proc was mounted for.
    pub(crate) pid: i32,
    /// The name of its program, as a terminal may show it.
    pub(crate) command: String,
    /// That name as it is.
    pub(crate) name: String,
    /// Whether it runs kernel code only.
    pub(crate) is_kernel_thread: bool,
    /// In that namespace, and in each one from there to its own.
    pub(crate) pids: Vec<i32>,
    /// Up to one of each type; a zombie has left most of them.
    pub(crate) namespaces: Vec<Id>,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) namespaces: BTreeMap<Id, Namespace>,
    pub(crate) processes: BTreeMap<i32, Process>,
    /// This process, if /proc shows it.
    pub(crate) own: Option<i32>,
    /// The device of the namespaces' own files.
    pub(crate) nsfs: dev_t,
    /// How many processes did not let this one look.
    pub(crate) unseen: usize,
    /// Whether /proc shows no more than the caller's processes (hidepid).
    pub(crate) hidden: bool,
}

impl World {
    /// Adds a process, and makes it a member of its namespaces.
    pub(crate) fn add(&mut self, process: Process) {
        for id in &process.namespaces {
            let namespace = self.namespaces.entry(*id).or_default();
            namespace.members.push(process.pid);
        }
        self.processes.insert(process.pid, process);
    }

    /// Removes what nothing was found to keep alive: the processes that led there
    /// ended while they were read. Puts the handles that do not end with a process first.
    pub(crate) fn tidy(&mut self) {
        for namespace in self.namespaces.values_mut() {
            let of_process = |path: &OsString| path.as_encoded_bytes().starts_with(b"/proc/");
            namespace.handles.sort_by_key(of_process);
            // A mount that came to its own peer as well stands in mountinfo twice.
            let mut seen = BTreeSet::new();
            namespace.handles.retain(|path| seen.insert(path.clone()));
        }
        loop {
            let found = self.namespaces.values();
            let around = found.flat_map(|namespace| [namespace.owner, namespace.parent]);
            let needed: BTreeSet<Id> = around.flatten().collect();
            let before = self.namespaces.len();
            self.namespaces
                .retain(|id, namespace| namespace.is_held() || needed.contains(id));
            if self.namespaces.len() == before {
                return;
            }
        }
    }

    /// All namespaces in an order that is the same in each run: by type, the user
    /// namespaces last, then by the first process or handle.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = Id> + use<> {
        let mut found: Vec<_> = self.namespaces.iter().collect();
        found.sort_by_key(|(id, namespace)| {
            let first = namespace.members.first().copied().unwrap_or(i32::MAX);
            let place = TYPES.iter().position(|kind| kind.name == id.kind);
            let is_user = id.kind == "user";
            (is_user, place, first, &namespace.handles, id.inode)
        });
        let ids: Vec<Id> = found.into_iter().map(|(id, _)| *id).collect();
        ids.into_iter()
    }
}
