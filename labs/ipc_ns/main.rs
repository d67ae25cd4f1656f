//! IPC namespaces: message queues that only members of their namespace find.
//!
//! Chapter: book/src/ipc_ns.md. See ipc_namespaces(7), sysvipc(7), mq_overview(7).

mod limits;
mod posix;
mod queue;
mod system_v;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable, nsenter};
use common::lab::{ExplainArgs, HoldArgs};
use common::ns::describe;
use common::procfs::check_proc;
use common::{Error, Result, Step as _, clone, explain, ns, parse, say};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, getpid};
use queue::{CHILD, PARENT, Turns};
use std::process::ExitCode;

/// Starts a child in a new IPC namespace; both make message queues of the same names
#[derive(Parser)]
#[command(name = "ipc_ns", version)]
struct Args {
    /// Leave CLONE_NEWIPC out: the child finds the parent's queues and reads from them
    #[arg(long)]
    shared: bool,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

fn main() -> ExitCode {
    common::run(lab)
}

// ANCHOR: main
fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    check_proc()?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let hold = args.hold.begin()?;
    stand_in()?;

    // The child gets mounts of its own as well, for a /dev/mqueue of its own.
    let mut flags = CloneFlags::CLONE_NEWNS;
    if !args.shared {
        flags |= CloneFlags::CLONE_NEWIPC;
    }
    let turns = Turns::new()?;
    let child = clone(flags, || child_function(&turns))?;
    explain!(
        "clone({}): what the child makes, it makes in\n\
         its IPC namespace, which with CLONE_NEWIPC is new and empty\n\
         see: readlink /proc/{}/ns/ipc /proc/{}/ns/ipc",
        describe(flags),
        getpid(),
        child.pid()
    );
    say!(
        "IPC namespace of the parent: {}",
        ns::link(getpid(), "ipc")?
    )?;
    say!(
        "IPC namespace of the child:  {}",
        ns::link(child.pid(), "ipc")?
    )?;
    match parent_function(&turns) {
        // It has said why itself, and its status is the lab's.
        Err(Error::PeerGone) => return child.wait(),
        result => result?,
    }
    if let Some(hold) = &hold {
        hold.wait(&commands(getpid(), child.pid()))?;
    }
    turns.end()?;
    child.wait()
}
// ANCHOR_END: main

// ANCHOR: parent
fn parent_function(turns: &Turns) -> Result<()> {
    explain!(
        "msgget(): looks a key up in the IPC namespace of the caller, and makes queues there\n\
         see: cat /proc/sysvipc/msg, which lists the reader's namespace"
    );
    say!("\nSystem V message queues, found by a key:\n")?;
    queue::of_parent::<system_v::Queue>(turns)?;
    explain!(
        "mq_open(): looks a name up in the IPC namespace of the caller; the slash begins no\n\
         path, and it does not matter what is mounted where"
    );
    say!("\nPOSIX message queues, found by a name:\n")?;
    queue::of_parent::<posix::Queue>(turns)?;
    posix::list(PARENT)?;
    say!("\nThe limits of System V message queues:\n")?;
    limits::read(PARENT)?;
    turns.of_child()?;
    limits::read(PARENT)?;
    limits::send_long(PARENT)
}
// ANCHOR_END: parent

// ANCHOR: child
fn child_function(turns: &Turns) -> Result<u8> {
    turns.begin()?;
    queue::of_child::<system_v::Queue>(turns)?;
    turns.of_parent()?;
    queue::of_child::<posix::Queue>(turns)?;
    posix::list(CHILD)?;
    posix::mount_again(CHILD)?;
    posix::list(CHILD)?;
    turns.of_parent()?;
    limits::change(CHILD)?;
    limits::read(CHILD)?;
    limits::send_long(CHILD)?;
    turns.of_parent()?; // Its namespace lives as long as it does.
    Ok(0)
}
// ANCHOR_END: child

// ANCHOR: stand_in
/// Leaves the host's queues, limits and mounts alone: what the parent does, it
/// does in an IPC and a mount namespace that play the host.
fn stand_in() -> Result<()> {
    let flags = CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNS;
    unshare(flags).step("unshare", describe(flags))?;
    // Without this, the next mounts would appear on the host where / is shared.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .step("mount", "MS_PRIVATE on /")?;
    explain!(
        "unshare({}): this process stands for the host",
        describe(flags)
    );
    posix::make_folder()?;
    posix::mount_mqueue().step("mount", format!("mqueue on {}", posix::FOLDER))
}
// ANCHOR_END: stand_in

fn commands(parent: Pid, child: Pid) -> String {
    let (outside, inside) = (nsenter(parent, "--ipc"), nsenter(child, "--ipc"));
    format!(
        "  readlink /proc/{parent}/ns/ipc /proc/{child}/ns/ipc\n  \
           {outside} ipcs -q    # the parent's queues\n  \
           {inside} ipcs -q    # the child's\n  \
           {} ls /dev/mqueue",
        nsenter(child, "--mount")
    )
}
