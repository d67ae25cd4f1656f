//! Leaving namespaces without a new process, then executing a program.
//!
//! Chapter: book/src/unshare.md. See unshare(2), and unshare(1) for the options.
#![no_main]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser, ValueEnum};
use common::clone::fork;
use common::error::Step as _;
use common::exec::{Forked, exec, or_shell};
use common::explain::ExplainArgs;
use common::namespace::CLONE_NEWTIME;
use common::rootless::map_to_root;
use common::{Result, explain, output};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;
use nix::unistd::{getegid, geteuid, getpid};

/// Runs a program with some namespaces not shared with the caller
#[derive(Parser)]
#[command(
    name = "unshare",
    version,
    args_override_self = true,
    infer_long_args = true
)]
struct Args {
    /// A new cgroup namespace
    #[arg(short = 'C', long)]
    cgroup: bool,
    /// A new IPC namespace
    #[arg(short, long)]
    ipc: bool,
    /// A new mount namespace
    #[arg(short, long)]
    mount: bool,
    /// A new network namespace
    #[arg(short, long)]
    net: bool,
    /// A new PID namespace, for the program's children; with --fork for itself
    #[arg(short, long)]
    pid: bool,
    /// A new time namespace
    #[arg(short = 'T', short_alias = 't', long)]
    time: bool,
    /// A new UTS namespace
    #[arg(short, long)]
    uts: bool,
    /// A new user namespace
    #[arg(short = 'U', long)]
    user: bool,
    /// Run the program in a child process
    #[arg(short, long)]
    fork: bool,
    /// Send the child SIGNAME (SIGKILL) when this process ends; implies --fork
    #[arg(long, value_name = "SIGNAME", num_args = 0..=1, require_equals = true,
          default_missing_value = "SIGKILL", value_parser = a_signal)]
    kill_child: Option<Signal>,
    /// Map the caller's user and group to root; implies --user
    #[arg(short = 'r', long)]
    map_root_user: bool,
    /// Mount a new proc on DIR (/proc) before the program runs; implies --mount
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true,
          default_missing_value = "/proc")]
    mount_proc: Option<PathBuf>,
    /// How mounts travel between the new mount namespace and the old one
    #[arg(long, value_enum, default_value_t = Propagation::Private)]
    propagation: Propagation,
    /// The program and its arguments; without one, $SHELL or /bin/sh
    #[arg(trailing_var_arg = true, value_name = "PROGRAM [ARGS]", action = ArgAction::Append)]
    command: Vec<OsString>,
    #[command(flatten)]
    explain: ExplainArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Propagation {
    Private,
    Shared,
    Slave,
    Unchanged,
}

fn a_signal(name: &str) -> std::result::Result<Signal, String> {
    let name = name.to_ascii_uppercase();
    let by_number = name
        .parse()
        .ok()
        .and_then(|number: i32| Signal::try_from(number).ok());
    by_number
        .or_else(|| name.parse().ok())
        .or_else(|| format!("SIG{name}").parse().ok())
        .ok_or_else(|| format!("there is no signal {name}"))
}

common::main!(lab);

// ANCHOR: main
fn lab() -> Result<u8> {
    let args: Args = output::parse_with_status(1)?;
    args.explain.begin()?;

    // Inside a namespace without maps every ID reads 65534, so they are asked before.
    let (uid, gid) = (geteuid(), getegid());
    let flags = args.flags();
    unshare(flags).step("unshare", common::clone::describe(flags))?;
    explain!(
        "unshare({}): no new process; this one has changed namespaces\n\
         see: ls -l /proc/{}/ns",
        common::clone::describe(flags),
        getpid()
    );
    if args.map_root_user {
        map_to_root(uid.as_raw(), gid.as_raw())?;
        explain!("uid_map, gid_map: uid {uid} and gid {gid} outside are 0 inside");
    }

    if !args.fork && args.kill_child.is_none() {
        return become_the_program(&args);
    }
    // unshare(CLONE_NEWPID) moves later children only; the first is its PID 1.
    let forked = Forked::begin()?;
    let child = fork(args.kill_child, || {
        forked.leave()?;
        explain!(
            "fork(): a child runs the program; getpid() in it is {}",
            getpid()
        );
        become_the_program(&args)
    })?;
    forked.wait(child)
}

fn become_the_program(args: &Args) -> Result<u8> {
    if args.flags().contains(CloneFlags::CLONE_NEWNS) {
        set_propagation(args.propagation)?;
    }
    if let Some(directory) = &args.mount_proc {
        mount_proc(directory, args.propagation)?;
    }
    Err(exec(&or_shell(args.command.clone())))
}
// ANCHOR_END: main

impl Args {
    fn flags(&self) -> CloneFlags {
        [
            (self.cgroup, CloneFlags::CLONE_NEWCGROUP),
            (self.ipc, CloneFlags::CLONE_NEWIPC),
            (
                self.mount || self.mount_proc.is_some(),
                CloneFlags::CLONE_NEWNS,
            ),
            (self.net, CloneFlags::CLONE_NEWNET),
            (self.pid, CloneFlags::CLONE_NEWPID),
            (self.time, CLONE_NEWTIME),
            (self.user || self.map_root_user, CloneFlags::CLONE_NEWUSER),
            (self.uts, CloneFlags::CLONE_NEWUTS),
        ]
        .into_iter()
        .filter_map(|(wanted, flag)| wanted.then_some(flag))
        .collect()
    }
}

// ANCHOR: mounts
fn set_propagation(propagation: Propagation) -> Result<()> {
    let kind = match propagation {
        Propagation::Private => MsFlags::MS_PRIVATE,
        Propagation::Shared => MsFlags::MS_SHARED,
        Propagation::Slave => MsFlags::MS_SLAVE,
        Propagation::Unchanged => return Ok(()),
    };
    explain!("mount(MS_REC, \"/\"): sets how mounts travel to and from the old namespace");
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | kind,
        None::<&str>,
    )
    .step("mount", "propagation of /")
}

fn mount_proc(directory: &Path, propagation: Propagation) -> Result<()> {
    let shown = output::printable(directory.as_os_str());
    if propagation != Propagation::Private {
        // The new proc must not travel to the old namespace, whatever else may.
        // EINVAL says that the directory is no mount point: then nothing travels.
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        let _ = mount(None::<&str>, directory, None::<&str>, private, None::<&str>);
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), directory, Some("proc"), flags, None::<&str>)
        .step("mount", format!("proc on {shown}"))?;
    explain!("mount(\"proc\", \"{shown}\"): shows the PID namespace of this process");
    Ok(())
}
// ANCHOR_END: mounts
