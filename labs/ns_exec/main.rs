//! Joining namespaces, by a file or by a process, then executing a program there.
//!
//! Chapter: book/src/ns_exec.md. See setns(2), namespaces(7), and nsenter(1) for
//! the options of the second form.

mod args;
mod directories;
mod identity;
mod namespaces;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::ExitCode;

use common::lab::printable;
use common::ns::Type;
use common::process::{exec, exec_shell, fork};
use common::procfs::Environment;
use common::signals::{Policy, Supervisor, end_as};
use common::{Result, Step as _, explain};
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::Signal;
use nix::unistd::getpid;

use args::{Args, Form};
use directories::Directories;
use identity::Identity;
use namespaces::Namespaces;

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    // Without options there is nothing to parse, and building the parser of two dozen
    // takes longer than joining does.
    match startup::arguments() {
        [_, file, program @ ..] if !program.is_empty() && !file.as_bytes().starts_with(b"-") => {
            return by_file(Path::new(file), None, program);
        }
        _ => {}
    }
    let args: Args = getopt::parse(1)?;
    args.explain.begin()?;
    match args.form()? {
        Form::File { file, program } => by_file(file, args.nstype, program),
        Form::Options => by_options(&args),
    }
}

// ANCHOR: main
/// `ns_exec FILE PROGRAM`: one namespace, by the file that stands for it.
fn by_file(file: &Path, nstype: Option<Type>, program: &[OsString]) -> Result<u8> {
    let shown = printable(file.as_os_str());

    // With O_CLOEXEC: the program gets no descriptor of the namespace.
    let fd = namespaces::open(file)?;
    let nstype = nstype.map_or(CloneFlags::empty(), |kind| kind.flag);
    setns(&fd, nstype).step("setns", &shown)?;
    explain!(
        "open({shown}) and setns(): this process has left its namespace for that one\n\
         see: readlink {shown}; ls -l /proc/$$/ns"
    );
    explain!("execvp(): the program takes the process over, its namespaces stay");
    Err(exec(program))
}
// ANCHOR_END: main

// ANCHOR: options
/// `ns_exec --target PID …`: namespaces, root, directory and identity, as nsenter(1).
fn by_options(args: &Args) -> Result<u8> {
    // After the first setns() a path may lead elsewhere, /proc/PID be another process,
    // and the right to open either be gone: everything is opened before.
    let namespaces = Namespaces::open(args)?;
    let directories = Directories::open(args)?;
    let mut identity = Identity::of(args, namespaces.types())?;
    let environment = args.env_of().map(Environment::of).transpose()?;

    identity.drop_groups_outside();
    namespaces.join()?;
    directories.enter()?;
    identity.take_on()?;
    if let Some(environment) = environment {
        environment.replace_own()?;
    }

    if args.no_fork || !namespaces.types().contains(CloneFlags::CLONE_NEWPID) {
        return become_the_program(args);
    }
    // setns() with a PID namespace moves later children only.
    let proxy = Proxy::begin()?;
    let child = fork(Some(Signal::SIGKILL), || {
        proxy.leave()?;
        explain!(
            "fork(): a child runs the program; getpid() in it is {}",
            getpid()
        );
        become_the_program(args)
    })?;
    proxy.wait(child)
}

fn become_the_program(args: &Args) -> Result<u8> {
    Err(match args.words.as_slice() {
        [] => exec_shell(),
        program => exec(program),
    })
}
// ANCHOR_END: options
