//! An unmount in one mount namespace and not in the other, as in the article.

use std::fs;

use common::procfs::check_proc;
use common::{Checkpoint, Error, Result, Step as _, clone, explain, ns, say};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getpid};

use crate::propagation::mount_on;
use crate::{STAGE, set_propagation};

const HOSTS: &str = "/dev/mqueue";

pub(crate) fn lab(host: bool) -> Result<u8> {
    check_proc()?;
    let directory = if host { hosts()? } else { own()? };

    let (both_are_shown, unmounted) = (Checkpoint::new()?, Checkpoint::new()?);
    let child = clone(CloneFlags::CLONE_NEWNS, || {
        both_are_shown.wait()?;
        // Where the mount is shared, the unmount would travel to the parent's.
        set_propagation("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
        umount2(directory.as_str(), MntFlags::empty()).step("umount", &directory)?;
        unmounted.open()?;
        both_are_shown.wait()?; // Its namespace lives as long as it does.
        Ok(0)
    })?;
    let (parent, child_pid) = (getpid(), child.pid());

    explain!(
        "clone(CLONE_NEWNS): the child's mount namespace is a copy of the parent's\n\
         see: grep mqueue /proc/{parent}/mounts /proc/{child_pid}/mounts"
    );
    let (outside, inside) = (ns::link(parent, "mnt")?, ns::link(child_pid, "mnt")?);
    say!("parent: /proc/{parent}/ns/mnt -> {outside}")?;
    say!("child:  /proc/{child_pid}/ns/mnt -> {inside}")?;
    say!("")?;
    show(parent, &directory)?;
    show(child_pid, &directory)?;

    both_are_shown.open()?;
    unmounted.wait()?;
    explain!("umount() in the child: the mount is gone from its copy; the parent's has it");
    say!("\numount(\"{directory}\") in the child\n")?;
    show(parent, &directory)?;
    show(child_pid, &directory)?;
    both_are_shown.open()?;
    child.wait()
}

/// A mount of the lab's own: one that came with the host's namespace could not be
/// unmounted by a root that is none out there (EINVAL, the mount is locked).
fn own() -> Result<String> {
    let directory = format!("{STAGE}/mqueue");
    fs::create_dir(&directory).step("mkdir", &directory)?;
    let (mqueue, none) = (Some("mqueue"), None::<&str>);
    mount(mqueue, directory.as_str(), mqueue, MsFlags::empty(), none)
        .step("mount", format!("mqueue on {directory}"))?;
    explain!("mount(\"mqueue\", \"{directory}\"): the queues of the lab's IPC namespace");
    Ok(directory)
}

fn hosts() -> Result<String> {
    match mount_on(getpid(), HOSTS)? {
        Some(_) => Ok(HOSTS.to_owned()),
        None => Err(Error::new("umount", HOSTS, Errno::EINVAL)
            .hint("nothing is mounted there on this host: leave --host out")),
    }
}

/// `grep mqueue /proc/PID/mounts`
fn show(pid: Pid, directory: &str) -> Result<()> {
    let path = format!("/proc/{pid}/mounts");
    let bytes = fs::read(&path).step("open", &path)?;
    let mounts = String::from_utf8_lossy(&bytes);
    let is_on = |line: &&str| line.split(' ').nth(1) == Some(directory);
    match mounts.lines().rfind(is_on) {
        Some(mount) => say!("{path}: {mount}"),
        None => say!("{path}: nothing is mounted on {directory}"),
    }
}
