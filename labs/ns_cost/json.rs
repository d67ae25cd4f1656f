//! The results for a program. Every name in them is one of this lab's own.

use std::fs;

use common::json::string;

use crate::costs::{Cost, Costs};
use crate::curve::Curve;
use crate::statistics::Summary;

impl Costs {
    pub(crate) fn json(&self) -> String {
        let costs = |costs: &[Cost]| list(costs.iter().map(Cost::json));
        let process = |(name, time): &(&str, Summary)| {
            format!("{{\"name\": \"{name}\", \"start_us\": {}}}", summary(time))
        };
        format!(
            "{{{},\n\"rounds\": {},\n\"types\": {},\n\"sets\": {},\n\"processes\": {}}}",
            machine(),
            self.rounds,
            costs(&self.types),
            costs(&self.sets),
            list(self.processes.iter().map(process))
        )
    }
}

impl Cost {
    fn json(&self) -> String {
        let gone = self.gone.as_ref().map_or("null".to_owned(), summary);
        let flags = common::clone::describe(self.kind.flags());
        format!(
            "{{\"name\": \"{}\", \"flags\": \"{flags}\", \"create_us\": {}, \"join_us\": {}, \
             \"close_us\": {}, \"gone_us\": {gone}, \"memory_kib\": {:.2}}}",
            self.kind.name,
            summary(&self.create),
            summary(&self.join),
            summary(&self.close),
            self.memory
        )
    }
}

impl Curve {
    pub(crate) fn json(&self) -> String {
        let row = |(count, times): &(usize, Vec<Summary>)| {
            let times = self.names.iter().zip(times);
            let times = times.map(|(name, time)| format!("\"{name}\": {}", summary(time)));
            format!("{{\"{}\": {count}, {}}}", self.count, joined(times))
        };
        let footer = |(key, _, numbers): &(&str, &str, Vec<f64>)| {
            let numbers = self.names.iter().zip(numbers);
            let numbers = numbers.map(|(name, number)| format!("\"{name}\": {number:.2}"));
            format!(",\n\"{key}\": {{{}}}", joined(numbers))
        };
        format!(
            "{{{},\n\"unit\": \"us\",\n\"points\": {}{}}}",
            machine(),
            list(self.rows.iter().map(row)),
            self.footers.iter().map(footer).collect::<String>()
        )
    }
}

/// What the numbers belong to.
fn machine() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = string(kernel.trim());
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    format!("\"kernel\": {kernel},\n\"cpus\": {cpus}")
}

fn summary(time: &Summary) -> String {
    format!(
        "{{\"median\": {:.3}, \"low\": {:.3}, \"high\": {:.3}}}",
        time.median, time.low, time.high
    )
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[\n  {}\n]", items.collect::<Vec<_>>().join(",\n  "))
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
