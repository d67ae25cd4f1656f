//! What comes from the host: trees of mounts, copied and held by descriptors.

use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use common::lab::{notice, printable};
use common::ns::{Attributes, mount_setattr, open_tree};
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open as sys_open};
use nix::libc::{AT_RECURSIVE, MOUNT_ATTR_IDMAP, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID};
use nix::libc::{MOUNT_ATTR_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, mode_t};
use nix::sys::stat::{Mode, fstat};
use nix::sys::statvfs::{FsFlags, fstatvfs};

use crate::Plan;
use crate::steps::Step;

/// A copy of the mounts at a place of the host's and below it, attached nowhere yet.
pub(crate) struct Tree {
    pub(crate) mount: OwnedFd,
    /// Where it is to be, relative to the container's root; empty for the root itself.
    pub(crate) place: PathBuf,
    pub(crate) is_directory: bool,
    pub(crate) is_volume: bool,
    attributes: u64,
}

/// What programs need of the host where they are the host's: most systems keep all in /usr,
/// others have some of these beside it.
#[rustfmt::skip]
const BASE: [&str; 11] = [
    "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix/store", "gnu/store",
    "etc/alternatives", "etc/ld.so.cache",
];

// ANCHOR: open
/// Copies the root file system, or the parts that stand for one, and the volumes.
pub(crate) fn open(plan: &Plan) -> Result<Vec<Tree>> {
    let mut trees = Vec::new();
    if !plan.steps.has_root() {
        return Ok(trees);
    }
    let readonly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
    if let Some(directory) = &plan.args.rootfs {
        let attributes = if plan.args.writable {
            MOUNT_ATTR_NODEV
        } else {
            readonly
        };
        trees.push(copy(
            directory,
            open_path(directory)?,
            "",
            attributes,
            false,
        )?);
    } else {
        for name in BASE {
            let source = Path::new("/").join(name);
            // A link such as /bin -> usr/bin is made anew, see root.rs.
            match find(&source)? {
                Some(held) if !is(&held, S_IFLNK)? => {
                    trees.push(copy(&source, held, name, readonly, false)?);
                }
                _ => {}
            }
        }
    }
    for volume in &plan.args.bind {
        let safe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
        let attributes = if volume.is_readonly {
            safe | readonly
        } else {
            safe
        };
        let held = open_path(&volume.source)?;
        trees.push(copy(&volume.source, held, &volume.place, attributes, true)?);
    }
    Ok(trees)
}

fn copy(
    source: &Path,
    held: OwnedFd,
    place: impl AsRef<Path>,
    attributes: u64,
    is_volume: bool,
) -> Result<Tree> {
    let (shown, place) = (printable(source.as_os_str()), place.as_ref().to_owned());
    let is_directory = is(&held, S_IFDIR)?;
    if place == Path::new("") && !is_directory {
        let error = Error::new("open", &shown, Errno::ENOTDIR);
        return Err(error.hint("--rootfs wants a directory that holds bin, etc, usr and so on"));
    }
    let mount = open_tree(held).step("open_tree", &shown)?;
    explain!("open_tree({shown}):\na copy of the mounts there, attached nowhere yet");
    Ok(Tree {
        mount,
        place,
        is_directory,
        is_volume,
        attributes,
    })
}
// ANCHOR_END: open

/// A descriptor of whatever is at a path of the host's, which is not opened.
pub(crate) fn hold(path: impl AsRef<Path>) -> nix::Result<OwnedFd> {
    sys_open(
        path.as_ref(),
        OFlag::O_PATH | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
}

/// A copy of the mount there, with flags; with AT_RECURSIVE those below it have them, too.
pub(crate) fn copy_with(held: &OwnedFd, at: i32, flags: u64) -> nix::Result<OwnedFd> {
    let tree = open_tree(held)?;
    mount_setattr(&tree, at, Attributes::flags(flags)).map(|()| tree)
}

fn open_path(path: &Path) -> Result<OwnedFd> {
    let missing = "nothing is there on this machine: check the path, which is taken from here";
    hold(path)
        .step("open", printable(path.as_os_str()))
        .map_err(|error| error.hint_if(Errno::ENOENT, missing))
}

/// What is at a path of the host's, be it a link; `None` where nothing is.
pub(crate) fn find(path: &Path) -> Result<Option<OwnedFd>> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    match sys_open(path, flags, Mode::empty()) {
        Err(Errno::ENOENT) => Ok(None),
        held => held.step("open", printable(path.as_os_str())).map(Some),
    }
}

/// Whether a descriptor stands for a file of this type.
pub(crate) fn is(held: &OwnedFd, kind: mode_t) -> Result<bool> {
    let mode = fstat(held).step("fstat", "of a part of the root")?.st_mode;
    Ok(mode & S_IFMT == kind)
}

// ANCHOR: prepare
/// Gives each tree its flags and, where root has made a user namespace, its IDs: what is
/// root's on disk is root's inside.
pub(crate) fn prepare(plan: &Plan, trees: &[Tree], user: Option<&OwnedFd>) -> Result<()> {
    let is_private = plan.steps.has(Step::Mounts);
    for tree in trees {
        let place = printable(Path::new("/").join(&tree.place).as_os_str());
        let plain = Attributes {
            set: tree.attributes,
            is_private,
            user_namespace: None,
        };
        let mapped = user.map(|user| Attributes {
            set: tree.attributes | MOUNT_ATTR_IDMAP,
            user_namespace: Some(user.as_fd()),
            ..plain
        });
        match mount_setattr(&tree.mount, AT_RECURSIVE, mapped.unwrap_or(plain)) {
            Err(errno @ (Errno::EINVAL | Errno::EPERM)) if user.is_some() => {
                let said = format!("{place} is not id-mapped ({errno}): its files are nobody's");
                explain!("mount_setattr(): {said}");
                // What belongs to the host is there to be read, whoever its owner is.
                if tree.is_volume {
                    notice(format_args!("{said}"));
                }
                mount_setattr(&tree.mount, AT_RECURSIVE, plain)
            }
            answer => answer,
        }
        .step("mount_setattr", &place)?;
        check(tree, &place)?;
    }
    if user.is_some() {
        explain!("mount_setattr(MOUNT_ATTR_IDMAP): what is root's on disk is root's inside");
    }
    Ok(())
}

/// What the kernel says of the mount is what was asked.
fn check(tree: &Tree, place: &str) -> Result<()> {
    let has = fstatvfs(&tree.mount).step("fstatvfs", place)?.flags();
    for (attribute, flag) in [
        (MOUNT_ATTR_RDONLY, FsFlags::ST_RDONLY),
        (MOUNT_ATTR_NOSUID, FsFlags::ST_NOSUID),
        (MOUNT_ATTR_NODEV, FsFlags::ST_NODEV),
    ] {
        if tree.attributes & attribute != 0 && !has.contains(flag) {
            return Err(not_as_asked(format!("{flag:?} of {place}")));
        }
    }
    Ok(())
}
// ANCHOR_END: prepare

/// A guard that the kernel does not show as it was asked for.
pub(crate) fn not_as_asked(guard: impl std::fmt::Display) -> Error {
    Error::new("check", guard, Errno::EBADE)
        .hint("the kernel has not done what was asked; the container does not start")
}
