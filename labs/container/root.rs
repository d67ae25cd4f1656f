//! A root file system of one's own, and the way into it.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use common::lab::notice;
use common::ns::{Attributes, RootDirectory, mount_setattr, move_mount};
use common::process::set_umask;
use common::{Result, Step as _, explain};
use nix::errno::Errno;
use nix::libc::{AT_RECURSIVE, MOUNT_ATTR_RDONLY, S_IFLNK};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::{FsFlags, fstatvfs};
use nix::unistd::{chdir, chroot, fchdir, pivot_root, symlinkat};

use crate::Plan;
use crate::steps::Step;
use crate::trees::{Tree, find, hold, is, not_as_asked};

/// Where the new root is put together: a directory that every machine has. In the container's
/// mount namespace nothing else of it is needed any more.
const STAGE: &str = "/tmp";

const RAMFS: &str = "the old root is the initial ramfs, which nothing replaces: mount another root on \
    it, and start from there";

// ANCHOR: build
pub(crate) fn build(plan: &Plan, trees: &[Tree]) -> Result<RootDirectory> {
    set_umask(0o022);
    mount_tmpfs(plan, STAGE)?;
    if let Some(whole) = trees.first().filter(|tree| tree.place == Path::new("")) {
        return of_tree(plan, whole);
    }
    let root = fresh(plan)?;
    for tree in trees.iter().filter(|tree| !tree.is_volume) {
        let is_written = plan.args.writable && tree.is_directory;
        let overlay = if is_written { overlay(tree)? } else { None };
        attach(&root, overlay.as_ref().unwrap_or(&tree.mount), tree)?;
    }
    Ok(root)
}

/// A directory of the host's, as it is or under an overlay.
fn of_tree(plan: &Plan, tree: &Tree) -> Result<RootDirectory> {
    let overlay = if plan.args.writable {
        overlay(tree)?
    } else {
        None
    };
    let is_ours = overlay.is_some();
    let directory = match overlay {
        Some(overlay) => overlay,
        None => {
            let place = hold(STAGE).step("open", STAGE)?;
            move_mount(&tree.mount, place).step("move_mount", "the root file system")?;
            tree.mount.try_clone().step("fcntl", "F_DUPFD_CLOEXEC")?
        }
    };
    let root = RootDirectory::new(directory, is_ours);
    refuse_links(&root)?;
    Ok(root)
}

/// A tmpfs with what a system has beside /usr.
fn fresh(plan: &Plan) -> Result<RootDirectory> {
    let path = format!("{STAGE}/root");
    fs::create_dir(&path).step("mkdir", &path)?;
    mount_tmpfs(plan, &path)?;
    for name in ["dev", "etc", "proc", "root", "run", "sys", "tmp", "var"] {
        fs::create_dir(format!("{path}/{name}")).step("mkdir", name)?;
    }
    let directory = hold(&path).step("open", &path)?;
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        let path = Path::new("/").join(name);
        match find(&path)? {
            Some(held) if is(&held, S_IFLNK)? => {
                let target = fs::read_link(&path).step("readlink", name)?;
                symlinkat(&target, &directory, name).step("symlink", name)?;
            }
            _ => {}
        }
    }
    let hostname = &plan.args.hostname;
    for (name, text) in [
        (
            "passwd",
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
        ),
        ("group", "root:x:0:\nnogroup:x:65534:\n"),
        ("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
        ("hostname", &format!("{hostname}\n")),
    ] {
        fs::write(format!("{path}/etc/{name}"), text).step("write", name)?;
    }
    Ok(RootDirectory::new(directory, true))
}

/// `mount -t overlay`: the tree below, and above it a layer of the stage, which takes what is
/// written. `None` where the kernel has no overlay for this tree.
fn overlay(tree: &Tree) -> Result<Option<OwnedFd>> {
    let name = tree.place.to_string_lossy().replace('/', "-");
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
        // On another overlay, and for a user before Linux 5.11.
        Err(errno @ (Errno::EINVAL | Errno::EPERM | Errno::ENODEV)) => {
            notice(format_args!(
                "no overlay here ({errno}): the root stays read-only"
            ));
            make_readonly(&tree.mount, AT_RECURSIVE).map(|()| None)
        }
        mounted => {
            mounted.step("mount", "overlay")?;
            explain!("mount(overlay): what is written goes to a tmpfs, and ends with it");
            hold(&merged).step("open", merged).map(Some)
        }
    }
}
// ANCHOR_END: build

