//! Mount namespaces: a copy of the mounts, and what travels between copy and original.
//!
//! Chapter: book/src/mount_ns.md. See mount_namespaces(7), mount(2), pivot_root(2).

mod chroot;
mod event;
mod mqueue;
mod pivot_root;
mod propagation;
mod refusals;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable};
use common::lab::{ExplainArgs, HoldArgs};
use common::{Result, Step as _, explain, ns, parse};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::getpid;
use propagation::Propagation;
use std::process::ExitCode;

/// Shows which mounts travel between two mount namespaces, measured for each propagation type
#[derive(Parser)]
#[command(name = "mount_ns", version, mut_arg("hold", |hold| hold.requires("propagation")))]
struct Args {
    /// Only this propagation type, not each of the four
    #[arg(value_enum, conflicts_with_all = ["mqueue", "pivot_root", "chroot", "refusals"])]
    propagation: Option<Propagation>,
    /// Unmount what both namespaces have: is it gone there, too?
    #[arg(long, conflicts_with_all = ["mqueue", "pivot_root", "chroot", "refusals"])]
    umount: bool,
    /// Leave MS_SHARED out: the original is private when it is copied
    #[arg(long, conflicts_with_all = ["mqueue", "pivot_root", "chroot", "refusals"])]
    private_original: bool,
    /// Unmount a file system of message queues in one namespace and not in the other
    #[arg(long, conflicts_with_all = ["pivot_root", "chroot", "refusals"])]
    mqueue: bool,
    /// Take the host's /dev/mqueue, not a mount of the lab's own
    #[arg(long, requires = "mqueue")]
    host: bool,
    /// Exchange the root for a tmpfs with pivot_root(): what is left of the old one
    #[arg(long, conflicts_with_all = ["chroot", "refusals"])]
    pivot_root: bool,
    /// Walk out of a chroot, and fail to after pivot_root()
    #[arg(long, conflicts_with = "refusals")]
    chroot: bool,
    /// Break each rule of pivot_root() once
    #[arg(long)]
    refusals: bool,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
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
    if !args.host {
        enter_stand_in(args.mqueue)?;
    }
    if args.mqueue {
        mqueue::lab(args.host)
    } else if args.pivot_root {
        pivot_root::lab()
    } else if args.chroot {
        chroot::lab()
    } else if args.refusals {
        refusals::lab()
    } else {
        propagation::lab(&args)
    }
}

// ANCHOR: stand_in
/// A mount namespace that plays the host: whatever is mounted from here on, the
/// machine does not see it.
fn enter_stand_in(with_ipc: bool) -> Result<()> {
    let mut flags = CloneFlags::CLONE_NEWNS;
    // A file system of message queues shows those of one IPC namespace.
    flags.set(CloneFlags::CLONE_NEWIPC, with_ipc);
    unshare(flags).step("unshare", ns::describe(flags))?;

    // The new namespace is a copy, and where the machine's mounts are shared the
    // copies are their peers: a mount in here would appear out there.
    set_propagation("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
    mount_tmpfs(STAGE)?;
    explain!(
        "unshare({}), MS_REC | MS_PRIVATE on /, a tmpfs on {STAGE}:\n\
         a stand-in for the host, which sees none of what follows\n\
         see: cat /proc/{}/mountinfo",
        ns::describe(flags),
        getpid()
    );
    Ok(())
}

/// `mount --make-…`: changes nothing but how mounts on this mount travel.
fn set_propagation(directory: &str, propagation: MsFlags) -> Result<()> {
    let none = None::<&str>;
    mount(none, directory, none, propagation, none)
        .step("mount", format!("{} on {directory}", describe(propagation)))
}

/// `mount -t tmpfs tmpfs DIRECTORY`: an empty file system that exists in memory.
fn mount_tmpfs(directory: &str) -> Result<()> {
    let none = None::<&str>;
    mount(
        Some("tmpfs"),
        directory,
        Some("tmpfs"),
        MsFlags::empty(),
        none,
    )
    .step("mount", format!("tmpfs on {directory}"))
}
// ANCHOR_END: stand_in

/// Flags as they stand in the source: `MS_REC | MS_PRIVATE`.
fn describe(flags: MsFlags) -> String {
    let names: Vec<_> = flags.iter_names().map(|(name, _)| name).collect();
    names.join(" | ")
}
