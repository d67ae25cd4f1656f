//! Measured figures: no two runs have the same, so a row gets those of one real run.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// What was measured on the machine that the chapter names: by `ns_cost --rounds 40
/// --json`, and again among more mounts and inside more PID namespaces.
pub(crate) fn figures(name: &str) -> Value {
    let text = match name {
        "ns_cost" => include_str!("ns_cost.json"),
        "ns_cost_mounts" => include_str!("ns_cost_mounts.json"),
        _ => include_str!("ns_cost_nesting.json"),
    };
    serde_json::from_str(text).expect("JSON")
}

static RUN: LazyLock<Value> = LazyLock::new(|| figures("ns_cost"));

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
        let lists = ["types", "sets", "processes"].map(|list| RUN[list].as_array());
        let mut rows = lists.into_iter().flatten().flatten();
        let known = as_printed(rows.find(|known| known["name"] == found["name"])?);
        let columns = |row: &str| row.split_whitespace().count();
        (columns(&known) == columns(row)).then_some(known)
    });
    known.map_or_else(|| line.to_owned(), |known| format!("{known}\n"))
}

/// The row as the lab prints it.
fn as_printed(row: &Value) -> String {
    let name = row["name"].as_str().unwrap_or_default();
    let mut text = format!("{name:<11}");
    for key in [
        "create_us",
        "join_us",
        "close_us",
        "gone_us",
        "memory_kib",
        "start_us",
    ] {
        let value = &row[key];
        if let Some(number) = value.as_f64().or(value["median"].as_f64()) {
            text += &format!("{:>8}", digits(number));
        }
        if let (Some(low), Some(high), false) = (
            value["low"].as_f64(),
            value["high"].as_f64(),
            ["close_us", "gone_us"].contains(&key),
        ) {
            text += &format!("  {:<11}", format!("{}–{}", digits(low), digits(high)));
        }
    }
    text.trim_end().to_owned()
}

fn digits(value: f64) -> String {
    let places = usize::from(value < 99.95);
    format!("{value:.places$}")
}
