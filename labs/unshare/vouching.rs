//! Why newuidmap(1) or newgidmap(1) has refused a map.

use std::env;
use std::os::unix::fs::MetadataExt as _;

use common::lab::printable;
use common::procfs;
use nix::sys::statvfs::{FsFlags, statvfs};

/// These programs write a map by rights of their own, which they get by their set-user-ID
/// bit (or by file capabilities). Without these rights they say EPERM to every range.
pub(crate) fn hint(program: &str, subids: &str) -> String {
    let paths = env::var_os("PATH").unwrap_or_default();
    let mut candidates = env::split_paths(&paths).map(|folder| folder.join(program));
    let path = candidates.find(|path| path.is_file()).unwrap_or_default();
    let shown = printable(path.as_os_str());
    let no_new_privileges = procfs::field("self", "NoNewPrivs").ok().flatten();
    if no_new_privileges.as_deref() == Some("1") {
        return format!(
            "under no_new_privs {program} gets no rights: start outside of what has set it, such as a \
             service with NoNewPrivileges=yes or a container with no-new-privileges"
        );
    }
    if statvfs(&path).is_ok_and(|file_system| file_system.flags().contains(FsFlags::ST_NOSUID)) {
        return format!(
            "{shown} is on a mount with nosuid, where it gets no rights: see `findmnt -T {shown}`"
        );
    }
    const SET_USER_ID: u32 = 0o4000;
    if path
        .metadata()
        .is_ok_and(|file| file.mode() & SET_USER_ID == 0)
    {
        return format!(
            "{shown} has no set-user-ID bit, so it gets no rights unless it has file capabilities \
             (`getcap {shown}`): sudo chmod u+s {shown}, or install its package again"
        );
    }
    format!(
        "its own message says which range; an ordinary user may map IDs that a line of {subids} \
         delegates, and their own"
    )
}
