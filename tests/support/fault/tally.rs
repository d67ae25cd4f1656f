//! What the runs of a trial came to: a line for each system call and each fault.

use std::fmt::Display;

/// How a line begins. A call was left alone, or tried; its failure was told, or the lab went
/// on, or did so silently, with another transcript; no other run makes the call; a rule
/// was broken.
const WORDS: [&str; 7] = [
    "ALONE", "TRIED", "TOLD", "WENT ON", "SILENT", "MISSED", "DEFECT",
];

/// The text: a word, a tabulator, and what it is said of.
#[derive(Default)]
pub(crate) struct Tally(pub(crate) String);

impl Tally {
    pub(super) fn note(&mut self, word: &str, place: impl Display) {
        let place = place.to_string().replace('\n', " | ");
        self.0.push_str(&format!("{word}\t{place}\n"));
    }

    pub(crate) fn places(&self, word: &str) -> impl Iterator<Item = &str> {
        let lines = self.0.lines().filter_map(|line| line.split_once('\t'));
        let lines = lines.filter(move |(this, _)| *this == word);
        lines.map(|(_, place)| place)
    }

    /// How often each word was said.
    pub(crate) fn counts(&self) -> String {
        let counts = WORDS.map(|word| format!("{word} {:<6}", self.places(word).count()));
        counts.concat()
    }
}
