//! A root file system of one's own, and the way into it.

use std::fs;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use common::lab::{notice, printable};
use common::ns::{Attributes, mount_setattr, move_mount, open_tree};
use common::procfs::mounts_of;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, mkdirat, umask};
use nix::unistd::{chdir, chroot, fchdir, pivot_root, symlinkat};

use crate::Plan;
use crate::steps::Step;
use crate::trees::{Tree, hold};

/// Where the new root is put together: a directory that every machine has. In the container's
/// mount namespace nothing else of it is needed any more.
const STAGE: &str = "/tmp";

const PATH: OFlag = OFlag::O_PATH.union(OFlag::O_CLOEXEC);

/// The new root while it is being filled.
pub(crate) struct Root {
    pub(crate) directory: OwnedFd,
    /// Whether what is missing may be made: not in a directory of the host's.
    is_ours: bool,
}

// ANCHOR: build
pub(crate) fn build(plan: &Plan, trees: &[Tree]) -> Result<Root> {
    umask(Mode::from_bits_truncate(0o022));
    mount_tmpfs(STAGE, plan)?;
    let is_written = plan.args.writable;
    let (first, parts) = match trees.split_first() {
        Some((first, _)) if first.place == Path::new("") => (Some(first), [].as_slice()),
        _ => (None, trees),
    };
    let root = match first {
        Some(tree) => whole(tree, is_written)?,
        None => fresh(plan)?,
    };
    for tree in parts.iter().filter(|tree| !tree.is_volume) {
        let mount = if is_written && tree.is_directory {
            overlay(tree)?
        } else {
            None
        };
        let place = root.place(&tree.place, tree.is_directory)?;
        let mount = mount.as_ref().unwrap_or(&tree.mount);
        move_mount(mount, place).step("move_mount", tree.place.display())?;
    }
    Ok(root)
}

/// A directory of the host's, as it is or under an overlay.
fn whole(tree: &Tree, is_written: bool) -> Result<Root> {
    let overlay = if is_written { overlay(tree)? } else { None };
    let is_ours = overlay.is_some();
    let directory = match overlay {
        Some(overlay) => overlay,
        None => {
            let stage = hold(STAGE).step("open", STAGE)?;
            move_mount(&tree.mount, stage).step("move_mount", "the root file system")?;
            tree.mount.try_clone().step("fcntl", "F_DUPFD_CLOEXEC")?
        }
    };
    let root = Root { directory, is_ours };
    root.refuse_links()?;
    Ok(root)
}

/// A tmpfs with what a system has beside /usr.
fn fresh(plan: &Plan) -> Result<Root> {
    let path = format!("{STAGE}/root");
    fs::create_dir(&path).step("mkdir", &path)?;
    mount_tmpfs(&path, plan)?;
    let directory = hold(&path).step("open", &path)?;
    let root = Root {
        directory,
        is_ours: true,
    };
    for name in ["dev", "etc", "proc", "root", "run", "sys", "tmp", "var"] {
        root.place(Path::new(name), true)?;
    }
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        if let Ok(target) = fs::read_link(Path::new("/").join(name)) {
            symlinkat(&target, &root.directory, name).step("symlink", name)?;
        }
    }
    let hostname = plan.args.hostname.display();
    for (name, text) in [
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
        ),
        ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
        ("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
        ("etc/hostname", &format!("{hostname}\n")),
    ] {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        let file = openat(
            &root.directory,
            name,
            flags,
            Mode::from_bits_truncate(0o644),
        );
        let mut file = fs::File::from(file.step("open", name)?);
        file.write_all(text.as_bytes()).step("write", name)?;
    }
    Ok(root)
}

