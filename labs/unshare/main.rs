//! Leaving namespaces without a new process, then executing a program.
//!
//! Chapter: book/src/unshare.md. See unshare(2), and unshare(1) for the options.

mod args;
mod clocks;
mod helper;
mod letters;
mod map;
mod maps;
mod mounts;
mod persist;
mod ranges;
mod single;

use args::Args;
use common::credentials::{drop_groups, make_capabilities_ambient, set_gid, set_uid};
use common::ns::describe;
use common::place::{change_directory, change_root};
use common::process::{Lifeline, exec, exec_shell, fork};
use common::signals::{Policy, Supervisor, end_as};
use common::{Result, Step as _, explain};
use maps::Maps;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::getpid;
use persist::Persistence;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::run(lab)
}

// ANCHOR: main
fn lab() -> Result<u8> {
    let args = Args::get()?;
    args.explain.begin()?;
    let maps = Maps::prepare(&args.maps)?;
    let files = Persistence::prepare(&args)?;

    let flags = args.flags();
    unshare(flags).step("unshare", describe(flags))?;
    explain!(
        "unshare({}): no new process; this one has changed namespaces\n\
         see: ls -l /proc/{}/ns",
        describe(flags),
        getpid()
    );
    maps.write()?;
    clocks::set_offsets(&args.clocks)?;

    let lifeline = Lifeline::new(args.process.kill_child)?;
    if !args.forks() {
        files.bind()?;
        return become_the_program(&args, &lifeline);
    }
    // unshare(CLONE_NEWPID) moves later children only; the first is its PID 1.
    let forked = Forked::begin()?;
    let child = fork(None, || {
        forked.leave()?;
        explain!(
            "fork(): a child runs the program; getpid() in it is {}",
            getpid()
        );
        files.wait()?;
        become_the_program(&args, &lifeline)
    })?;
    match files.bind() {
        Ok(()) => forked.wait(child),
        Err(error) => {
            child.end()?;
            Err(error)
        }
    }
}

fn become_the_program(args: &Args, lifeline: &Lifeline) -> Result<u8> {
    if args.flags().contains(CloneFlags::CLONE_NEWNS) {
        mounts::set_propagation(args.mounts.propagation)?;
    }
    args.mounts.root.as_deref().map_or(Ok(()), change_root)?;
    args.mounts.wd.as_deref().map_or(Ok(()), change_directory)?;
    if let Some(directory) = &args.mounts.mount_proc {
        mounts::mount_proc(directory, args.mounts.propagation)?;
    }
    if let Some(gid) = args.process.setgid {
        drop_groups()?;
        set_gid(gid)?;
    }
    args.process.setuid.map_or(Ok(()), set_uid)?;
    if args.maps.keep_caps && args.flags().contains(CloneFlags::CLONE_NEWUSER) {
        make_capabilities_ambient()?;
    }
    // Last, because a change of the user or the group undoes it.
    lifeline.tie()?;
    if args.command.is_empty() {
        return Err(exec_shell());
    }
    Err(exec(&args.command))
}
// ANCHOR_END: main
