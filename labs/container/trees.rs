//! What comes from the host: trees of mounts, copied and held by descriptors.

use std::fs::{File, read_link};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use common::lab::{notice, printable};
use common::ns::{Attributes, mount_setattr, open_tree};
use common::procfs::mounts_of;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::libc::{self, AT_RECURSIVE};
use nix::sys::stat::Mode;

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
const BASE: [&str; 10] = [
    "usr",
    "bin",
    "sbin",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "nix/store",
    "gnu/store",
    "etc/alternatives",
];
/// Where the dynamic linker looks first.
const LINKER_CACHE: &str = "etc/ld.so.cache";

// ANCHOR: open
/// Copies the root file system, or the parts that stand for one, and the volumes.
pub(crate) fn open(plan: &Plan) -> Result<Vec<Tree>> {
    let mut trees = Vec::new();
    if !plan.steps.has_root() {
        return Ok(trees);
    }
    let readonly = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NODEV;
    let is_written = plan.args.writable;
    let base = if is_written {
        libc::MOUNT_ATTR_NODEV
    } else {
        readonly
    };
    if let Some(directory) = &plan.args.rootfs {
        trees.push(copy(directory, Path::new(""), base, false)?);
    } else {
        for name in BASE.into_iter().chain([LINKER_CACHE]) {
            let source = Path::new("/").join(name);
            // A link such as /bin -> usr/bin is made anew, see root.rs.
            if source.exists() && read_link(&source).is_err() {
                trees.push(copy(&source, Path::new(name), readonly, false)?);
            }
        }
    }
    for volume in &plan.args.bind {
        let mut attributes = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
        if volume.is_readonly {
            attributes |= libc::MOUNT_ATTR_RDONLY;
        }
        trees.push(copy(&volume.source, &volume.place, attributes, true)?);
    }
    Ok(trees)
}

fn copy(source: &Path, place: &Path, attributes: u64, is_volume: bool) -> Result<Tree> {
    let shown = printable(source.as_os_str());
    let file = File::from(hold(source).step("open", &shown)?);
    let is_directory = file.metadata().step("stat", &shown)?.is_dir();
    if place == Path::new("") && !is_directory {
        let error = Error::new("open", &shown, Errno::ENOTDIR);
        return Err(error.hint("--rootfs wants a directory that holds bin, etc, usr and so on"));
    }
    let mount = open_tree(&file).step("open_tree", &shown)?;
    explain!("open_tree({shown}): a copy of the mounts there, attached nowhere yet");
    Ok(Tree {
        mount,
        place: place.into(),
        is_directory,
        is_volume,
        attributes,
    })
}
// ANCHOR_END: open

/// A descriptor of whatever is at a path of the host's, which is not opened.
pub(crate) fn hold(path: impl AsRef<Path>) -> nix::Result<OwnedFd> {
    fcntl::open(
        path.as_ref(),
        OFlag::O_PATH | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
}

// ANCHOR: prepare
/// Gives each tree its flags and, where root has made a user namespace, its IDs: what is on
/// disk root's is root's inside.
pub(crate) fn prepare(plan: &Plan, trees: &[Tree], user_namespace: Option<&OwnedFd>) -> Result<()> {
    let private = if plan.steps.has(Step::Mounts) {
        libc::MS_PRIVATE
    } else {
        0
    };
    for tree in trees {
        let plain = Attributes {
            set: tree.attributes,
            propagation: private,
            user_namespace: None,
        };
        let mapped = Attributes {
            set: plain.set | libc::MOUNT_ATTR_IDMAP,
            user_namespace: user_namespace.map(|namespace| namespace.as_fd()),
            ..plain
        };
        let place = printable(Path::new("/").join(&tree.place).as_os_str());
        let answer = match user_namespace {
            Some(_) => mount_setattr(&tree.mount, AT_RECURSIVE, mapped),
            None => mount_setattr(&tree.mount, AT_RECURSIVE, plain),
        };
        match answer {
            Err(errno @ (Errno::EINVAL | Errno::EPERM)) if user_namespace.is_some() => {
                notice(format_args!(
                    "{place} is not id-mapped (mount_setattr: {errno}): its files are nobody's inside"
                ));
                mount_setattr(&tree.mount, AT_RECURSIVE, plain)
            }
            answer => answer,
        }
        .step("mount_setattr", &place)?;
    }
    if user_namespace.is_some() {
        explain!("mount_setattr(MOUNT_ATTR_IDMAP): what is root's on disk is root's inside");
    }
    Ok(())
}
// ANCHOR_END: prepare

/// Reads back what the mounts are in the container.
pub(crate) fn check(plan: &Plan, trees: &[Tree]) -> Result<()> {
    if !plan.steps.has(Step::Pivot) || !plan.steps.has(Step::Proc) {
        return Ok(()); // The mounts of the host are still to be seen.
    }
    let mounts = mounts_of("self")?;
    let is_root_written = plan.args.writable;
    let expected = trees
        .iter()
        .filter(|tree| !(is_root_written && !tree.is_volume))
        .map(|tree| (Path::new("/").join(&tree.place), tree.attributes))
        .chain((!is_root_written).then(|| (PathBuf::from("/"), libc::MOUNT_ATTR_RDONLY)));
    for (place, attributes) in expected {
        let mount = mounts.iter().rfind(|mount| mount.point == place);
        let flags = mount.map(|mount| mount.flags.as_str()).unwrap_or_default();
        let has = |flag| flags.split(',').any(|has| has == flag);
        let wanted = [
            (libc::MOUNT_ATTR_RDONLY, "ro"),
            (libc::MOUNT_ATTR_NOSUID, "nosuid"),
            (libc::MOUNT_ATTR_NODEV, "nodev"),
        ];
        for (bit, flag) in wanted {
            if attributes & bit != 0 && !has(flag) {
                return Err(not_as_asked(format!(
                    "{flag} of {}",
                    printable(place.as_os_str())
                )));
            }
        }
    }
    Ok(())
}

/// A guard that the kernel does not show as it was asked for.
pub(crate) fn not_as_asked(guard: impl std::fmt::Display) -> Error {
    Error::new("check", guard, Errno::EBADE)
        .hint("the kernel has not done what was asked; the container does not start")
}
