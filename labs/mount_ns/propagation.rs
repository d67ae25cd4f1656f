//! Mounted here, seen there? Measured for each propagation type in both directions.

use std::fs::create_dir_all;

use clap::ValueEnum;
use common::credentials::nsenter;
use common::lab::Hold;
use common::process::Reports;
use common::procfs::Proc;
use common::{Error, Result, Step as _, clone, explain, say};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getpid};

use crate::event::Event;
use crate::{Args, STAGE, describe, set_propagation};

/// The propagation types of mount_namespaces(7).
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Propagation {
    /// Nothing travels
    Private,
    /// Mounts come in, none goes out
    Slave,
    /// Mounts travel in both directions
    Shared,
    /// Private, and no source of bind mounts
    Unbindable,
}

impl Propagation {
    fn flag(self) -> MsFlags {
        match self {
            Self::Private => MsFlags::MS_PRIVATE,
            Self::Slave => MsFlags::MS_SLAVE,
            Self::Shared => MsFlags::MS_SHARED,
            Self::Unbindable => MsFlags::MS_UNBINDABLE,
        }
    }

    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

pub(crate) fn lab(args: &Args) -> Result<u8> {
    let hold = args.hold.begin()?;
    let proc = Proc::open()?;
    if !args.private_original {
        set_propagation(STAGE, MsFlags::MS_SHARED)?;
        explain!("mount(MS_SHARED on {STAGE}): it is now the first member of a peer group");
    }
    say!(
        "{STAGE} is a tmpfs; outside, in the original mount namespace, mountinfo says: {}\n",
        tag(&proc, getpid())?
    )?;
    let event = if args.umount {
        Event::Umount
    } else {
        Event::Mount
    };
    event.print_heading()?;
    for &propagation in Propagation::value_variants() {
        if args.propagation.is_none_or(|only| only == propagation) {
            measure(propagation, event, &proc, hold.as_ref())?;
        }
    }
    Ok(0)
}

// ANCHOR: measure
fn measure(kind: Propagation, event: Event, proc: &Proc, hold: Option<&Hold>) -> Result<()> {
    let name = kind.name();
    let [outside, inside] = ["outside", "inside"].map(|side| format!("{STAGE}/{name}/{side}"));
    for directory in [&outside, &inside] {
        create_dir_all(directory).step("mkdir", directory)?;
        event.prepare(directory)?;
    }

    let reports = Reports::new()?;
    let child = clone(CloneFlags::CLONE_NEWNS, || {
        set_propagation(STAGE, kind.flag())?;
        reports.send(0)?;
        reports.ask()?; // The outside has done its part.
        event.happen(&inside)?;
        reports.send(try_to_bind(&name)?)?;
        reports.ask()?; // The row is printed.
        Ok(0)
    })?;
    reports.receive()?;
    explain_copy(kind, child.pid());
    let tag = tag(proc, child.pid())?;

    event.happen(&outside)?;
    let came_in = event.is_noticed(proc, child.pid(), &outside)?;
    reports.answer(0)?;
    let (_, bound) = reports.receive()?;
    let went_out = event.is_noticed(proc, getpid(), &inside)?;
    explain!(
        "{} on {outside} in process {}, on {inside} in process {}",
        event.call(),
        getpid(),
        child.pid()
    );

    let (came_in, went_out, bound) = (yes(came_in), yes(went_out), words(bound));
    say!("{name:<12} {came_in:<19} {went_out:<18} {bound:<12} {tag}")?;
    if let Some(hold) = hold {
        hold.wait(&commands(child.pid(), &name))?;
    }
    reports.answer(0)?;
    match child.wait()? {
        0 => Ok(()),
        _ => Err(Error::PeerGone),
    }
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
// ANCHOR_END: measure

fn explain_copy(kind: Propagation, child: Pid) {
    explain!(
        "clone(CLONE_NEWNS), and {} on {STAGE} in process {child}: the copy is {}\n\
         see: grep ' {STAGE} ' /proc/{child}/mountinfo",
        describe(kind.flag()),
        kind.name()
    );
}

/// The optional fields of mountinfo; `-` is what follows them where there are none.
fn tag(proc: &Proc, pid: Pid) -> Result<String> {
    let mount = proc.mount_on(pid, STAGE)?;
    let tag = mount.map(|mount| mount.propagation).unwrap_or_default();
    Ok(if tag.is_empty() { "-".into() } else { tag })
}

fn yes(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
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
