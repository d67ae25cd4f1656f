//! Whether an exercise is done: yes, not yet, or "cannot look". Nothing is changed by it.

use std::cell::OnceCell;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::procfs::check_proc;
use common::{Error, Result, Step as _, say};
use nix::errno::Errno;

use crate::Args;
use crate::catalogue::{Exercise, Must};
use crate::condition::Term;
use crate::memory::{Memory, Record};
use crate::program::{self, Outcome, Sandbox};
use crate::report;
use crate::search::{Candidate, Nearest, Search, fact_of};
use crate::told::{Answer, Told};
use crate::typed::typed;
use crate::values::{self, Values};
use crate::world::{World, boot};

const NOT_YET: u8 = 1;
const CANNOT_LOOK: u8 = 3;
/// Between two looks: a person types more slowly.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a program may go on without getting anywhere.
const STANDSTILL: Duration = Duration::from_secs(3);

pub(crate) fn one(exercise: &Exercise, memory: &mut Memory, args: &Args) -> Result<u8> {
    check_proc()?;
    let mut last = None;
    loop {
        let mut record = crate::begun(exercise, memory)?;
        let told = look(exercise, &mut record, args)?;
        if last.as_ref() != Some(&told) {
            note(exercise, memory, &mut record, &told)?;
            if args.json {
                say!("{}", report::json(exercise, &record, Some(&told)))?;
            } else {
                report::told(exercise, &record, &told)?;
            }
        }
        if !args.watch || told.answer == Answer::Done {
            return Ok(status(told.answer));
        }
        last = Some(told);
        sleep(PAUSE);
    }
}

/// All that are begun and not done; a program is only named, for it is built and run first.
pub(crate) fn all(exercises: &[Exercise], memory: &mut Memory, json: bool) -> Result<u8> {
    check_proc()?;
    let world = World::look()?;
    let handles = OnceCell::new();
    let mut worst = 0;
    let mut objects = Vec::new();
    let mut checked = false;
    for exercise in exercises {
        let Some(record) = memory.begun(&exercise.name) else {
            continue;
        };
        let mut record = record.clone();
        checked |= !record.done;
        let mut told = None;
        if exercise.run.is_none() && !record.done {
            let answer = in_kernel(exercise, &mut record, &world, &handles)?;
            note(exercise, memory, &mut record, &answer)?;
            worst = worst.max(status(answer.answer));
            told = Some(answer);
        } else if !record.done {
            worst = worst.max(NOT_YET);
        }
        if json {
            objects.push(report::json(exercise, &record, told.as_ref()));
        } else if let Some(told) = &told {
            report::told(exercise, &record, told)?;
        } else if !record.done {
            let how = typed("check", &exercise.name);
            say!("{}: a program, built and run by {how}", exercise.name)?;
        }
    }
    if json {
        say!("{}", serde_json::Value::from(objects))?;
    } else if !checked {
        let how = typed("exercise", "NAME");
        say!("Nothing is begun that could be checked: {how}")?;
    }
    Ok(worst)
}

fn status(answer: Answer) -> u8 {
    match answer {
        Answer::Done => 0,
        Answer::NotYet => NOT_YET,
        Answer::CannotLook => CANNOT_LOOK,
    }
}

fn note(exercise: &Exercise, memory: &mut Memory, record: &mut Record, told: &Told) -> Result<()> {
    record.attempts += 1;
    record.done |= told.answer == Answer::Done;
    memory.keep(&exercise.name, record)?;
    memory.log(
        &exercise.name,
        "check",
        &report::json(exercise, record, Some(told)),
    )
}

fn look(exercise: &Exercise, record: &mut Record, args: &Args) -> Result<Told> {
    let Some(line) = &exercise.run else {
        return in_kernel(exercise, record, &World::look()?, &OnceCell::new());
    };
    let program = match &args.program {
        Some(path) => Some(path.canonicalize().step("open", path.display())?),
        None => program::build(exercise)?,
    };
    match program {
        Some(program) => of_program(exercise, line, &program, record),
        None => Ok(Told::unbuilt()),
    }
}

