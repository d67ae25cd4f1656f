//! Joining several namespaces of a process in one go, then executing a program there.
//!
//! Chapter: book/src/ns_exec.md. See setns(2), and nsenter(1) for the options.

mod args;
mod directories;
mod door;
mod environment;
mod identity;
mod namespaces;

use std::process::ExitCode;

use args::Args;
use common::Result;
use common::explain;
use common::process::{exec, exec_shell, fork};
use common::signals::{Policy, Supervisor, end_as};
use directories::Directories;
use environment::TargetEnvironment;
use identity::Identity;
use namespaces::Namespaces;
use nix::sched::CloneFlags;
use nix::unistd::getpid;

fn main() -> ExitCode {
    common::run(lab)
}

// ANCHOR: main
fn lab() -> Result<u8> {
    let args = Args::get()?;
    args.explain.begin()?;

    // After the first setns() a path may lead elsewhere, /proc/PID be another process,
    // and the right to open either be gone: everything is opened before.
    let namespaces = Namespaces::open(&args)?;
    let directories = Directories::open(&args)?;
    let mut identity = Identity::choose(&args, namespaces.types())?;
    let environment = args.target.filter(|_| args.env);
    let environment = environment.map(TargetEnvironment::of).transpose()?;

    identity.drop_groups_outside();
    namespaces.join()?;
    directories.enter()?;
    identity.take_on()?;
    if let Some(environment) = environment {
        environment.replace_own()?;
    }

    if args.no_fork || !namespaces.types().contains(CloneFlags::CLONE_NEWPID) {
        return become_the_program(&args);
    }
    // setns() with a PID namespace moves later children only.
    let supervisor = Supervisor::begin(Policy::PassOn)?;
    let child = fork(|| {
        supervisor.leave()?;
        explain!(
            "fork(): a child runs the program; getpid() in it is {}",
            getpid()
        );
        become_the_program(&args)
    })?;
    supervisor.wait(child).map(end_as)
}

fn become_the_program(args: &Args) -> Result<u8> {
    if args.command.is_empty() {
        return Err(exec_shell());
    }
    Err(exec(&args.command))
}
// ANCHOR_END: main
