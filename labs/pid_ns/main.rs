//! PID namespaces: the child is PID 1 of a process tree of its own.
//!
//! Chapter: book/src/pid_ns.md. See pid_namespaces(7), clone(2).

mod credentials;
mod nested;
mod siblings;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable};
use common::lab::{ExplainArgs, Hold, HoldArgs, program_name};
use common::{Checkpoint, Result, clone, explain, parse, say};
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getpid, getppid};
use std::process::ExitCode;

/// Starts a child in a new PID namespace and shows what each process takes itself for
#[derive(Parser)]
#[command(name = "pid_ns", version)]
struct Args {
    /// Leave CLONE_NEWPID out: the child stays in the parent's PID namespace
    #[arg(long, group = "variant")]
    shared: bool,
    /// Two namespaces side by side: who sees and who can signal whom
    #[arg(long, group = "variant")]
    siblings: bool,
    /// Which PID and uid a receiver is told of the sender, by socket, message and signal
    #[arg(long, group = "variant")]
    credentials: bool,
    /// PID namespaces inside one another, N deep: one process, many PIDs
    #[arg(long, value_name = "N", group = "variant",
        value_parser = clap::value_parser!(u8).range(1..))]
    nested: Option<u8>,
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
    if !args.shared {
        enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    }
    let hold = args.hold.begin()?;
    let hold = hold.as_ref();
    if let Some(depth) = args.nested {
        nested::lab(depth, hold)
    } else if args.siblings {
        siblings::lab(hold)
    } else if args.credentials {
        credentials::lab(hold)
    } else {
        parent_and_child(args.shared, hold)
    }
}

// ANCHOR: main
fn parent_and_child(shared: bool, hold: Option<&Hold>) -> Result<u8> {
    // ANCHOR: clone
    let flags = if shared {
        CloneFlags::empty()
    } else {
        CloneFlags::CLONE_NEWPID
    };

    let checkpoint = Checkpoint::new()?;
    let child = clone(flags, || child_function(&checkpoint))?;
    // ANCHOR_END: clone

    explain!(
        "clone(): process {child} is the child; in\n\
         the parent's namespace that is its PID\n\
         see: readlink /proc/{parent}/ns/pid /proc/{child}/ns/pid\n\
         see: grep NSpid /proc/{child}/status",
        child = child.pid(),
        parent = getpid()
    );
    say!("PID for {} process = {}", program_name(), getpid())?;
    say!(
        "Child process created by clone() from {} have PID = {}",
        program_name(),
        child.pid()
    )?;
    if let Some(hold) = hold {
        hold.wait(&commands(&[getpid(), child.pid()]))?;
    }
    checkpoint.open()?;

    child.wait()
}
// ANCHOR_END: main

/// What to paste into another terminal while these processes are held.
fn commands(pids: &[Pid]) -> String {
    let files = |file: &str| {
        let paths = pids.iter().map(|pid| format!(" /proc/{pid}/{file}"));
        paths.collect::<String>()
    };
    format!(
        "  readlink{}\n  grep NSpid{}",
        files("ns/pid"),
        files("status")
    )
}

fn child_function(checkpoint: &Checkpoint) -> Result<u8> {
    checkpoint.wait()?;
    explain!(
        "getpid(), getppid() in the child: the first process of a PID namespace is\n\
         PID 1, and a parent that the namespace does not hold is PID 0\n\
         see: pid_namespaces(7)"
    );
    // ANCHOR: child
    say!(
        "Child's PID from child_function() from own namespace: {}",
        getpid()
    )?;
    say!(
        "Parent's PID from child_function() from own namespace: {}",
        getppid()
    )?;
    // ANCHOR_END: child
    Ok(0)
}