/// `mount -t overlay`: the tree below, and above it a layer of the stage, which takes what is
/// written. `None` where the kernel has no overlay for this tree.
fn overlay(tree: &Tree) -> Result<Option<OwnedFd>> {
    let name = tree.place.display().to_string().replace('/', "-");
    let [lower, upper, work, merged] =
        ["lower", "upper", "work", "merged"].map(|layer| format!("{STAGE}/{name}.{layer}"));
    for directory in [&lower, &upper, &work, &merged] {
        fs::create_dir(directory).step("mkdir", directory)?;
    }
    let place = hold(&lower).step("open", &lower)?;
    move_mount(&tree.mount, place).step("move_mount", &lower)?;
    let options = format!("lowerdir={lower},upperdir={upper},workdir={work},userxattr");
    let (kind, options) = (Some("overlay"), Some(options.as_str()));
    match mount(kind, merged.as_str(), kind, MsFlags::MS_NODEV, options) {
        Ok(()) => {
            explain!("mount(overlay): what is written goes to a tmpfs, and ends with it");
            hold(&merged).step("open", merged).map(Some)
        }
        // On another overlay, and for a user before Linux 5.11.
        Err(errno @ (Errno::EINVAL | Errno::EPERM | Errno::ENODEV)) => {
            notice(format_args!(
                "no overlay here (mount: {errno}): the root stays read-only"
            ));
            let readonly = Attributes {
                set: libc::MOUNT_ATTR_RDONLY,
                ..Attributes::default()
            };
            mount_setattr(&tree.mount, libc::AT_RECURSIVE, readonly)
                .step("mount_setattr", "the root file system")?;
            Ok(None)
        }
        Err(errno) => Err(errno).step("mount", "overlay"),
    }
}
// ANCHOR_END: build

/// A tmpfs that no mount travels from, whatever it is on.
fn mount_tmpfs(path: &str, plan: &Plan) -> Result<()> {
    let tmpfs = Some("tmpfs");
    let options = format!("mode=755{}", plan.size_option());
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(tmpfs, path, tmpfs, flags, Some(options.as_str()))
        .step("mount", format!("tmpfs on {path}"))?;
    let none = None::<&str>;
    mount(none, path, none, MsFlags::MS_PRIVATE, none)
        .step("mount", format!("MS_PRIVATE on {path}"))
}

impl Plan {
    /// The limit of a tmpfs, once there are limits.
    pub(crate) fn size_option(&self) -> String {
        if self.steps.has(Step::Limits) {
            format!(",size={},nr_inodes=65536", self.args.tmp_size)
        } else {
            String::new()
        }
    }
}

impl Root {
    // ANCHOR: place
    /// What a path stands for in the new root. RESOLVE_IN_ROOT: a symbolic link to /etc means
    /// the container's, and `..` leads no further than its root.
    pub(crate) fn place(&self, path: &Path, is_directory: bool) -> Result<OwnedFd> {
        let shown = format!(
            "{} in the container",
            printable(Path::new("/").join(path).as_os_str())
        );
        match self.open(path, ResolveFlag::RESOLVE_IN_ROOT) {
            Err(Errno::ENOENT) if self.is_ours => {
                self.make(path, is_directory)?;
                self.open(path, ResolveFlag::RESOLVE_IN_ROOT)
                    .step("openat2", shown)
            }
            place => place.step("openat2", shown).map_err(|error| {
                error.hint_if(
                    Errno::ENOENT,
                    "make it in the root file system, or use --writable, which makes it in a layer",
                )
            }),
        }
    }
    // ANCHOR_END: place

