//! What is measured: each type of namespace, and sets of them.

use common::namespace::{TYPES, Type};
use nix::sched::CloneFlags;

/// A type of namespace, or a set that one system call makes together.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) types: Vec<Type>,
}

/// What most container engines give a container: all but the clocks and the users.
const CONTAINER: [&str; 6] = ["cgroup", "ipc", "mnt", "net", "pid", "uts"];

impl Kind {
    /// The eight types, each by itself.
    pub(crate) fn each() -> Vec<Self> {
        let alone = |kind: Type| Self {
            name: kind.name,
            types: vec![kind],
        };
        TYPES.into_iter().map(alone).collect()
    }

    /// One type by itself, or nothing under an unknown name.
    pub(crate) fn named(name: &'static str) -> Self {
        Self {
            name,
            types: Type::named(name).into_iter().collect(),
        }
    }

    pub(crate) fn sets() -> Vec<Self> {
        let container = TYPES
            .into_iter()
            .filter(|kind| CONTAINER.contains(&kind.name));
        vec![
            Self {
                name: "container",
                types: container.collect(),
            },
            Self {
                name: "all eight",
                types: TYPES.to_vec(),
            },
        ]
    }

    pub(crate) fn flags(&self) -> CloneFlags {
        self.types.iter().map(|kind| kind.flag).collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.types.iter().any(|kind| kind.name == name)
    }
}

/// The file of the namespace that a process has made by unshare(): for these two
/// types it is the one of the children to come.
pub(crate) fn file(kind: Type) -> String {
    match kind.name {
        "pid" | "time" => format!("{kind}_for_children"),
        name => name.to_owned(),
    }
}