/// What meets every condition before the exercise is begun does not count later.
pub(crate) fn note_what_is_there(exercise: &Exercise, record: &mut Record) -> Result<()> {
    if exercise.run.is_some() {
        return Ok(());
    }
    let (world, handles) = (World::look()?, OnceCell::new());
    let musts = exercise.musts(1);
    loop {
        let before = record.before.clone();
        let search = Search::new(&world, &musts, &record.values, &before, None, &handles)?;
        let (true, found) = search.run()? else {
            return Ok(());
        };
        let processes = found
            .binding
            .iter()
            .filter_map(|(_, candidate)| match candidate {
                Candidate::Process(process) => Some(process.identity()),
                Candidate::Handle(_) => None,
            });
        record.before.extend(processes);
        if record.before.len() == before.len() {
            return Ok(());
        }
    }
}

fn in_kernel(
    exercise: &Exercise,
    record: &mut Record,
    world: &World,
    handles: &OnceCell<Vec<crate::handles::Handle>>,
) -> Result<Told> {
    let before = record.before.clone();
    let search = |musts: &[&Must], record: &Record| {
        Search::new(world, musts, &record.values, &before, None, handles)?.run()
    };
    let mut musts = exercise.musts(1);
    let (mut met, mut found) = search(&musts, record)?;
    if exercise.stages() > 1 {
        if met {
            remember(exercise, record, world, &found)?;
        }
        // What is gone has been there: only who has seen the first stage comes to the second.
        if met || record.stage == 1 {
            let is_new = record.stage == 0;
            record.stage = 1;
            musts = exercise.musts(2);
            if is_new {
                return Ok(Told::stage(&musts, &found));
            }
            (met, found) = search(&musts, record)?;
        }
    }
    let since = if record.boot == boot() {
        record.ticks
    } else {
        0
    };
    let mut out_of_reach = Vec::new();
    if !met {
        let search = Search::new(world, &musts, &record.values, &before, None, handles)?;
        for process in world.out_of_reach(since) {
            if !search.is_ruled_out(process)? {
                out_of_reach.push(process);
            }
        }
    }
    Ok(Told::of(met, &musts, &record.values, &found, &out_of_reach))
}

/// Facts of the first stage that the second one compares with.
fn remember(
    exercise: &Exercise,
    record: &mut Record,
    world: &World,
    found: &Nearest<'_>,
) -> Result<()> {
    for (name, text) in &exercise.remember {
        let term = Term::parse(text);
        let look = term.and_then(|term| fact_of(world, &found.binding, &term));
        let fact = look
            .and_then(|look| look.ok())
            .ok_or_else(|| Error::new("parse", text, Errno::EINVAL).hint("no such fact"))?;
        record.values.insert(name.clone(), fact.value.clone());
    }
    Ok(())
}

fn of_program(
    exercise: &Exercise,
    line: &str,
    program: &std::path::Path,
    record: &mut Record,
) -> Result<Told> {
    let mut values = values::draw(&exercise.values, &record.earlier)?;
    values.insert("program".into(), program::word(program));
    values.insert("root".into(), program::root()?.display().to_string());
    record.values.clone_from(&values);
    let is_of_end = |must: &&Must| must.be.starts_with("run.status");
    let (after, during): (Vec<_>, Vec<_>) = exercise.must.iter().partition(|must| is_of_end(must));

    let mut sandbox = Sandbox::start(&values::fill(line, &values))?;
    let mut changed = Instant::now();
    let mut told = judge(&during, &values, &sandbox.outcome())?;
    while told.answer != Answer::Done && sandbox.goes_on()? && changed.elapsed() < STANDSTILL {
        sleep(Duration::from_millis(20));
        let now = judge(&during, &values, &sandbox.outcome())?;
        if now != told {
            changed = Instant::now();
        }
        told = now;
    }
    let outcome = sandbox.end()?;
    if told.answer == Answer::Done {
        told = judge(&after, &values, &outcome)?;
        told.put_before(&during);
    }
    told.output = outcome.output;
    Ok(told)
}

fn judge(musts: &[&Must], values: &Values, outcome: &Outcome) -> Result<Told> {
    let (world, handles) = (World::look()?, OnceCell::new());
    let search = Search::new(&world, musts, values, &[], Some(outcome), &handles)?;
    let (met, found) = search.run()?;
    Ok(Told::of(met, musts, values, &found, &[]))
}
