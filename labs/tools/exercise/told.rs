//! An answer of the kernel's, in words.

use std::rc::Rc;

use common::lab::printable;
use nix::errno::Errno;

use crate::catalogue::Must;
use crate::search::{Candidate, Nearest};
use crate::values::{Values, fill};
use crate::world::{Fact, Process, shown};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    #[default]
    NotYet,
    CannotLook,
}

/// An answer, and the reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) answer: Answer,
    /// Name of each condition, and whether the nearest candidate meets it.
    pub(crate) conditions: Vec<(String, bool)>,
    pub(crate) expected: String,
    pub(crate) seen: String,
    pub(crate) read: String,
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
            ..Self::default()
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
        for (variable, candidate) in &found.binding {
            if let Some(letter) = variable.letter() {
                told.why = told
                    .why
                    .replace(&format!("{{{letter}}}"), &name(*candidate));
            }
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
            conditions: next.iter().map(|must| (must.name.clone(), false)).collect(),
            seen: seen.join(", "),
            why: "The first part is done, and noted. Now the second; then check again.".into(),
            ..Self::default()
        }
    }

    /// A program that cargo did not build.
    pub(crate) fn unbuilt() -> Self {
        Self {
            conditions: vec![("builds".into(), false)],
            why: "It does not build: cargo says why, above.".into(),
            ..Self::default()
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
