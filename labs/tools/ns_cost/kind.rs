//! What is measured: each type of namespace, and two sets of them.

use common::ns::{CLONE_NEWTIME, TYPES, Type};
use nix::sched::CloneFlags;

/// A type of namespace, or a set that one unshare() makes together.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) flags: CloneFlags,
}

impl Kind {
    /// The eight types, each by itself.
    pub(crate) fn each() -> Vec<Self> {
        let alone = |Type {
                         name, flag: flags, ..
                     }| Self { name, flags };
        TYPES.into_iter().map(alone).collect()
    }

    /// What most container engines give a container, and everything.
    pub(crate) fn sets() -> [Self; 2] {
        let every: CloneFlags = TYPES.into_iter().map(|each| each.flag).collect();
        let set = |name, flags| Self { name, flags };
        let clocks_and_users = CLONE_NEWTIME | CloneFlags::CLONE_NEWUSER;
        [
            set("container", every - clocks_and_users),
            set("all eight", every),
        ]
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = Type> {
        let flags = self.flags;
        TYPES
            .into_iter()
            .filter(move |each| flags.contains(each.flag))
    }
}
