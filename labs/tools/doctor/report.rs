//! The tables for a person, 80 columns wide.

use common::tone::Tone;
use common::{Result, say};

use crate::causes::Cause;
use crate::evidence::Evidence;
use crate::examination::{Examination, Finding, blocked_labs, blockers};
use crate::labs;
use crate::trial::Refusal;

/// Each cause once, in the order in which they appear, with every refusal that it
/// explains. Its number is its place.
struct Reasons<'a>(Vec<(&'a Cause, Vec<&'a Refusal>)>);

/// More examples make no reason clearer.
const EXAMPLES: usize = 2;

pub(crate) fn print(all: &[Examination], evidence: &Evidence) -> Result<()> {
    let reasons = Reasons::of(all);
    print_attempts(all, &reasons)?;
    reasons.print()?;
    print_labs(all, &reasons)?;
    print_verdict(all)?;
    print_remarks(all, &reasons, evidence)
}

fn print_attempts(all: &[Examination], reasons: &Reasons<'_>) -> Result<()> {
    say!("{}", row("ATTEMPT", "WHAT WAS TRIED", &titles(all)))?;
    let Some(first) = all.first() else {
        return Ok(());
    };
    for (index, finding) in first.findings.iter().enumerate() {
        let outcomes = all.iter().filter_map(|one| one.findings.get(index));
        let cells: Vec<_> = outcomes
            .map(|finding| match &finding.refused {
                Some(_) if finding.attempt.is_optional() => (Tone::Strong, "refused".to_owned()),
                _ => cell("works", "blocked", reasons.numbers([finding])),
            })
            .collect();
        say!(
            "{}",
            row(finding.attempt.key, finding.attempt.title, &cells)
        )?;
    }
    say!("")
}

fn print_labs(all: &[Examination], reasons: &Reasons<'_>) -> Result<()> {
    say!("{}", row("LAB", "NEEDS", &titles(all)))?;
    for lab in &labs::ALL {
        let needs: Vec<_> = lab.needs.iter().map(|need| need.key).collect();
        let cells: Vec<_> = all
            .iter()
            .map(|one| cell("runs", "no", reasons.numbers(blockers(lab, one, all))))
            .collect();
        say!("{}", row(lab.name, &needs.join(", "), &cells))?;
    }
    say!("")
}

fn print_verdict(all: &[Examination]) -> Result<()> {
    for one in all {
        let (uid, blocked) = (one.caller.uid, blocked_labs(one, all));
        let names = blocked.join(", ");
        if blocked.len() == labs::ALL.len() {
            let line = format!("No lab runs as uid {uid}.");
            say!("{}", Tone::Bad.paint(&line))?;
        } else if blocked.is_empty() {
            let line = format!("Every lab runs as uid {uid}.");
            say!("{}", Tone::Good.paint(&line))?;
        } else {
            let line = format!("Some labs do not run as uid {uid}: {names}.");
            for line in wrapped(&line, 80) {
                say!("{}", Tone::Bad.paint(&line))?;
            }
        }
    }
    Ok(())
}

fn print_remarks(all: &[Examination], reasons: &Reasons<'_>, evidence: &Evidence) -> Result<()> {
    let is_refused = !reasons.0.is_empty();
    if is_refused && all.iter().all(|one| one.caller.uid != 0) {
        say!("Root may be able to do more; to see it, type: just root doctor")?;
    }
    let is_typical = reasons
        .0
        .iter()
        .any(|(cause, _)| cause.is_typical_of_containers());
    if let (true, Some(file)) = (is_typical, evidence.container) {
        let line = format!(
            "This looks like a container: there is {file}. Its options are given at its start."
        );
        for line in wrapped(&line, 80) {
            say!("{line}")?;
        }
    }
    Ok(())
}

fn titles(all: &[Examination]) -> Vec<(Tone, String)> {
    let title = |one: &Examination| (Tone::Strong, format!("AS UID {}", one.caller.uid));
    all.iter().map(title).collect()
}

/// What a caller may do: it works, or the numbers of the reasons why it does not.
fn cell(good: &str, bad: &str, numbers: Vec<usize>) -> (Tone, String) {
    if numbers.is_empty() {
        return (Tone::Good, good.to_owned());
    }
    let numbers: Vec<_> = numbers.iter().map(|number| format!("[{number}]")).collect();
    (Tone::Bad, format!("{bad} {}", numbers.concat()))
}

/// Colour is put around a cell that has its width already.
fn row(first: &str, second: &str, cells: &[(Tone, String)]) -> String {
    let cells = cells
        .iter()
        .map(|(tone, text)| tone.paint(&format!("{text:<11}")));
    let line = format!(
        "{first:<10}  {second:<43}  {}",
        cells.collect::<Vec<_>>().join(" ")
    );
    line.trim_end().to_owned()
}

impl<'a> Reasons<'a> {
    fn of(all: &'a [Examination]) -> Self {
        let mut reasons = Self(Vec::new());
        let findings = all.iter().flat_map(|one| &one.findings);
        let findings = findings.filter(|finding| !finding.attempt.is_optional());
        for (refusal, cause) in findings.filter_map(|finding| finding.refused.as_ref()) {
            match reasons.0.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, refusals)) if refusals.contains(&refusal) => {}
                Some((_, refusals)) => refusals.push(refusal),
                None => reasons.0.push((cause, vec![refusal])),
            }
        }
        reasons
    }

    fn numbers(&self, findings: impl IntoIterator<Item = &'a Finding>) -> Vec<usize> {
        let causes = findings
            .into_iter()
            .filter_map(|finding| finding.refused.as_ref());
        let numbers = causes.filter_map(|(_, cause)| {
            let place = self.0.iter().position(|(known, _)| *known == cause);
            place.map(|place| place + 1)
        });
        let mut numbers: Vec<_> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn print(&self) -> Result<()> {
        for (index, (cause, refusals)) in self.0.iter().enumerate() {
            let number = format!("[{}]", index + 1);
            for (refusal, number) in refusals.iter().take(EXAMPLES).zip([&number, "   "]) {
                say!("{}", Tone::Bad.paint(&format!("{number} {refusal}")))?;
            }
            if refusals.len() > EXAMPLES {
                say!(
                    "    and {} more of the same kind",
                    refusals.len() - EXAMPLES
                )?;
            }
            for line in wrapped(&cause.reason(), 76) {
                say!("    {line}")?;
            }
            for line in wrapped(&format!("Fix: {}", cause.fix()), 76) {
                say!("    {line}")?;
            }
            say!("")?;
        }
        Ok(())
    }
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
