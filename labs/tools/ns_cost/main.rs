//! What a namespace costs: the time to create, join and destroy each type, and its memory.
//!
//! Chapter: book/src/ns_cost.md. See namespaces(7), unshare(2), setns(2), clock_gettime(2).

mod alive;
mod costs;
mod kind;
mod life;
mod numbers;
mod processes;
mod table;

use std::fs;
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable, is_capable, map_to_root};
use common::lab::ExplainArgs;
use common::lab::json::{object, string};
use common::{Result, Step as _, parse, say};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

/// Measures what namespaces cost: time to create, join and destroy, and memory
///
/// JSON: times are objects of median, low and high in microseconds, low and high being
/// the 95 % interval of the median; memory is in KiB. What could not be seen is null.
#[derive(Parser)]
#[command(name = "ns_cost", version)]
struct Args {
    /// N of each type alive at once, in ten steps: the time for one more
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1000",
          value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    alive: Option<u32>,
    /// Measurements of each value
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    explain: ExplainArgs,
}

/// What a measurement says, in both forms.
struct Answer {
    text: String,
    json: Vec<(&'static str, String)>,
}

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    if processes::is_nothing() {
        return Ok(0);
    }
    let args: Args = parse()?;
    args.explain.begin()?;
    let needed = [Capability::CAP_SYS_ADMIN];
    if is_capable(&needed) {
        enter_user_namespace()?;
    }
    enter_unless_capable(&needed)?;
    let answer = match args.alive {
        Some(number) => alive::measure(number as usize)?,
        None => costs::measure(args.rounds as usize)?,
    };
    if args.json {
        say!("{}", object(machine().into_iter().chain(answer.json)))?;
    } else {
        say!("{}", answer.text.trim_end())?;
    }
    Ok(0)
}

// ANCHOR: enter
/// Enters a new user namespace, as root, too: in it nothing has been made yet, and
/// the limits in /proc/sys/user are those of the user namespace that writes them.
fn enter_user_namespace() -> Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).step("unshare", "CLONE_NEWUSER")?;
    map_to_root("self", uid, gid)
}
// ANCHOR_END: enter

/// What the numbers belong to.
fn machine() -> [(&'static str, String); 2] {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpus = available_parallelism().map_or(1, usize::from);
    [
        ("kernel", string(kernel.trim())),
        ("cpus", cpus.to_string()),
    ]
}
