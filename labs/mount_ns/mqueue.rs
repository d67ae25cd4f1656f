//! An unmount in one mount namespace and not in the other, as in the article.

use std::fs::create_dir;

use common::procfs::Proc;
use common::{Checkpoint, Error, Result, Step as _, clone, explain, ns, say};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getpid};

use crate::{STAGE, set_propagation};

const HOSTS: &str = "/dev/mqueue";

// ANCHOR: mqueue
pub(crate) fn lab(host: bool) -> Result<u8> {
    let proc = Proc::open()?;
    let directory = if host { hosts(&proc)? } else { own()? };

    let (go, done) = (Checkpoint::new()?, Checkpoint::new()?);
    let child = clone(CloneFlags::CLONE_NEWNS, || {
        go.wait()?;
        // Where the mount is shared, the unmount would travel to the parent's.
        set_propagation("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
        umount2(directory.as_str(), MntFlags::empty()).step("umount", &directory)?;
        done.open()?;
        go.wait()?; // Its namespace lives as long as it does.
        Ok(0)
    })?;
    let both = [getpid(), child.pid()];

    explain!(
        "clone(CLONE_NEWNS): the child's mount namespace is a copy of the parent's\n\
         see: grep mqueue /proc/{}/mounts /proc/{}/mounts",
        both[0],
        both[1]
    );
    for (whose, pid) in ["parent:", "child: "].iter().zip(both) {
        say!("{whose} /proc/{pid}/ns/mnt -> {}", ns::link(pid, "mnt")?)?;
    }
    say!("")?;
    show(&proc, both, &directory)?;

    go.open()?;
    done.wait()?;
    explain!("umount() in the child: the mount is gone from its copy; the parent's has it");
    say!("\numount(\"{directory}\") in the child\n")?;
    show(&proc, both, &directory)?;
    go.open()?;
    child.wait()
}

/// A mount of the lab's own: one that came with the host's namespace could not be
/// unmounted by a root that is none out there (EINVAL, the mount is locked).
fn own() -> Result<String> {
    let directory = format!("{STAGE}/mqueue");
    create_dir(&directory).step("mkdir", &directory)?;
    mount(
        Some("mqueue"),
        directory.as_str(),
        Some("mqueue"),
        MsFlags::empty(),
        None::<&str>,
    )
    .step("mount", format!("mqueue on {directory}"))?;
    explain!("mount(\"mqueue\", \"{directory}\"): the message queues of the lab's IPC namespace");
    Ok(directory)
}
// ANCHOR_END: mqueue

fn hosts(proc: &Proc) -> Result<String> {
    match proc.mount_on(getpid(), HOSTS)? {
        Some(_) => Ok(HOSTS.to_owned()),
        None => Err(Error::new("umount", HOSTS, Errno::EINVAL)
            .hint("nothing is mounted there on this host: leave --host out")),
    }
}

/// `grep mqueue /proc/PID/mounts`
fn show(proc: &Proc, pids: [Pid; 2], directory: &str) -> Result<()> {
    for pid in pids {
        let mounts = proc.read(pid, "mounts")?;
        let on = |line: &&str| line.split(' ').nth(1) == Some(directory);
        let line = mounts.lines().rfind(on).map_or_else(
            || format!("nothing is mounted on {directory}"),
            str::to_owned,
        );
        say!("/proc/{pid}/mounts: {line}")?;
    }
    Ok(())
}
