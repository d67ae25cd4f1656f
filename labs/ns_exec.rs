//! Joining a namespace by its file, then executing a program there.
//!
//! Chapter: book/src/ns_exec.md. See setns(2), namespaces(7).
#![no_main]

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use clap::Parser;
use common::error::Step as _;
use common::exec::exec;
use common::explain::ExplainArgs;
use common::namespace::{TYPES, Type};
use common::output::{self, printable};
use common::{Error, Result, explain};
use nix::sched::{CloneFlags, setns};

/// Joins the namespace that FILE stands for and executes PROGRAM in it
#[derive(Parser)]
#[command(name = "ns_exec", version)]
struct Args {
    /// Have the kernel check the type: cgroup, ipc, mnt, net, pid, time, user or uts
    #[arg(long = "type", value_name = "TYPE", value_parser = a_type)]
    nstype: Option<Type>,
    /// A link such as /proc/PID/ns/uts, or a file that one is bind-mounted on
    file: PathBuf,
    /// The program and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        value_name = "PROGRAM [ARGS]"
    )]
    command: Vec<OsString>,
    #[command(flatten)]
    explain: ExplainArgs,
}

fn a_type(name: &str) -> std::result::Result<Type, String> {
    Type::named(name).ok_or_else(|| {
        let names = TYPES.map(|kind| kind.name).join(", ");
        format!("the types are {names}")
    })
}

common::main!(lab);

// ANCHOR: main
fn lab() -> Result<u8> {
    let args: Args = output::parse_with_status(1)?;
    args.explain.begin()?;
    let shown = printable(args.file.as_os_str());

    // std opens with O_CLOEXEC: the program gets no descriptor of the namespace.
    let fd = File::open(&args.file).step("open", &shown)?;
    let nstype = args.nstype.map_or(CloneFlags::empty(), |kind| kind.flag);
    setns(&fd, nstype).step("setns", &shown)?;
    explain!(
        "open({shown}) and setns(): this process has left its namespace for that one\n\
         see: readlink {shown}; ls -l /proc/$$/ns"
    );
    explain!("execvp(): the program takes the process over, its namespaces stay");
    Err::<u8, Error>(exec(&args.command))
}
// ANCHOR_END: main
