//! The walk out of a chroot, and the same walk after pivot_root().
//!
//! Harmless: the root that is walked out to is itself a tmpfs of the lab's own.

use std::fs;

use common::{Result, Step as _, clone, explain, say};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::CloneFlags;
use nix::unistd::{chdir, chroot, pivot_root};

use crate::pivot_root::files;
use crate::{STAGE, mount_tmpfs};

pub(crate) fn lab() -> Result<u8> {
    confine_and_walk_out("chroot", by_chroot)?;
    say!("")?;
    confine_and_walk_out("pivot_root", by_pivot_root)?;
    Ok(0)
}

fn confine_and_walk_out(way: &str, confine: fn() -> Result<()>) -> Result<()> {
    let child = clone(CloneFlags::CLONE_NEWNS, || {
        enter_small_world()?;
        say!("a small world:              files in /: {}", files("/")?)?;
        confine()?;
        let confined = format!("{way} to /jail:");
        say!("{confined:<27} files in /: {}", files("/")?)?;
        walk_out()?;
        say!("after the walk:             files in /: {}", files("/")?)?;
        Ok(0)
    })?;
    child.succeed()
}

/// chroot(2) changes where this process's paths begin, and nothing else.
fn by_chroot() -> Result<()> {
    chroot("/jail").step("chroot", "/jail")?;
    chdir("/").step("chdir", "/")?;
    explain!("chroot(\"/jail\"), chdir(\"/\"): paths begin at /jail now, and `..` stops there");
    Ok(())
}

/// pivot_root(2) changes the root of the mount namespace: there is nothing above.
fn by_pivot_root() -> Result<()> {
    let none = None::<&str>;
    // The new root must be a mount point: /jail becomes one, mounted on itself.
    mount(Some("/jail"), "/jail", none, MsFlags::MS_BIND, none).step("mount", "/jail on /jail")?;
    enter_root("/jail")?;
    explain!(
        "pivot_root() to /jail: it is the root of\n\
         the mount namespace, nothing lies above"
    );
    Ok(())
}

// ANCHOR: walk
/// The walk. `..` stops at the process's root, and only there: a process whose
/// working directory is outside its root never comes past it.
fn walk_out() -> Result<()> {
    fs::create_dir("cell").step("mkdir", "cell")?;
    chroot("cell").step("chroot", "cell")?;
    explain!("chroot(\"cell\") without chdir(): the working directory is now above the root");
    // Once too often does no harm: at the top, `..` leads nowhere.
    for _ in 0..3 {
        chdir("..").step("chdir", "..")?;
    }
    chroot(".").step("chroot", ".")?;
    explain!(
        "chdir(\"..\") as often as it takes,\n\
         chroot(\".\"): the root is as high as `..` led"
    );
    say!("the walk: mkdir cell; chroot cell; cd ..; cd ..; cd ..; chroot .")
}
// ANCHOR_END: walk

/// A tmpfs as the root of this process's mount namespace, with a jail in it.
fn enter_small_world() -> Result<()> {
    mount_tmpfs(STAGE)?;
    for name in ["jail", "outside"] {
        let path = format!("{STAGE}/{name}");
        fs::create_dir(&path).step("mkdir", path)?;
    }
    enter_root(STAGE)?;
    explain!(
        "clone(CLONE_NEWNS), and in the child pivot_root() into a tmpfs with two\n\
         directories: so that who gets out of the jail gets no farther than here"
    );
    Ok(())
}

// ANCHOR: enter_root
/// Makes a mount the root, without a directory for the old one: pivot_root(2),
/// `pivot_root(".", ".")`. The old root is then stacked on the new one, and is what
/// the working directory's unmount takes away.
fn enter_root(new_root: &str) -> Result<()> {
    chdir(new_root).step("chdir", new_root)?;
    pivot_root(".", ".").step("pivot_root", new_root)?;
    umount2(".", MntFlags::MNT_DETACH).step("umount", "the old root")?;
    chdir("/").step("chdir", "/")
}
// ANCHOR_END: enter_root
