//! Mounted here, seen there? Measured for each propagation type in both directions.

use std::fs::create_dir_all;
use std::path::Path;

use clap::ValueEnum;
use common::credentials::nsenter;
use common::lab::{Hold, HoldArgs, yes_no};
use common::process::Reports;
use common::procfs::{Mount, check_proc, mounts_of};
use common::{Result, Step as _, clone, explain, say};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getpid};

use crate::kind::{Propagation, names};
use crate::{STAGE, Table, mount_tmpfs, set_propagation};

pub(crate) fn lab(table: &Table, hold: &HoldArgs) -> Result<u8> {
    let hold = hold.begin()?;
    check_proc()?;
    if !table.private_original {
        set_propagation(STAGE, MsFlags::MS_SHARED)?;
        explain!("mount(MS_SHARED on {STAGE}): it is now the first member of a peer group");
    }
    let tag = tag(getpid())?;
    say!("{STAGE} is a tmpfs; outside, in the original mount namespace, mountinfo says: {tag}\n")?;
    if table.umount {
        say!("inside, the  unmounted outside:  unmounted inside:  bind mount   mountinfo")?;
        say!("copy is      gone inside?        gone outside?      of the copy  says inside")?;
    } else {
        say!("inside, the  mounted outside:    mounted inside:    bind mount   mountinfo")?;
        say!("copy is      seen inside?        seen outside?      of the copy  says inside")?;
    }
    for &propagation in Propagation::value_variants() {
        if table.propagation.is_none_or(|only| only == propagation) {
            measure(propagation, table.umount, hold.as_ref())?;
        }
    }
    Ok(0)
}

fn measure(kind: Propagation, unmounts: bool, hold: Option<&Hold>) -> Result<()> {
    let name = kind.name();
    let [outside, inside] = ["outside", "inside"].map(|side| format!("{STAGE}/{name}/{side}"));
    for directory in [&outside, &inside] {
        create_dir_all(directory).step("mkdir", directory)?;
        if unmounts {
            mount_tmpfs(directory)?; // Before the copy is made, so that both have it.
        }
    }

    let reports = Reports::new()?;
    // ANCHOR: measure
    let child = clone(CloneFlags::CLONE_NEWNS, || {
        set_propagation(STAGE, kind.flag())?;
        reports.send(0)?;
        reports.ask()?; // The outside has done its part.
        if unmounts {
            umount2(inside.as_str(), MntFlags::empty()).step("umount", &inside)?;
        } else {
            mount_tmpfs(&inside)?;
        }
        reports.send(try_to_bind(&name)?)?;
        reports.ask()?; // The row is printed.
        Ok(0)
    })?;
    // ANCHOR_END: measure
    reports.receive()?;
    explain!(
        "clone(CLONE_NEWNS), and {} on {STAGE}\n\
         in process {child}: the copy is {name}\n\
         see: grep ' {STAGE} ' /proc/{child}/mountinfo",
        names(kind.flag()),
        child = child.pid()
    );
    let tag = tag(child.pid())?;

    if unmounts {
        umount2(outside.as_str(), MntFlags::empty()).step("umount", &outside)?;
    } else {
        mount_tmpfs(&outside)?;
    }
    let came_in = mount_on(child.pid(), &outside)?.is_some() != unmounts;
    reports.answer(0)?;
    let (_, bound) = reports.receive()?;
    let went_out = mount_on(getpid(), &inside)?.is_some() != unmounts;
    let call = if unmounts {
        "umount()"
    } else {
        "mount(\"tmpfs\")"
    };
    explain!(
        "{call} on {outside} in process {},\n\
         on {inside} in process {}",
        getpid(),
        child.pid()
    );

    let (came_in, went_out, bound) = (yes_no(came_in), yes_no(went_out), words(bound));
    say!("{name:<12} {came_in:<19} {went_out:<18} {bound:<12} {tag}")?;
    if let Some(hold) = hold {
        hold.wait(&commands(child.pid(), &name))?;
    }
    reports.answer(0)?;
    child.succeed()
}

/// 0 if the copy could be the source of a bind mount, or the errno.
fn try_to_bind(name: &str) -> Result<i32> {
    let target = format!("{STAGE}/{name}/bound");
    create_dir_all(&target).step("mkdir", &target)?;
    let none = None::<&str>;
    match mount(Some(STAGE), target.as_str(), none, MsFlags::MS_BIND, none) {
        Ok(()) => umount2(target.as_str(), MntFlags::empty())
            .step("umount", target)
            .map(|()| 0),
        Err(errno) => Ok(errno as i32),
    }
}

/// The topmost mount on a directory, in the list of a process's mount namespace.
pub(crate) fn mount_on(pid: Pid, directory: &str) -> Result<Option<Mount>> {
    let mounts = mounts_of(pid)?;
    Ok(mounts
        .into_iter()
        .rfind(|mount| mount.point == Path::new(directory)))
}

/// The optional fields of mountinfo; `-` is what follows them where there are none.
fn tag(pid: Pid) -> Result<String> {
    let tag = mount_on(pid, STAGE)?.map(|mount| mount.propagation);
    Ok(tag.filter(|tag| !tag.is_empty()).unwrap_or("-".into()))
}

fn words(errno: i32) -> String {
    match errno {
        0 => "works".into(),
        errno => format!("{:?}", Errno::from_raw(errno)),
    }
}

/// What to paste into another terminal while the namespaces are held.
fn commands(child: Pid, name: &str) -> String {
    let original = getpid();
    let outside = nsenter(original, "--mount");
    format!(
        "  {outside} mkdir {STAGE}/{name}/mine\n  \
           {outside} mount -t tmpfs mine {STAGE}/{name}/mine\n  \
           grep {STAGE}/{name}/mine /proc/{original}/mountinfo    # there\n  \
           grep {STAGE}/{name}/mine /proc/{child}/mountinfo    # has it come in?"
    )
}
