//! What pivot_root() refuses: each of its rules is broken once.

use std::fs;

use common::{Result, Step as _, clone, explain, say};
use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::unistd::{chroot, pivot_root};

use crate::{STAGE, mount_tmpfs, set_propagation};

/// The rule, what breaks it, and the arguments.
type Row = (
    &'static str,
    fn() -> Result<()>,
    (&'static str, &'static str),
);

const NOTHING: fn() -> Result<()> = || Ok(());
const SHARE_IT: fn() -> Result<()> = || set_propagation(STAGE, MsFlags::MS_SHARED);
const CHROOT: fn() -> Result<()> = || chroot("/tmp/jail").step("chroot", "/tmp/jail");

#[rustfmt::skip]
const ROWS: [Row; 7] = [
    ("none",                                NOTHING,  ("/tmp/new",   "/tmp/new/old")),
    ("new_root is a mount point",           NOTHING,  ("/tmp/plain", "/tmp/plain/old")),
    ("new_root is a directory",             NOTHING,  ("/tmp/file",  "/tmp/new/old")),
    ("put_old is not on the current root",  NOTHING,  ("/tmp/new",   "/")),
    ("put_old is new_root or below it",     NOTHING,  ("/tmp/new",   "/tmp/plain")),
    ("new_root's parent mount not shared",  SHARE_IT, ("/tmp/new",   "/tmp/new/old")),
    ("the current root is a mount point",   CHROOT,   ("/new",       "/new/old")),
];

pub(crate) fn lab() -> Result<u8> {
    prepare()?;
    explain!(
        "each row is a child of its own, with a copy of this namespace's mounts, in\n\
         which it breaks one rule and calls pivot_root(new_root, put_old)"
    );
    say!("the rule that is broken              pivot_root(new_root, put_old)")?;
    for (rule, break_rule, (new_root, put_old)) in ROWS {
        let child = clone(CloneFlags::CLONE_NEWNS, || {
            break_rule()?;
            let answer = match pivot_root(new_root, put_old) {
                Ok(()) => "0".to_owned(),
                Err(errno) => errno.to_string(),
            };
            say!("{rule:<36} {answer}")?;
            Ok(0)
        })?;
        child.succeed()?;
    }
    Ok(0)
}

/// `new` and `jail/new` are mount points, `plain` is a directory, `file` a file.
fn prepare() -> Result<()> {
    for mount_point in ["/tmp/new", "/tmp/jail/new"] {
        fs::create_dir_all(mount_point).step("mkdir", mount_point)?;
        mount_tmpfs(mount_point)?;
    }
    for directory in ["/tmp/new/old", "/tmp/jail/new/old", "/tmp/plain/old"] {
        fs::create_dir_all(directory).step("mkdir", directory)?;
    }
    fs::write("/tmp/file", "").step("open", "/tmp/file")
}
