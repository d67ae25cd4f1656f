//! Mount namespaces: a copy of the mounts, and what travels between copy and original.
//!
//! Chapter: book/src/mount_ns.md. See mount_namespaces(7), mount(2), pivot_root(2).

mod chroot;
mod kind;
mod mqueue;
mod pivot_root;
mod propagation;
mod refusals;

use std::process::ExitCode;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable};
use common::lab::{ExplainArgs, HoldArgs};
use common::ns::describe;
use common::{Result, Step as _, explain, parse};
use kind::{Propagation, names};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::getpid;

/// Shows which mounts travel between two mount namespaces, measured for each propagation type
#[derive(Parser)]
#[command(name = "mount_ns", version, mut_arg("hold", |hold| hold.requires("propagation")))]
struct Args {
    #[command(flatten)]
    table: Table,
    #[command(flatten)]
    experiment: Experiment,
    /// Take the host's /dev/mqueue, not a mount of the lab's own
    // `requires` asks for nothing that is excluded by another option.
    #[arg(long, requires = "mqueue",
          conflicts_with_all = ["Table", "pivot_root", "chroot", "refusals", "hold"])]
    host: bool,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

/// The table of propagation types, and what is measured for it.
#[derive(clap::Args)]
struct Table {
    /// Only this propagation type, not each of the four
    #[arg(value_enum)]
    propagation: Option<Propagation>,
    /// Unmount what both namespaces have: is it gone there, too?
    #[arg(long)]
    umount: bool,
    /// Leave MS_SHARED out: the original is private when it is copied
    #[arg(long)]
    private_original: bool,
}

/// What is shown in place of the table.
#[derive(clap::Args)]
#[group(multiple = false, conflicts_with_all = ["Table", "hold"])]
struct Experiment {
    /// Unmount a file system of message queues in one namespace and not in the other
    #[arg(long)]
    mqueue: bool,
    /// Exchange the root for a tmpfs with pivot_root(): what is left of the old one
    #[arg(long)]
    pivot_root: bool,
    /// Walk out of a chroot, and fail to after pivot_root()
    #[arg(long)]
    chroot: bool,
    /// Break each rule of pivot_root() once
    #[arg(long)]
    refusals: bool,
}

const NEEDED: [Capability; 2] = [Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_CHROOT];

/// Where the lab mounts, in namespaces of its own: a directory that every machine has.
const STAGE: &str = "/tmp";

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    enter_unless_capable(&NEEDED)?;
    let asked = &args.experiment;
    if asked.mqueue && args.host {
        return mqueue::lab(true);
    }
    enter_stand_in(asked.mqueue)?;
    if asked.mqueue {
        mqueue::lab(false)
    } else if asked.pivot_root {
        pivot_root::lab()
    } else if asked.chroot {
        chroot::lab()
    } else if asked.refusals {
        refusals::lab()
    } else {
        propagation::lab(&args.table, &args.hold)
    }
}

/// A mount namespace that plays the host: whatever is mounted from here on, the
/// machine does not see it.
fn enter_stand_in(with_ipc: bool) -> Result<()> {
    let mut flags = CloneFlags::CLONE_NEWNS;
    // A file system of message queues shows those of one IPC namespace.
    flags.set(CloneFlags::CLONE_NEWIPC, with_ipc);
    unshare(flags).step("unshare", describe(flags))?;

    // The new namespace is a copy, and where the machine's mounts are shared the
    // copies are their peers: a mount in here would appear out there.
    set_propagation("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
    mount_tmpfs(STAGE)?;
    explain!(
        "unshare({}), MS_REC | MS_PRIVATE on /, a tmpfs on {STAGE}:\n\
         a stand-in for the host, which sees none of what follows\n\
         see: cat /proc/{}/mountinfo",
        describe(flags),
        getpid()
    );
    Ok(())
}

/// `mount --make-…`: changes nothing but how mounts on this mount travel.
fn set_propagation(directory: &str, propagation: MsFlags) -> Result<()> {
    let none = None::<&str>;
    mount(none, directory, none, propagation, none)
        .step("mount", format!("{} on {directory}", names(propagation)))
}

/// `mount -t tmpfs tmpfs DIRECTORY`: an empty file system that exists in memory.
fn mount_tmpfs(directory: &str) -> Result<()> {
    let (tmpfs, none) = (Some("tmpfs"), None::<&str>);
    mount(tmpfs, directory, tmpfs, MsFlags::empty(), none)
        .step("mount", format!("tmpfs on {directory}"))
}
