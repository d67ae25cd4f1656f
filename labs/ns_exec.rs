//! Joining a namespace by the file that stands for it, then executing a program there.
//!
//! Chapter: book/src/ns_exec.md. See setns(2), namespaces(7).

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use common::lab::Arg::{Long, Value};
use common::lab::{CommandLine, ExplainArgs, printable, usage_error};
use common::ns::TYPES;
use common::process::exec;
use common::{Result, Step as _, explain};
use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::Mode;

const HELP: &str = "\
Joins a namespace by the FILE that stands for it, and executes PROGRAM in it.
nsenter joins several at once.

Usage: ns_exec [--type TYPE] FILE PROGRAM [ARGS]...

Options:
      --type <TYPE>  Have the kernel check the type of FILE: cgroup, ipc, mnt, net, pid, time, user or uts
      --explain      Narrate each step on stderr: the system call, what it did, where to look in /proc
  -h, --help         Print help
  -V, --version      Print version
";

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let types = TYPES.map(|kind| (kind.name, kind.flag));
    let (mut nstype, mut words) = (CloneFlags::empty(), Vec::new());
    let mut explain = ExplainArgs::default();
    let mut line = CommandLine::new(HELP);
    while let Some(option) = line.option()? {
        match option {
            Long("type") => nstype = line.value()?.one_of(&types)?,
            Long("explain") => explain = ExplainArgs::given(),
            Value(file) => words = line.command(file),
            _ => return Err(line.unexpected()),
        }
    }
    explain.begin()?;
    match words.as_slice() {
        [file, program @ ..] if !program.is_empty() => join(file, nstype, program),
        _ => Err(usage_error("FILE and PROGRAM are required")),
    }
}

// ANCHOR: main
fn join(file: &OsStr, nstype: CloneFlags, program: &[OsString]) -> Result<u8> {
    let shown = printable(file);

    // Not O_PATH, as setns() takes such a descriptor for closed (EBADF). O_CLOEXEC: the
    // program does not inherit it. O_NONBLOCK keeps a FIFO from waiting for its writer,
    // and O_NOCTTY a terminal from becoming this process's own.
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let fd = open(file, flags, Mode::empty()).step("open", &shown)?;

    setns(&fd, nstype).step("setns", &shown)?;
    explain!(
        "open({shown}) and setns(): this process has left its namespace for that one\n\
         see: readlink {shown}; ls -l /proc/$$/ns"
    );

    explain!("execvp(): the program takes the process over, its namespaces stay");
    Err(exec(program))
}
// ANCHOR_END: main
