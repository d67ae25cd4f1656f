//! Measured figures: no two runs have the same, so a row gets those of one real run.

use std::sync::LazyLock;

use regex::Regex;

/// What `ns_cost` printed once, on the machine that the chapter names.
const RUN: &str = include_str!("ns_cost.txt");

/// A row of its tables: the name, and nothing but numbers and their intervals.
static ROW: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^(?<name>[a-z_]+(?: \+ exec| eight)?)(?: +-?[0-9.]+(?:–[0-9.]+)?)+$";
    Regex::new(pattern).expect("a valid pattern")
});

/// The text with the figures of that run in each row that has as many of them.
pub(super) fn replace(text: &str) -> String {
    text.split_inclusive('\n').map(figures_of_the_run).collect()
}

fn figures_of_the_run(line: &str) -> String {
    let row = line.trim_end_matches('\n');
    let known = ROW.captures(row).and_then(|found| {
        let same = |other: &&str| {
            let columns = |row: &str| row.split_whitespace().count();
            ROW.captures(other)
                .is_some_and(|other| other["name"] == found["name"])
                && columns(other) == columns(row)
        };
        RUN.lines().find(same)
    });
    known.map_or_else(|| line.to_owned(), |known| format!("{known}\n"))
}
