//! What the learner reads: the list, a task, an answer; and the same as JSON.

use std::rc::Rc;

use common::lab::{Tone, columns, printable};
use common::{Result, say};
use nix::errno::Errno;
use serde_json::{Value, json};
use textwrap::Options;

use crate::catalogue::{Exercise, Must};
use crate::memory::{Memory, Record};
use crate::program;
use crate::search::{Candidate, Nearest};
use crate::typed::typed;
use crate::values::{Values, fill};
use crate::world::{Fact, Process, shown};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    NotYet,
    CannotLook,
}

/// An answer, and the reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) answer: Answer,
    /// Name of each condition, and whether the nearest candidate meets it.
    conditions: Vec<(String, bool)>,
    expected: String,
    seen: String,
    read: String,
    /// In a sentence.
    pub(crate) why: String,
    /// What a program printed.
    pub(crate) output: String,
}

impl Told {
    pub(crate) fn of(
        met: bool,
        musts: &[&Must],
        values: &Values,
        found: &Nearest<'_>,
        out_of_reach: &[&Process],
    ) -> Self {
        let names = musts.iter().enumerate();
        let names = names.map(|(at, must)| (must.name.clone(), met || at < found.met));
        let mut told = Self {
            answer: if met { Answer::Done } else { Answer::NotYet },
            conditions: names.collect(),
            expected: found.expected.clone(),
            seen: String::new(),
            read: String::new(),
            why: String::new(),
            output: String::new(),
        };
        if met {
            let found = found.binding.iter();
            told.why = found
                .map(|(_, candidate)| format!("  {}", name(*candidate)))
                .collect();
            return told;
        }
        // All arguments of some process would say nothing.
        let is_of_arguments = |seen: &&Rc<Fact>| seen.source.ends_with("/cmdline");
        if let Some(seen) = found.seen.as_ref().filter(|seen| !is_of_arguments(seen)) {
            told.seen = shown(&seen.value).trim_end().to_owned();
            told.read.clone_from(&seen.source);
        }
        let must = musts
            .get(found.met)
            .map_or("", |must| must.otherwise.as_str());
        told.why = fill(must, values).replace("{seen}", &told.seen);
        for (letter, candidate) in ["{p}", "{q}", "{h}"].into_iter().filter_map(|letter| {
            let of =
                |variable: &crate::condition::Variable| variable.letter() == letter.chars().nth(1);
            let bound = found.binding.iter().find(|(variable, _)| of(variable));
            bound.map(|(_, candidate)| (letter, candidate))
        }) {
            told.why = told.why.replace(letter, &name(*candidate));
        }
        if let Some(errno) = found.hidden {
            told.answer = Answer::CannotLook;
            told.why = refused(
                found.binding.last().map(|(_, candidate)| name(*candidate)),
                errno,
            );
        } else if let Some(process) = out_of_reach.first() {
            told.answer = Answer::CannotLook;
            told.why = format!(
                "{} may be it, but may not be looked at: it belongs to another user (sudo?), or \
                 is not dumpable. Check as root, or begin it otherwise. Of the others: {}",
                name(Candidate::Process(process)),
                told.why
            );
        }
        told
    }

    /// A stage is over, and the next one begins.
    pub(crate) fn stage(next: &[&Must], found: &Nearest<'_>) -> Self {
        let seen: Vec<_> = found
            .binding
            .iter()
            .map(|(_, candidate)| name(*candidate))
            .collect();
        Self {
            answer: Answer::NotYet,
            conditions: next.iter().map(|must| (must.name.clone(), false)).collect(),
            expected: String::new(),
            seen: seen.join(", "),
            read: String::new(),
            why: "The first part is done, and noted. Now the second; then check again.".into(),
            output: String::new(),
        }
    }

    /// A program that cargo did not build.
    pub(crate) fn unbuilt() -> Self {
        Self {
            answer: Answer::NotYet,
            conditions: vec![("builds".into(), false)],
            expected: String::new(),
            seen: String::new(),
            read: String::new(),
            why: "It does not build: cargo says why, above.".into(),
            output: String::new(),
        }
    }

    /// Conditions that were met before these.
    pub(crate) fn put_before(&mut self, musts: &[&Must]) {
        let names = musts.iter().map(|must| (must.name.clone(), true));
        self.conditions.splice(0..0, names);
    }

    /// The first condition that is not met.
    pub(crate) fn missing(&self) -> Option<&str> {
        let mut unmet = self.conditions.iter().filter(|(_, met)| !met);
        unmet.next().map(|(name, _)| name.as_str())
    }
}

fn refused(who: Option<String>, errno: Errno) -> String {
    let who = who.unwrap_or_else(|| "A process".into());
    format!("{who} may not be looked at ({errno}): check as root, or with the tools that made it.")
}

fn name(candidate: Candidate<'_>) -> String {
    match candidate {
        Candidate::Process(process) => {
            format!(
                "process {} ({})",
                process.pid,
                printable(process.name().as_ref())
            )
        }
        Candidate::Handle(handle) => printable(handle.place.as_ref()),
    }
}

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
