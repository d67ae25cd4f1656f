//! Leaving namespaces without a new process, then executing a program.
//!
//! Chapter: book/src/unshare.md. See unshare(2), and unshare(1) for the options.

mod accounts;
mod args;
mod clocks;
mod helper;
mod map;
mod maps;
mod mounts;
mod persist;
mod range;
mod ranges;
mod signal_name;
mod vouching;

use std::process::ExitCode;

use args::Args;
use common::credentials::{become_user, drop_groups, make_capabilities_ambient, set_gid, set_uid};
use common::ns::describe;
use common::process::{Lifeline, exec, exec_shell, fork_untied};
use common::procfs::Environment;
use common::signals::{Supervisor, end_as};
use common::{Checkpoint, Result, Step as _, explain};
use maps::Maps;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::getpid;

fn main() -> ExitCode {
    common::run(lab)
}

// ANCHOR: main
fn lab() -> Result<u8> {
    let args = Args::get()?;
    args.explain.begin()?;
    let maps = Maps::prepare(&args.mapping, args.owner.is_some())?;
    let binder = persist::prepare(&args)?;
    if let Some((uid, gid)) = args.owner {
        become_user(uid, gid)?;
    }

    // ANCHOR: leave
    let flags = args.flags();
    unshare(flags).step("unshare", describe(flags))?;
    explain!(
        "unshare({}):\n\
         no new process; this one has changed namespaces\n\
         see: ls -l /proc/{}/ns",
        describe(flags),
        getpid()
    );
    maps.write()?;
    // ANCHOR_END: leave
    clocks::set_offsets(&args)?;
    clocks::tell_who_is_moved(&args)?;

    if !args.forks() {
        if let Some(binder) = binder {
            binder.work()?;
        }
        return become_the_program(&args, None);
    }
    // unshare(CLONE_NEWPID) moves later children only; the first is its PID 1.
    let lifeline = args.kill_child.map(Lifeline::new).transpose()?;
    let supervisor = Supervisor::begin(args.policy())?;
    let files_are_bound = Checkpoint::new()?;
    let child = fork_untied(|| {
        supervisor.leave()?;
        explain!(
            "fork(): a child runs the program; getpid() in it is {}",
            getpid()
        );
        files_are_bound.wait()?;
        become_the_program(&args, lifeline.as_ref())
    })?;
    // Before the fork the PID namespace for children has no file: only its first
    // process makes it a whole one.
    if let Some(binder) = binder {
        binder.work()?;
    }
    files_are_bound.open()?;
    supervisor.wait(child).map(end_as)
}
// ANCHOR_END: main

// ANCHOR: program
fn become_the_program(args: &Args, lifeline: Option<&Lifeline>) -> Result<u8> {
    let flags = args.flags();
    if flags.contains(CloneFlags::CLONE_NEWNS) {
        mounts::set_propagation(args.propagation)?;
    }
    if let Some(root) = &args.root {
        mounts::change_root(root)?;
    }
    if let Some(directory) = &args.wd {
        mounts::change_directory(directory)?;
    }
    if let Some(directory) = &args.mount_proc {
        mounts::mount_proc(directory, args.propagation)?;
    }
    if let Some(gid) = args.setgid {
        drop_groups()?;
        set_gid(gid)?;
    }
    if let Some(uid) = args.setuid {
        set_uid(uid)?;
    }
    if args.keep_caps && flags.contains(CloneFlags::CLONE_NEWUSER) {
        make_capabilities_ambient()?;
    }
    // Last, because a change of the user or the group undoes it.
    if let Some(lifeline) = lifeline {
        lifeline.tie()?;
    }
    if let Some(kept) = &args.kept_environment {
        Environment::own(kept).replace_own()?;
    }
    if args.command.is_empty() {
        return Err(exec_shell());
    }
    Err(exec(&args.command))
}
// ANCHOR_END: program
