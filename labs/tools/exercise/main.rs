//! Exercises: the learner does it by any means, and the kernel says whether it is done.
//!
//! Each is a folder in book/exercises; what it looks at is in `facts.rs` and `handles.rs`.

mod asked;
mod catalogue;
mod check;
mod condition;
mod facts;
mod files;
mod handles;
mod inside;
mod memory;
mod program;
mod report;
mod search;
mod source;
mod told;
mod typed;
mod values;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use catalogue::Exercise;
use clap::Parser;
use common::procfs::check_proc;
use common::{Error, Result, parse, say};
use memory::{Memory, Record, now};
use nix::errno::Errno;
use typed::typed;

/// Lists the exercises; shows and begins one; checks, hints, tells a solution
#[derive(Parser)]
#[command(name = "exercise", version)]
struct Args {
    /// The exercise
    name: Option<String>,
    /// Whether it is done; without a name, all that are begun
    #[arg(long, conflicts_with_all = ["hint", "solution", "reset"])]
    check: bool,
    /// Check again and again until it is done
    #[arg(long, requires_all = ["check", "name"], conflicts_with = "json")]
    watch: bool,
    /// Check this program in place of the one in exercises/NAME
    #[arg(long, value_name = "PATH", requires_all = ["check", "name"])]
    program: Option<PathBuf>,
    /// The next of its hints
    #[arg(long, requires = "name", conflicts_with_all = ["solution", "reset", "json"])]
    hint: bool,
    /// A solution, once it is done
    #[arg(long, requires = "name", conflicts_with_all = ["reset", "json"])]
    solution: bool,
    /// With --solution: show it although it is not done
    #[arg(long, requires = "solution")]
    give_up: bool,
    /// Forget it; without a name, all
    #[arg(long, conflicts_with = "json")]
    reset: bool,
    /// For an instructor: points, hints, attempts, what was seen
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    let exercises = catalogue::all()?;
    let mut memory = Memory::load()?;
    let named = args
        .name
        .as_deref()
        .map(|name| find(&exercises, name))
        .transpose()?;
    match named {
        None if args.reset => memory.forget_all(),
        None if args.check => check::all(&exercises, &mut memory, args.json),
        None => report::list(&exercises, &memory, args.json),
        Some(exercise) if args.reset => memory.forget(&exercise.name),
        Some(exercise) if args.check => check::one(exercise, &mut memory, &args),
        Some(exercise) if args.hint => hint(exercise, &mut memory),
        Some(exercise) if args.solution => solution(exercise, &mut memory, args.give_up),
        Some(exercise) => begin(exercise, &mut memory),
    }
}

fn find<'e>(exercises: &'e [Exercise], name: &str) -> Result<&'e Exercise> {
    let found = exercises.iter().find(|exercise| exercise.name == name);
    found.ok_or_else(|| {
        Error::new("find", format!("exercise {name}"), Errno::ENOENT)
            .hint(format!("`{}` lists them all", typed("exercise", "")))
    })
}

/// Shows the task, and begins it unless it was begun.
fn begin(exercise: &Exercise, memory: &mut Memory) -> Result<u8> {
    let record = match memory.of(&exercise.name) {
        Some(record) if record.begun > 0 => record.clone(),
        former => {
            check_proc()?;
            let earlier = former
                .map(|former| former.earlier.clone())
                .unwrap_or_default();
            let mut record = Record {
                begun: now(),
                boot: world::boot(),
                ticks: world::ticks()?,
                values: values::draw(&exercise.values, &earlier)?,
                earlier,
                hints: former.map_or(0, |former| former.hints),
                gave_up: former.is_some_and(|former| former.gave_up),
                ..Record::default()
            };
            check::note_what_is_there(exercise, &mut record)?;
            memory.keep(&exercise.name, &record)?;
            record
        }
    };
    if let Some(skeleton) = exercise.skeleton() {
        program::lay_out(exercise, skeleton)?;
    }
    report::task(exercise, &record)
}

fn begun(exercise: &Exercise, memory: &Memory) -> Result<Record> {
    let record = memory.begun(&exercise.name);
    record.cloned().ok_or_else(|| {
        Error::new(
            "find",
            format!("{} among those that are begun", exercise.name),
            Errno::ENOENT,
        )
        .hint(format!(
            "begin it first: {}",
            typed("exercise", &exercise.name)
        ))
    })
}

fn hint(exercise: &Exercise, memory: &mut Memory) -> Result<u8> {
    let mut record = begun(exercise, memory)?;
    let count = exercise.hints.len();
    record.hints = (record.hints + 1).min(count);
    memory.keep(&exercise.name, &record)?;
    let last = exercise.hints.get(record.hints.saturating_sub(1));
    let text = values::fill(last.map_or("", String::as_str), &record.values);
    say!(
        "Hint {} of {count}:\n{}",
        record.hints,
        report::wrapped(&text)
    )?;
    Ok(0)
}

fn solution(exercise: &Exercise, memory: &mut Memory, gives_up: bool) -> Result<u8> {
    let mut record = begun(exercise, memory)?;
    if !record.done && !record.gave_up && !gives_up {
        return Err(Error::new(
            "show",
            format!("the solution of {}", exercise.name),
            Errno::EPERM,
        )
        .hint(format!(
            "it is not done yet; if you give up: {} --give-up",
            typed("solution", &exercise.name)
        )));
    }
    if !record.done {
        record.gave_up = true;
        memory.keep(&exercise.name, &record)?;
    }
    let solution = exercise.solution(&record.values);
    let check = format!("just check {}", exercise.name);
    say!(
        "{}",
        solution.replace(&check, &typed("check", &exercise.name))
    )?;
    Ok(0)
}
