//! What the runs of a trial came to.

use std::collections::BTreeMap;

/// The result of a trial.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Calls from `main` on, and those of the runtime before it.
    pub(crate) sites: usize,
    pub(crate) before_main: usize,
    pub(crate) tried: usize,
    pub(crate) runs: usize,
    pub(crate) passed: usize,
    /// Why sites were left alone, and how many.
    pub(crate) exempt: BTreeMap<String, usize>,
    /// Why runs that the fault did not matter to passed, and how many.
    pub(crate) harmless: BTreeMap<String, usize>,
    pub(crate) defects: Vec<String>,
}

/// The lines in which a trial's result travels: a sign, a tabulator, the words.
impl Tally {
    pub(crate) fn print(&self) -> String {
        let numbers = [
            self.sites,
            self.before_main,
            self.tried,
            self.runs,
            self.passed,
        ];
        let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        let mut text = format!("\n=\t{}\n", numbers.join(" "));
        for (sign, reasons) in [('-', &self.exempt), ('~', &self.harmless)] {
            for (why, count) in reasons {
                text.push_str(&format!("{sign}\t{count} {why}\n"));
            }
        }
        for defect in &self.defects {
            text.push_str(&format!("!\t{}\n", defect.replace('\n', " | ")));
        }
        text
    }

    pub(super) fn parse(text: &str) -> Self {
        let mut tally = Self::default();
        for line in text.lines() {
            let Some((sign, words)) = line.split_once('\t') else {
                continue;
            };
            let mut counted = |counts: fn(&mut Self) -> &mut BTreeMap<String, usize>| {
                let (count, why) = words.split_once(' ').expect("a number and words");
                counts(&mut tally).insert(why.to_owned(), count.parse().expect("a number"));
            };
            match sign {
                "-" => counted(|tally| &mut tally.exempt),
                "~" => counted(|tally| &mut tally.harmless),
                "!" => tally.defects.push(words.to_owned()),
                "=" => {
                    let mut numbers = words.split(' ').map(|n| n.parse().expect("a number"));
                    let mut next = || numbers.next().expect("a number");
                    tally.sites = next();
                    tally.before_main = next();
                    tally.tried = next();
                    tally.runs = next();
                    tally.passed = next();
                }
                _ => {}
            }
        }
        tally
    }
}
