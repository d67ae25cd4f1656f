//! PID 1's duties: it inherits orphans, reaps them, and decides which signals it hears.
//!
//! Chapter: book/src/init.md. See pid_namespaces(7), wait(2), PR_SET_CHILD_SUBREAPER(2const).

mod family;
mod fault;
mod joined;
mod orphan;
mod reboot;
mod run;
mod signals;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable};
use common::lab::{ExplainArgs, HoldArgs};
use common::{Result, parse};
use orphan::Heir;

/// Shows what PID 1 does for its namespace; with a program, does it for that program
#[derive(Parser)]
#[command(name = "init", version)]
struct Args {
    /// PID 1 waits for its own child only: an orphan that ends stays a zombie
    #[arg(long, conflicts_with = "variant")]
    no_reap: bool,
    /// Which signals reach PID 1, from inside its namespace and from outside
    #[arg(long, group = "variant", conflicts_with = "hold")]
    signals: bool,
    /// What a fault of PID 1's own does, such as a stack overflow
    #[arg(long, group = "variant", conflicts_with = "hold")]
    fault: bool,
    /// Inherit orphans without a PID namespace, by PR_SET_CHILD_SUBREAPER
    #[arg(long, group = "variant")]
    subreaper: bool,
    /// An orphan that has joined the namespace: its parent was outside
    #[arg(long, group = "variant", conflicts_with = "hold")]
    joined: bool,
    /// reboot(2) in a PID namespace, which ends the namespace only
    #[arg(long, group = "variant", conflicts_with = "hold")]
    reboot: bool,
    /// Leave the mount namespace out: the program then sees the host's /proc
    // `requires` asks for nothing that is excluded by another option.
    #[arg(long, requires = "command", conflicts_with = "variant")]
    host_proc: bool,
    /// A program and its arguments: PID 1 runs it, reaps for it and ends as it ends
    #[arg(
        trailing_var_arg = true,
        value_name = "PROGRAM [ARGS]",
        conflicts_with_all = ["variant", "hold"]
    )]
    command: Vec<OsString>,
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
    let hold = args.hold.begin()?;
    let hold = hold.as_ref();
    if args.subreaper {
        return orphan::lab(Heir::Subreaper, true, hold);
    }
    if args.reboot {
        return reboot::lab();
    }
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    if args.signals {
        signals::lab()
    } else if args.fault {
        fault::lab()
    } else if args.joined {
        joined::lab()
    } else if args.command.is_empty() {
        orphan::lab(Heir::Init, !args.no_reap, hold)
    } else {
        run::lab(&args.command, args.host_proc, !args.no_reap)
    }
}
