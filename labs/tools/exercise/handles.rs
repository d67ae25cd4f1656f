//! Handles of namespaces: open descriptors and bind mounts.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use common::ns::nsfs::{get_nstype, open_mounted};
use common::procfs::parse_mounts;
use nix::fcntl::{OFlag, readlinkat};
use nix::unistd::gethostname;

use crate::inside::ask;
use crate::world::{Fact, Look, Unseen, World};

/// Something that refers to a namespace without being a process in it.
#[derive(Debug)]
pub(crate) struct Handle {
    /// Where it is, as a learner would name it.
    pub(crate) place: String,
    kind: &'static str,
    name: String,
    namespace: OwnedFd,
}

impl World {
    /// Those of the processes that may be looked at.
    pub(crate) fn handles(&self) -> Vec<Handle> {
        let mut handles = Vec::new();
        let mut mount_namespaces = BTreeSet::new();
        for process in &self.processes {
            let pid = process.pid;
            let descriptors = fs::read_dir(format!("/proc/{pid}/fd"));
            for descriptor in descriptors.into_iter().flatten().flatten() {
                let link = format!("fd/{}", descriptor.file_name().to_string_lossy());
                let text = readlinkat(&process.directory, link.as_str()).unwrap_or_default();
                if text.to_string_lossy().contains(":[") {
                    let handle = process.open_file(&link, OFlag::O_RDONLY);
                    handles.extend(
                        handle
                            .ok()
                            .and_then(|handle| self.handle(format!("/proc/{pid}/{link}"), handle)),
                    );
                }
            }
            if !self
                .namespace(process, "mnt")
                .is_ok_and(|name| mount_namespaces.insert(name))
            {
                continue; // Its mounts are those of a process before.
            }
            let Ok(root) = process.open_file("root", OFlag::O_PATH) else {
                continue;
            };
            let mounts = process.read("mountinfo").unwrap_or_default();
            for mount in parse_mounts(mounts.as_bytes()) {
                if mount.kind == "nsfs" {
                    let place = format!("/proc/{pid}/root{}", mount.point.display());
                    let handle = open_mounted(&root, &mount.point);
                    handles.extend(handle.ok().and_then(|handle| self.handle(place, handle)));
                }
            }
        }
        handles
    }

    fn handle(&self, place: String, namespace: OwnedFd) -> Option<Handle> {
        let kind = get_nstype(&namespace).ok()??.name;
        let name = self.name(kind, namespace.try_clone().ok()?).ok()?;
        Some(Handle {
            place,
            kind,
            name,
            namespace,
        })
    }

    /// A fact of a handle; `None` where no fact has this name.
    pub(crate) fn fact_of_handle(&self, of: &Handle, name: &str) -> Option<Look<Rc<Fact>>> {
        let (value, how): (Look, _) = match name {
            "ns" => (Ok(of.name.clone()), "stat of"),
            "kind" => (Ok(of.kind.to_owned()), "NS_GET_NSTYPE of"),
            "members" => (
                Ok(self.members(of).to_string()),
                "the processes whose ns entry is",
            ),
            "hostname" => (self.hostname(of), "gethostname() in"),
            _ => return None,
        };
        let source = format!("{how} {}", of.place);
        Some(value.map(|value| Rc::new(Fact { value, source })))
    }

    fn members(&self, of: &Handle) -> usize {
        let processes = self.processes.iter();
        let inside = processes.filter(|process| {
            self.namespace(process, of.kind)
                .is_ok_and(|name| name == of.name)
        });
        inside.count()
    }

    fn hostname(&self, of: &Handle) -> Look {
        let own = self.me.open_file("ns/user", OFlag::O_RDONLY)?;
        let name = || gethostname().map(|name| name.to_string_lossy().into_owned());
        ask(&of.namespace, &own, name).map_err(Unseen::from)
    }
}
