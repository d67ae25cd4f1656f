//! The eight types of namespaces, and what belongs to one of them.

mod cgroup;
mod descriptor;
mod mount_tree;
mod mounts;
pub mod nsfs;
mod root_directory;
pub mod sysv;
mod types;
mod uts;

pub use cgroup::Hierarchy;
pub(crate) use descriptor::own_descriptor;
pub use mount_tree::{Attributes, fsmount, mount_setattr, move_mount, open_tree};
pub use mounts::{
    atime_flags, covers_of_proc, is_pid_namespace_of_others, make_private, mount_proc, mount_tmpfs,
};
pub use root_directory::RootDirectory;
pub use types::{CLONE_NEWTIME, TYPES, Type, describe, is_in_initial, link};
pub use uts::setdomainname;
