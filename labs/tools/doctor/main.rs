//! The doctor: what this machine allows, found out by trying.
//!
//! Book: book/src/doctor.md, "When a lab is refused". See namespaces(7).

mod attempts;
mod caller;
mod causes;
mod diagnosis;
mod evidence;
mod examination;
mod experiments;
mod json;
mod labs;
mod refusal;
mod report;
mod surroundings;
mod trial;

use clap::Parser;
use common::lab::ExplainArgs;
use common::{Result, parse};
use std::process::ExitCode;

/// Makes and uses every type of namespace, and says what is refused, why, and which
/// labs run
///
/// Exit status: 0 if every lab runs for the caller, 1 if not. Root's doctor tries
/// everything as an ordinary user, too.
#[derive(Parser)]
#[command(name = "doctor", version)]
struct Args {
    /// One line of JSON in place of the tables
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    explain: ExplainArgs,
}

fn main() -> ExitCode {
    common::run(lab)
}

// ANCHOR: main
fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;

    let examinations = examination::all();
    let all_run = examination::all_labs_run(&examinations);
    if args.json {
        json::print(&examinations)?;
    } else {
        report::print(&examinations)?;
    }
    Ok(if all_run { 0 } else { 1 })
}
// ANCHOR_END: main
