//! Who a process is: users, groups, capabilities, and the user namespace that maps them.

mod change;
mod id_map;
mod identity;
pub mod keyring;
mod securebits;
mod subordinate;
mod user_namespace;
mod xattr;

pub use change::{drop_groups, failed, make_capabilities_ambient, set_gid, set_uid};
pub use id_map::{is_mapped, map_ids, map_to_root, read_map, write_map};
pub use identity::{
    Identity, become_ordinary_user, become_user, drop_to_ordinary_user, ordinary_user,
};
pub use securebits::{
    bounding_set, drop_from_bounding_set, seccomp_mode, securebits, set_securebits,
};
pub use subordinate::{first_block, user_name};
pub use user_namespace::{Capability, enter_unless_capable, enter_with_ids, is_capable, nsenter};
pub use xattr::{getxattr, setxattr};
