//! The tables for a person, 80 columns wide.

use std::collections::BTreeSet;

use common::lab::{Tone, as_typed_here};
use common::{Result, say};

use crate::attempts::ATTEMPTS;
use crate::diagnosis::Diagnosis;
use crate::evidence;
use crate::examination::{Examination, Finding, blocked_labs, blockers};
use crate::labs::judged;

/// The refusals that have one reason stand together, in the order in which they appear;
/// the place of a reason is its number.
type Reasons<'a> = Vec<Vec<&'a Diagnosis>>;

/// It is mostly a container that refuses for one of these causes.
const OF_CONTAINERS: [&str; 4] = [
    "seccomp",
    "masked_proc",
    "apparmor_profile",
    "missing_capability",
];

pub(crate) fn print(all: &[Examination]) -> Result<()> {
    let reasons = reasons(all);
    let title = |one: &Examination| (Tone::Strong, format!("AS UID {}", one.caller.uid));

    print_row("ATTEMPT", "WHAT WAS TRIED", all.iter().map(title))?;
    for (index, attempt) in ATTEMPTS.iter().enumerate() {
        let findings = all.iter().filter_map(|one| one.findings.get(index));
        let cells = findings.map(|finding| match &finding.refused {
            Some(_) if attempt.is_optional() => (Tone::Strong, "refused".to_owned()),
            _ => cell("works", "blocked", &[finding], &reasons),
        });
        print_row(attempt.key, attempt.title, cells)?;
    }
    say!("")?;
    for (place, diagnoses) in reasons.iter().enumerate() {
        print_reason(place + 1, diagnoses)?;
    }

    print_row("LAB", "NEEDS", all.iter().map(title))?;
    for lab in judged() {
        let blockers = all.iter().map(|one| blockers(lab, one, all));
        let cells = blockers.map(|findings| cell("runs", "no", &findings, &reasons));
        print_row(lab.name, &lab.needs.join(", "), cells)?;
    }
    say!("")?;
    print_verdicts(all)?;
    print_remarks(all, &reasons)
}

fn reasons(all: &[Examination]) -> Reasons<'_> {
    let mut reasons = Reasons::new();
    let findings = all.iter().flat_map(|one| &one.findings);
    let findings = findings.filter(|finding| !finding.attempt.is_optional());
    for diagnosis in findings.flat_map(|finding| &finding.refused) {
        match reasons.iter_mut().find(|known| is_known(known, diagnosis)) {
            Some(same) if same.iter().any(|it| it.refusal == diagnosis.refusal) => {}
            Some(same) => same.push(diagnosis),
            None => reasons.push(vec![diagnosis]),
        }
    }
    reasons
}

fn is_known(known: &[&Diagnosis], diagnosis: &Diagnosis) -> bool {
    known.iter().any(|known| known.reason == diagnosis.reason)
}

/// What a caller may do: it works, or the numbers of the reasons why it does not.
fn cell(good: &str, bad: &str, findings: &[&Finding], reasons: &Reasons<'_>) -> (Tone, String) {
    let place = |it: &Diagnosis| reasons.iter().position(|known| is_known(known, it));
    let refused = findings.iter().flat_map(|finding| &finding.refused);
    let places: BTreeSet<_> = refused.filter_map(place).collect();
    if places.is_empty() {
        return (Tone::Good, good.to_owned());
    }
    let numbers = places.iter().map(|place| format!("[{}]", place + 1));
    (Tone::Bad, format!("{bad} {}", numbers.collect::<String>()))
}

/// Colour is put around a cell that has its width already.
fn print_row(first: &str, second: &str, cells: impl Iterator<Item = (Tone, String)>) -> Result<()> {
    let cells = cells.map(|(tone, text)| tone.paint(&format!("{text:<11}")));
    let cells = cells.collect::<Vec<_>>().join(" ");
    let line = format!("{first:<12} {second:<42}  {cells}");
    say!("{}", line.trim_end())
}

fn print_reason(number: usize, diagnoses: &[&Diagnosis]) -> Result<()> {
    // More examples make no reason clearer.
    let numbers = [format!("[{number}]"), "   ".to_owned()];
    for (number, diagnosis) in numbers.iter().zip(diagnoses) {
        let line = format!("{number} {}", diagnosis.refusal);
        say!("{}", Tone::Bad.paint(&line))?;
    }
    if let Some(others @ 1..) = diagnoses.len().checked_sub(numbers.len()) {
        say!("    and {others} more of the same kind")?;
    }
    if let Some(Diagnosis { reason, fix, .. }) = diagnoses.first() {
        let fix = wrapped(&format!("Fix: {fix}"), 76);
        for line in wrapped(reason, 76).iter().chain(&fix) {
            say!("    {line}")?;
        }
    }
    say!("")
}

fn print_verdicts(all: &[Examination]) -> Result<()> {
    for one in all {
        let (uid, blocked) = (one.caller.uid, blocked_labs(one, all));
        let names = blocked.join(", ");
        let (tone, verdict) = match blocked.len() {
            0 => (Tone::Good, format!("Every lab runs as uid {uid}.")),
            all if all == judged().count() => (Tone::Bad, format!("No lab runs as uid {uid}.")),
            _ => (
                Tone::Bad,
                format!("Some labs do not run as uid {uid}: {names}."),
            ),
        };
        for line in wrapped(&verdict, 80) {
            say!("{}", tone.paint(&line))?;
        }
    }
    Ok(())
}

fn print_remarks(all: &[Examination], reasons: &Reasons<'_>) -> Result<()> {
    if !reasons.is_empty() && all.iter().all(|one| one.caller.uid != 0) {
        let remark = "Root may be able to do more; to see it, type: just root doctor";
        say!("{}", as_typed_here(remark))?;
    }
    let mut refused = reasons.iter().flatten();
    let is_typical = refused.any(|it| OF_CONTAINERS.contains(&it.cause));
    if let Some(file) = evidence::container().filter(|_| is_typical) {
        let remark = format!(
            "This looks like a container: there is {file}. Its options are given at its start."
        );
        for line in wrapped(&remark, 80) {
            say!("{line}")?;
        }
    }
    Ok(())
}

/// The text in lines of at most so many characters, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
