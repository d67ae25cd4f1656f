//! The results for a program: one object, its keys stable.

use std::fs;

use common::json::{array, null_or, object, string};

use crate::costs::{Cost, Costs};
use crate::curve::Curve;
use crate::statistics::Summary;

impl Costs {
    pub(crate) fn json(&self) -> String {
        let process = |(name, time): &(&str, Summary)| {
            object([("name", string(name)), ("start_us", summary(time))])
        };
        let results = [
            ("rounds", self.rounds.to_string()),
            ("types", array(self.types.iter().map(Cost::json))),
            ("sets", array(self.sets.iter().map(Cost::json))),
            ("processes", array(self.processes.iter().map(process))),
        ];
        object(machine().into_iter().chain(results))
    }
}

impl Cost {
    fn json(&self) -> String {
        object([
            ("name", string(self.kind.name)),
            ("flags", string(&common::clone::describe(self.kind.flags()))),
            ("create_us", summary(&self.create)),
            ("join_us", summary(&self.join)),
            ("close_us", summary(&self.close)),
            ("gone_us", null_or(self.gone.as_ref().map(summary))),
            ("memory_kib", format!("{:.2}", self.memory)),
        ])
    }
}

impl Curve {
    pub(crate) fn json(&self) -> String {
        let names = || self.names.iter().copied();
        let row = |(count, times): &(usize, Vec<Summary>)| {
            let times = names().zip(times.iter().map(summary));
            object([(self.count, count.to_string())].into_iter().chain(times))
        };
        let footer = |(key, _, numbers): &(&'static str, &str, Vec<f64>)| {
            let numbers = numbers.iter().map(|number| format!("{number:.2}"));
            (*key, object(names().zip(numbers)))
        };
        let results = [
            ("unit", string("us")),
            ("points", array(self.rows.iter().map(row))),
        ];
        let footers = self.footers.iter().map(footer);
        object(machine().into_iter().chain(results).chain(footers))
    }
}

/// What the numbers belong to.
fn machine() -> [(&'static str, String); 2] {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    [
        ("kernel", string(kernel.trim())),
        ("cpus", cpus.to_string()),
    ]
}

fn summary(time: &Summary) -> String {
    object([
        ("median", format!("{:.3}", time.median)),
        ("low", format!("{:.3}", time.low)),
        ("high", format!("{:.3}", time.high)),
    ])
}
