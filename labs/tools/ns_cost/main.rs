//! What a namespace costs: the time to create, join and destroy each type, and its memory.
//!
//! Chapter: book/src/ns_cost.md. See namespaces(7), unshare(2), setns(2), clock_gettime(2).
#![no_main]

mod alive;
mod costs;
mod curve;
mod json;
mod kind;
mod life;
mod limits;
mod memory;
mod mounts;
mod nesting;
mod picture;
mod processes;
mod progress;
mod statistics;
mod table;

use std::time::{Duration, Instant};

use clap::Parser;
use common::explain::ExplainArgs;
use common::rootless::{Capability, enter_unless_capable};
use common::{Result, Step as _, output, say};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Measures what namespaces cost: time to create, join and destroy, and memory
///
/// JSON: times are objects of median, low and high in microseconds, low and high being
/// the 95 % interval of the median; memory is in KiB. What could not be seen is null.
#[derive(Parser)]
#[command(name = "ns_cost", version)]
struct Args {
    /// N of each type alive at once: the time for one more as their number grows
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1000",
          value_parser = clap::value_parser!(u32).range(10..=1_000_000),
          conflicts_with_all = ["nesting", "mounts"])]
    alive: Option<u32>,
    /// PID namespaces inside one another: fork() in the innermost
    #[arg(long, conflicts_with = "mounts")]
    nesting: bool,
    /// CLONE_NEWNS against the number of mounts that it copies
    #[arg(long)]
    mounts: bool,
    /// Measurements of each value
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,
    /// Begin no further round after so many seconds
    #[arg(long, value_name = "S", default_value_t = 8)]
    seconds: u32,
    /// Print the result as JSON
    #[arg(long, conflicts_with = "svg")]
    json: bool,
    /// Print the result as a picture (SVG)
    #[arg(long, conflicts_with = "alive")]
    svg: bool,
    #[command(flatten)]
    explain: ExplainArgs,
}

/// How often to measure, and until when.
struct Budget {
    rounds: u32,
    end: Instant,
}

impl Budget {
    /// The rounds to come, at least one, as long as there is time.
    fn rounds(&self) -> impl Iterator<Item = usize> {
        (0..self.rounds as usize).take_while(|&round| round == 0 || Instant::now() < self.end)
    }
}

common::main!(lab);

fn lab() -> Result<u8> {
    if processes::is_the_program() {
        return Ok(0);
    }
    let args: Args = output::parse()?;
    args.explain.begin()?;
    let budget = Budget {
        rounds: args.rounds,
        end: Instant::now() + Duration::from_secs(args.seconds.into()),
    };
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    allow_descriptors()?;
    if let Some(number) = args.alive {
        return alive::lab(number, &args);
    }
    let curve = if args.nesting {
        nesting::measure(&budget)?
    } else if args.mounts {
        mounts::measure(&budget)?
    } else {
        let costs = costs::measure(&budget)?;
        return print(&args, || costs.table(), || costs.json(), || costs.svg());
    };
    print(&args, || curve.table(), || curve.json(), || curve.svg())
}

/// The result in the form that was asked for.
fn print(
    args: &Args,
    table: impl FnOnce() -> String,
    json: impl FnOnce() -> String,
    svg: impl FnOnce() -> String,
) -> Result<u8> {
    let text = match (args.json, args.svg) {
        (true, _) => json(),
        (_, true) => svg(),
        _ => table(),
    };
    say!("{}", text.trim_end())?;
    Ok(0)
}

/// A handle takes a descriptor, and the limit that a shell begins with is a low one
/// that every process may raise, see getrlimit(2).
fn allow_descriptors() -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).step("getrlimit", "RLIMIT_NOFILE")?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).step("setrlimit", "RLIMIT_NOFILE")
}
