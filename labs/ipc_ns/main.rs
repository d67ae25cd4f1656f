//! IPC namespaces: message queues that only members of their namespace find.
//!
//! Chapter: book/src/ipc_ns.md. See ipc_namespaces(7), sysvipc(7), mq_overview(7).

mod limits;
mod mqueue;
mod posix;
mod system_v;

use std::process::ExitCode;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable, nsenter};
use common::lab::{ExplainArgs, HoldArgs};
use common::ns::{describe, make_private};
use common::procfs::check_proc;
use common::{Checkpoint, Result, Step as _, clone, explain, ns, parse, say};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, getpid};

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

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    check_proc()?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let hold = args.hold.begin()?;
    enter_stand_in()?;

    // ANCHOR: clone
    // The child gets mounts of its own as well, for a /dev/mqueue of its own.
    let mut flags = CloneFlags::CLONE_NEWNS;
    if !args.shared {
        flags |= CloneFlags::CLONE_NEWIPC;
    }
    // One process speaks while the other waits, so the order of the lines is settled.
    let (parent_has_spoken, child_has_spoken) = (Checkpoint::new()?, Checkpoint::new()?);
    let child = clone(flags, || {
        child_function(&parent_has_spoken, &child_has_spoken)
    })?;
    // ANCHOR_END: clone
    explain!(
        "clone({}): what the child makes, it makes in\n\
         its IPC namespace, which with CLONE_NEWIPC is new and empty\n\
         see: readlink /proc/{}/ns/ipc /proc/{}/ns/ipc",
        describe(flags),
        getpid(),
        child.pid()
    );
    let (outside, inside) = (ns::link(getpid(), "ipc")?, ns::link(child.pid(), "ipc")?);
    say!("IPC namespace of the parent: {outside}")?;
    say!("IPC namespace of the child:  {inside}")?;
    parent_function(&parent_has_spoken, &child_has_spoken)?;
    if let Some(hold) = &hold {
        hold.wait(&commands(getpid(), child.pid()))?;
    }
    parent_has_spoken.open()?;
    child.wait()
}

fn parent_function(parent_has_spoken: &Checkpoint, child_has_spoken: &Checkpoint) -> Result<()> {
    explain!(
        "msgget(): looks a key up in the IPC namespace\n\
         of the caller, and makes queues there\n\
         see: cat /proc/sysvipc/msg, which lists the reader's namespace"
    );
    say!("\nSystem V message queues, found by a key:\n")?;
    system_v::parent(parent_has_spoken, child_has_spoken)?;
    explain!(
        "mq_open(): looks a name up in the IPC namespace of the caller; the slash\n\
         begins no path, and it does not matter what is mounted where"
    );
    say!("\nPOSIX message queues, found by a name:\n")?;
    posix::parent(parent_has_spoken, child_has_spoken)?;
    say!("\nThe limits of System V message queues:\n")?;
    limits::parent(parent_has_spoken, child_has_spoken)
}

fn child_function(parent_has_spoken: &Checkpoint, child_has_spoken: &Checkpoint) -> Result<u8> {
    system_v::child(parent_has_spoken, child_has_spoken)?;
    posix::child(parent_has_spoken, child_has_spoken)?;
    limits::child(parent_has_spoken, child_has_spoken)?;
    parent_has_spoken.wait()?; // Its namespace lives as long as it does.
    Ok(0)
}

/// Leaves the host's queues, limits and mounts alone: what the parent does, it
/// does in an IPC and a mount namespace that play the host.
fn enter_stand_in() -> Result<()> {
    let flags = CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNS;
    unshare(flags).step("unshare", describe(flags))?;
    make_private()?; // Where / is shared, the next mounts would appear on the host.
    explain!(
        "unshare({}): this process stands for the host",
        describe(flags)
    );
    mqueue::make_folder()?;
    mqueue::mount_mqueue().step("mount", format!("mqueue on {}", mqueue::FOLDER))
}

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