/// A tmpfs that no mount travels from, whatever it is on.
fn mount_tmpfs(plan: &Plan, path: &str) -> Result<()> {
    let (tmpfs, options) = (Some("tmpfs"), format!("mode=755{}", plan.size_option()));
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(tmpfs, path, tmpfs, flags, Some(options.as_str()))
        .and_then(|()| mount(tmpfs, path, tmpfs, MsFlags::MS_PRIVATE, None::<&str>))
        .step("mount", format!("tmpfs on {path}"))
}

fn make_readonly(mount: impl AsFd, flags: i32) -> Result<()> {
    mount_setattr(mount, flags, Attributes::flags(MOUNT_ATTR_RDONLY))
        .step("mount_setattr", "MOUNT_ATTR_RDONLY on the root")
}

/// A root file system may be anybody's: its links lead to nowhere on the host, but a mount on
/// one of them would not be where a program looks for it.
fn refuse_links(root: &RootDirectory) -> Result<()> {
    let hint = "a symbolic link in this root file system: make it a directory";
    for name in ["proc", "sys", "dev", "tmp", "etc"] {
        root.find(Path::new(name))
            .map_err(|error| error.hint_if(Errno::ELOOP, hint))?;
    }
    Ok(())
}

pub(crate) fn attach(root: &RootDirectory, mount: &OwnedFd, tree: &Tree) -> Result<()> {
    let place = place(root, &tree.place, tree.is_directory)?;
    let hint = "a directory is mounted on a directory, and a file on a file";
    move_mount(mount, place)
        .step("move_mount", RootDirectory::shown(&tree.place))
        .map_err(|error| {
            error
                .hint_if(Errno::ENOTDIR, hint)
                .hint_if(Errno::EINVAL, hint)
        })
}

/// A place for a mount.
pub(crate) fn place(root: &RootDirectory, path: &Path, is_directory: bool) -> Result<OwnedFd> {
    let missing = "make it in the root file system, or use --writable, which has a layer for it";
    let readonly = "this part of the root is read-only: choose another place, or use --writable";
    root.place(path, is_directory).map_err(|error| {
        error
            .hint_if(Errno::ENOENT, missing)
            .hint_if(Errno::EROFS, readonly)
    })
}

// ANCHOR: enter
/// Makes it this process's root.
pub(crate) fn enter(root: &RootDirectory, plan: &Plan) -> Result<()> {
    if !plan.args.writable {
        make_readonly(root, 0)?;
        let flags = fstatvfs(root).step("fstatvfs", "/")?.flags();
        if !flags.contains(FsFlags::ST_RDONLY) {
            return Err(not_as_asked("ST_RDONLY of /"));
        }
    }
    // ANCHOR: pivot
    fchdir(root).step("fchdir", "the new root")?;
    if !plan.steps.has(Step::Pivot) {
        chroot(".").step("chroot", ".")?;
        explain!("chroot(\".\"): the old root is out of sight, and still mounted around it");
        return chdir("/").step("chdir", "/");
    }
    // The old root is mounted on top of the new one, where no directory is needed for it.
    pivot_root(".", ".")
        .step("pivot_root", ". .")
        // Whatever else it refuses has been settled: all is private, and this is a mount.
        .map_err(|error| error.hint_if(Errno::EINVAL, RAMFS))?;
    umount2(".", MntFlags::MNT_DETACH).step("umount", "the old root")?;
    // ANCHOR_END: pivot
    explain!(
        "pivot_root(\".\", \".\"), umount2(MNT_DETACH): the old root is gone from here\n\
         see: cat /proc/self/mountinfo"
    );
    chdir("/").step("chdir", "/")
}
// ANCHOR_END: enter

impl Plan {
    /// The limit of a tmpfs, once there are limits.
    pub(crate) fn size_option(&self) -> String {
        let size = self.args.tmp_size;
        let has_limits = self.steps.has(Step::Limits);
        if has_limits {
            format!(",size={size},nr_inodes=65536")
        } else {
            String::new()
        }
    }
}
