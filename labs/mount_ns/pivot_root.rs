//! pivot_root() into a tmpfs, and what is left of the old root.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;

use common::lab::{printable, yes_no};
use common::procfs::{Mount, check_proc, parse_mounts};
use common::{Result, Step as _, clone, explain, say};
use nix::fcntl::{OFlag, open, openat};
use nix::mount::{MntFlags, umount2};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::{chdir, fchdir, getpid, pivot_root};

use crate::{STAGE, mount_tmpfs};

pub(crate) fn lab() -> Result<u8> {
    check_proc()?;
    // Every process of the namespace whose root is the old one gets the new one:
    // hence a namespace with a single process.
    let child = clone(CloneFlags::CLONE_NEWNS, child_function)?;
    child.wait()
}

fn child_function() -> Result<u8> {
    let old_root = identity("/")?;
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let opened_before = open("/", flags, Mode::empty()).step("open", "/")?;
    let path = format!("/proc/{}", getpid());
    let proc = open(path.as_str(), flags, Mode::empty()).step("open", path)?;

    let new_root = format!("{STAGE}/new_root");
    fs::create_dir(&new_root).step("mkdir", &new_root)?;
    mount_tmpfs(&new_root)?; // The new root must be a mount point.
    chdir(new_root.as_str()).step("chdir", &new_root)?;
    fs::create_dir("old").step("mkdir", "old")?;
    fs::write("hello", "").step("open", "hello")?;
    explain!(
        "clone(CLONE_NEWNS), in the child a tmpfs on {new_root}: the root to be\n\
         see: grep new_root /proc/{}/mounts",
        getpid()
    );
    say!("a tmpfs on {new_root}, with the files: {}", files(".")?)?;

    pivot_root(".", "old").step("pivot_root", format!("{new_root} {new_root}/old"))?;
    chdir("/").step("chdir", "/")?;
    explain!(
        "pivot_root(\".\", \"old\"): the tmpfs is the root of this mount namespace, and\n\
         the old root is a mount on /old, with everything that is mounted in it\n\
         see: cat /proc/{}/mounts",
        getpid()
    );
    let below = mounts(&proc)?.len().saturating_sub(1);
    say!("\npivot_root(\".\", \"old\")")?;
    say!("  files in /:               {}", files("/")?)?;
    say!(
        "  /old is the old root:     {}",
        yes_no(identity("/old")? == old_root)
    )?;
    say!("  mounts on /old and below: {below}")?;

    umount2("/old", MntFlags::MNT_DETACH).step("umount", "/old")?;
    explain!(
        "umount2(\"/old\", MNT_DETACH): the old root\n\
         leaves the namespace, mounts and all"
    );
    say!("\numount2(\"/old\", MNT_DETACH)")?;
    say!("  files in /old:            {}", files("/old")?)?;
    say!(
        "  /.. is /:                 {}",
        yes_no(identity("/..")? == identity("/")?)
    )?;
    for mount in mounts(&proc)? {
        say!(
            "  mounts left:              {} on {} type {}",
            mount.source,
            mount.point.display(),
            mount.kind
        )?;
    }

    fchdir(&opened_before).step("fchdir", "/")?;
    explain!(
        "fchdir(): a descriptor that was opened\n\
         before is a way back that no unmount closes"
    );
    say!("\nfchdir() to a descriptor of / that was opened before")?;
    say!(
        "  . is the old root:        {}",
        yes_no(identity(".")? == old_root)
    )?;
    Ok(0)
}

/// What tells one directory from another: device and inode, see stat(2).
fn identity(directory: &str) -> Result<(u64, u64)> {
    let metadata = fs::metadata(directory).step("stat", directory)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// This process's mounts, by its folder in /proc: no path leads there any more.
fn mounts(proc: &OwnedFd) -> Result<Vec<Mount>> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let path = "/proc/self/mountinfo";
    let file = openat(proc, "mountinfo", flags, Mode::empty()).step("open", path)?;
    let mut text = Vec::new();
    File::from(file).read_to_end(&mut text).step("read", path)?;
    Ok(parse_mounts(&text))
}

/// The names in a directory, in alphabetical order.
pub(crate) fn files(directory: &str) -> Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).step("open", directory)? {
        let name = entry.step("getdents", directory)?.file_name();
        names.push(printable(&name));
    }
    names.sort();
    Ok(if names.is_empty() {
        "none".into()
    } else {
        names.join(" ")
    })
}
