//! cgroup hierarchies: where they are mounted, and where a process is in them.

use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::lab::{Error, Result, Step as _};
use crate::procfs::{Mount, mounts_of};

/// The version 1 hierarchies that a process can be moved in at once, best first. In
/// the others (cpuset) a new cgroup must be configured before it takes a process.
const PLAIN_V1: [&str; 5] = ["name=systemd", "pids", "freezer", "devices", "memory"];

/// A mounted cgroup hierarchy, see cgroups(7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// Where it is mounted.
    pub mount_point: PathBuf,
    /// Whether a cgroup namespace is a wall in it as well: the mount option of version 2 that
    /// counts for the whole machine.
    pub nsdelegate: bool,
    /// Its name in /proc/PID/cgroup; version 2 has an empty one.
    name: String,
}

impl Hierarchy {
    /// The version 2 hierarchy; where there is none, or `v1` is asked for, one of version 1.
    ///
    /// # Errors
    /// `open`: ENOENT without /proc; `find`: ENOENT where none is mounted.
    pub fn find(v1: bool) -> Result<Self> {
        let mounts = mounts_of("self")?;
        let v2 = mounts
            .iter()
            .find(|mount| !v1 && mount.kind == "cgroup2")
            .map(|mount| (mount, ""));
        let found = v2.or_else(|| {
            PLAIN_V1.into_iter().find_map(|name| {
                let is_it = |mount: &&Mount| mount.kind == "cgroup" && has(mount, name);
                mounts.iter().find(is_it).map(|mount| (mount, name))
            })
        });
        let what = if v1 { "cgroup v1" } else { "cgroup" };
        let (mount, name) =
            found.ok_or_else(|| Error::new("find", format!("a {what} mount"), Errno::ENOENT))?;
        Ok(Self {
            mount_point: mount.point.clone(),
            nsdelegate: has(mount, "nsdelegate"),
            name: name.to_owned(),
        })
    }

    /// The cgroup of a process, from /proc/PID/cgroup. The kernel writes the path
    /// relative to the root of the *reader's* cgroup namespace.
    ///
    /// # Errors
    /// `open`: ENOENT without /proc or such a process.
    pub fn path_of(&self, pid: Pid) -> Result<String> {
        let file = format!("/proc/{pid}/cgroup");
        let text = fs::read_to_string(&file).step("open", &file)?;
        // Each line is ID:NAMES:PATH, and a path may hold a colon.
        let path = text.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (names, path) = rest.split_once(':')?;
            names
                .split(',')
                .any(|name| name == self.name)
                .then(|| path.to_owned())
        });
        path.ok_or_else(|| Error::new("read", file, Errno::ENOENT))
    }

    /// The cgroup that the mount shows at its mount point: the root field of
    /// /proc/self/mountinfo, relative to the reader's namespace as well.
    ///
    /// # Errors
    /// `open`: ENOENT without /proc; `find`: ENOENT if it is mounted no more.
    pub fn mount_root(&self) -> Result<PathBuf> {
        let mounts = mounts_of("self")?;
        // Of several on one directory it is the last that is seen.
        let mut mounts = mounts.into_iter();
        let mount = mounts.rfind(|mount| self.mount_point == mount.point);
        mount
            .map(|mount| mount.root)
            .ok_or_else(|| Error::new("find", self.mount_point.display(), Errno::ENOENT))
    }

    /// The directory of a process's cgroup, below the mount point.
    ///
    /// # Errors
    /// As [`path_of`](Self::path_of); `find`: ENOENT for a cgroup that the mount does not show.
    pub fn directory_of(&self, pid: Pid) -> Result<PathBuf> {
        let (path, root) = (self.path_of(pid)?, self.mount_root()?);
        match Path::new(&path).strip_prefix(&root) {
            Ok(below)
                if below
                    .components()
                    .all(|c| matches!(c, Component::Normal(_))) =>
            {
                Ok(self.mount_point.join(below))
            }
            _ => Err(Error::new("find", format!("cgroup {path}"), Errno::ENOENT)),
        }
    }

    /// Where a cgroup with these controllers can be made for a child of a process: beside
    /// its own, since one that has processes hands no controllers out, see cgroups(7).
    ///
    /// # Errors
    /// As [`directory_of`](Self::directory_of); `find`: ENOENT where a controller is not
    /// handed out.
    pub fn parent_with(&self, controllers: &[&str], pid: Pid) -> Result<PathBuf> {
        let own = self.directory_of(pid)?;
        let top = own == self.mount_point;
        let parent = own.parent().filter(|_| !top).unwrap_or(&own).to_owned();
        let file = parent.join("cgroup.subtree_control");
        let handed_out = fs::read_to_string(&file).step("read", file.display())?;
        for name in controllers {
            if !handed_out.split_whitespace().any(|has| has == *name) {
                let object = format!("{name} in {}", file.display());
                return Err(Error::new("find", object, Errno::ENOENT));
            }
        }
        Ok(parent)
    }
}

/// `cgroup v2`, or `cgroup v1 (pids)`.
impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => f.write_str("cgroup v2"),
            name => write!(f, "cgroup v1 ({name})"),
        }
    }
}

fn has(mount: &Mount, option: &str) -> bool {
    mount.options.split(',').any(|has| has == option)
}