    /// Whether there is something at a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.open(Path::new(path), ResolveFlag::RESOLVE_NO_SYMLINKS)
            .is_ok()
    }

    fn open(&self, path: &Path, resolve: ResolveFlag) -> nix::Result<OwnedFd> {
        let resolve = resolve | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        let how = OpenHow::new().flags(PATH).resolve(resolve);
        openat2(
            &self.directory,
            if path == Path::new("") {
                Path::new(".")
            } else {
                path
            },
            how,
        )
    }

    /// A mount point, and the directories that lead to it.
    fn make(&self, path: &Path, is_directory: bool) -> Result<()> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(());
        };
        let parent = self.place(parent, true)?;
        if is_directory {
            return mkdirat(parent, name, Mode::from_bits_truncate(0o755))
                .step("mkdir", path.display());
        }
        let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        openat(parent, name, flags, Mode::from_bits_truncate(0o644))
            .map(drop)
            .step("open", path.display())
    }

    /// A root file system may be anybody's: its links lead to nowhere on the host, but a mount
    /// on one of them would not be where a program looks for it.
    fn refuse_links(&self) -> Result<()> {
        for name in ["proc", "sys", "dev", "tmp", "etc"] {
            if let Err(Errno::ELOOP) = self.open(Path::new(name), ResolveFlag::RESOLVE_NO_SYMLINKS)
            {
                let error =
                    Error::new("openat2", format!("/{name} in the container"), Errno::ELOOP);
                return Err(error.hint(format!(
                    "/{name} is a symbolic link in this root file system: make it a directory"
                )));
            }
        }
        Ok(())
    }
}

pub(crate) fn attach_volumes(root: &Root, trees: &[Tree]) -> Result<()> {
    for tree in trees.iter().filter(|tree| tree.is_volume) {
        let place = root.place(&tree.place, tree.is_directory)?;
        let shown = printable(Path::new("/").join(&tree.place).as_os_str());
        move_mount(&tree.mount, place)
            .step("move_mount", &shown)
            .map_err(|error| {
                error.hint_if(
                    Errno::ENOTDIR,
                    "a directory is mounted on a directory, and a file on a file",
                )
            })?;
    }
    Ok(())
}

/// A part of the root mounted on itself, to have flags of its own.
pub(crate) fn cover_with_itself(place: &OwnedFd, attributes: u64) -> nix::Result<()> {
    let copy = open_tree(place)?;
    let attributes = Attributes {
        set: attributes,
        ..Attributes::default()
    };
    mount_setattr(&copy, libc::AT_RECURSIVE, attributes)?;
    move_mount(copy, place)
}

// ANCHOR: enter
/// Makes the new root this process's.
pub(crate) fn enter(plan: &Plan, root: Root) -> Result<()> {
    if !plan.args.writable {
        let readonly = Attributes {
            set: libc::MOUNT_ATTR_RDONLY,
            ..Attributes::default()
        };
        mount_setattr(&root.directory, 0, readonly)
            .step("mount_setattr", "MOUNT_ATTR_RDONLY on /")?;
    }
    fchdir(&root.directory).step("fchdir", "the new root")?;
    if !plan.steps.has(Step::Pivot) {
        chroot(".").step("chroot", ".")?;
        explain!("chroot(\".\"): the old root is out of sight, and still mounted around it");
        return chdir("/").step("chdir", "/");
    }
    // The old root is mounted on top of the new one, where no directory is needed for it.
    pivot_root(".", ".")
        .step("pivot_root", ". .")
        .map_err(|error| error.hint_if(Errno::EINVAL, cause_of_einval()))?;
    umount2(".", MntFlags::MNT_DETACH).step("umount", "the old root")?;
    explain!(
        "pivot_root(\".\", \".\"), umount2(MNT_DETACH): the old root is gone from this namespace\n\
         see: cat /proc/self/mountinfo"
    );
    chdir("/").step("chdir", "/")
}
// ANCHOR_END: enter

/// EINVAL of pivot_root(2) has several causes, which the mounts tell apart.
fn cause_of_einval() -> &'static str {
    let mounts = mounts_of("self").unwrap_or_default();
    let root = mounts.iter().find(|mount| mount.point == Path::new("/"));
    match root {
        None => "the old root is no mount point: this process was put here by chroot()",
        Some(root) if root.kind == "rootfs" => {
            "the old root is the initial ramfs, which nothing replaces: mount another root first"
        }
        Some(root) if root.propagation.contains("shared") => {
            "the old root, or what it is mounted on, is shared: leave the step `mounts` in"
        }
        Some(_) => "the old root's parent is shared, or the new root is no mount of this namespace",
    }
}

/// The path by which mount(2) finds what a descriptor stands for.
pub(crate) fn path_of(place: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", place.as_raw_fd())
}
