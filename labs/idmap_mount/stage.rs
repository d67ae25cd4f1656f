//! Where the lab works: a tmpfs in a mount namespace of its own, and whose files are on it.

use std::fs::{self, File};
use std::os::unix::fs::chown;

use common::credentials::{Capability, enter_with_ids, is_mapped};
use common::ns::{fsmount, make_private, move_mount};
use common::process::set_umask;
use common::{Result, Step as _, explain, say};
use nix::sched::{CloneFlags, unshare};

/// A directory that every machine has.
pub(crate) const STAGE: &str = "/tmp";
/// One directory, by the mount that it is on and by another.
pub(crate) const HOME: &str = "/tmp/home";
pub(crate) const MAPPED: &str = "/tmp/mapped";

const NEEDED: [Capability; 3] = [
    Capability::CAP_SYS_ADMIN,
    Capability::CAP_SETUID,
    Capability::CAP_CHOWN,
];

/// Whose the files are on disk, and who the container's root is out here.
#[derive(Clone, Copy)]
pub(crate) struct Users {
    pub(crate) owner: u32,
    pub(crate) root: u32,
}

const TWO: Users = Users {
    owner: 1000,
    root: 10_000,
};
/// A user without delegated IDs has only one.
pub(crate) const ONE: Users = Users { owner: 0, root: 0 };

const ONLY_ONE: &str = "There is only one user ID, so no file can be shown as another user's.
For more: a line in /etc/subuid and newuidmap(1), or sudo.
";

impl Users {
    /// Those that there are.
    pub(crate) fn here() -> Result<Self> {
        if is_mapped(TWO.owner)? && is_mapped(TWO.root)? {
            return Ok(TWO);
        }
        say!("{ONLY_ONE}")?;
        Ok(ONE)
    }
}

/// Namespaces in which the lab may mount, and where possible both users exist.
pub(crate) fn enter() -> Result<()> {
    enter_with_ids(&NEEDED, &[TWO.owner, TWO.root])?;
    unshare(CloneFlags::CLONE_NEWNS).step("unshare", "CLONE_NEWNS")?;
    make_private()
}

// ANCHOR: set_up
pub(crate) fn set_up(users: Users) -> Result<()> {
    set_umask(0o022);
    let tmpfs = fsmount("tmpfs", "mode=755", 0).step("fsmount", "tmpfs")?;
    move_mount(&tmpfs, open(STAGE)?).step("move_mount", STAGE)?;
    for directory in [HOME, MAPPED] {
        fs::create_dir(directory).step("mkdir", directory)?;
    }
    chown(HOME, Some(users.owner), None).step("chown", HOME)?;
    explain!(
        "fsopen(tmpfs), fsconfig(), fsmount(), move_mount({STAGE}):\n\
         a file system of the lab's own, in a mount namespace of\n\
         its own; {HOME} belongs to user {}",
        users.owner
    );
    Ok(())
}
// ANCHOR_END: set_up

pub(crate) fn open(path: &str) -> Result<File> {
    File::open(path).step("open", path)
}
