//! What the learner reads: the list, a task, an answer; and the same as JSON.

use common::lab::{Tone, columns, printable};
use common::{Result, say};
use serde_json::{Value, json};
use textwrap::Options;

use crate::catalogue::Exercise;
use crate::memory::{Memory, Record};
use crate::program;
use crate::told::{Answer, Told};
use crate::typed::typed;

/// A sentence below the name of its exercise.
pub(crate) fn wrapped(text: &str) -> String {
    let indent = Options::new(columns().min(80))
        .initial_indent("  ")
        .subsequent_indent("  ");
    textwrap::fill(text, indent)
}

fn state(record: Option<&Record>) -> &'static str {
    match record {
        Some(record) if record.done => "done",
        Some(record) if record.begun > 0 => "begun",
        _ => "open",
    }
}

pub(crate) fn list(exercises: &[Exercise], memory: &Memory, json: bool) -> Result<u8> {
    if json {
        let all = exercises.iter().map(|exercise| {
            let record = memory.of(&exercise.name).cloned().unwrap_or_default();
            self::json(exercise, &record, None)
        });
        say!("{}", Value::from(all.collect::<Vec<_>>()))?;
        return Ok(0);
    }
    let width = exercises
        .iter()
        .map(|exercise| exercise.name.len())
        .max()
        .unwrap_or_default();
    let mut page = "";
    for exercise in exercises {
        if page != exercise.page {
            page = &exercise.page;
            say!("{}", exercise.chapter())?;
        }
        let state = state(memory.of(&exercise.name));
        say!(
            "  {state:5}  {:width$}  {:3} min  {}",
            exercise.name,
            exercise.minutes,
            exercise.line
        )?;
    }
    say!("\nBegin one: {}", typed("exercise", "NAME"))?;
    Ok(0)
}

pub(crate) fn task(exercise: &Exercise, record: &Record) -> Result<u8> {
    // Emphasis is for the book.
    say!("{}", exercise.task().trim_end().replace('*', ""))?;
    if exercise.run.is_none() && !record.values.is_empty() {
        say!("\nYours:")?;
        for (name, value) in &record.values {
            if exercise.values.contains_key(name) {
                say!("  {name} = {value}")?;
            }
        }
    }
    if exercise.skeleton().is_some() {
        say!(
            "\nYour program: {}",
            program::folder(exercise).join("src/main.rs").display()
        )?;
    }
    say!(
        "\nThen: {}        Stuck: {}",
        typed("check", &exercise.name),
        typed("hint", &exercise.name)
    )?;
    Ok(0)
}

pub(crate) fn told(exercise: &Exercise, record: &Record, told: &Told) -> Result<()> {
    let name = &exercise.name;
    match told.answer {
        Answer::Done => {
            let word = Tone::Good.paint("done");
            say!("{name}: {word}{}", told.why)?;
            return say!("  Another way: {}", typed("solution", name));
        }
        Answer::NotYet => say!("{name}: not yet")?,
        Answer::CannotLook => say!("{name}: cannot look")?,
    }
    if !told.expected.is_empty() {
        say!("  expected  {}", told.expected)?;
    }
    if !told.seen.is_empty() {
        say!(
            "  seen      {}",
            told.seen.lines().next().unwrap_or_default()
        )?;
    }
    if !told.read.is_empty() {
        say!("  read      {}", told.read)?;
    }
    say!("{}", wrapped(&told.why))?;
    for line in told.output.lines().take(20) {
        say!("  | {}", printable(line.as_ref()))?;
    }
    if record.hints < exercise.hints.len() {
        say!("  Stuck? {}", typed("hint", name))?;
    }
    Ok(())
}

/// For an instructor. The record is made in good faith: it lies in the learner's own folder.
pub(crate) fn json(exercise: &Exercise, record: &Record, told: Option<&Told>) -> Value {
    let mut object = json!({
        "name": exercise.name,
        "page": exercise.page,
        "minutes": exercise.minutes,
        "line": exercise.line,
        "state": state(Some(record)),
        "points": record.points(),
        "hints": record.hints,
        "attempts": record.attempts,
        "gave_up": record.gave_up,
        "in_good_faith": true,
    });
    if let (Some(told), Some(object)) = (told, object.as_object_mut()) {
        let conditions = told.conditions.iter();
        let conditions = conditions.map(|(name, met)| json!({"name": name, "met": met}));
        let answer = match told.answer {
            Answer::Done => "done",
            Answer::NotYet => "not yet",
            Answer::CannotLook => "cannot look",
        };
        object.insert("answer".into(), answer.into());
        object.insert("conditions".into(), conditions.collect::<Vec<_>>().into());
        object.insert("missing".into(), told.missing().into());
        object.insert("expected".into(), told.expected.as_str().into());
        object.insert("seen".into(), told.seen.as_str().into());
        object.insert("read".into(), told.read.as_str().into());
        object.insert("why".into(), told.why.as_str().into());
    }
    object
}
