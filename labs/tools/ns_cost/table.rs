//! The results as tables for a terminal of 80 columns.

use std::fmt::Write as _;

use crate::costs::{Cost, Costs};
use crate::curve::Curve;
use crate::statistics::Summary;

impl Costs {
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "Median and its 95 % interval of {} rounds in µs; memory in KiB\n\n\
             type        create  interval       join  interval      close     gone  memory\n",
            self.rounds
        );
        for cost in self.types.iter().chain(&self.sets) {
            text += &cost.row();
        }
        text += "\nprocess                  start, exit and wait  interval\n";
        for (name, time) in &self.processes {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{name:<24} {:>20}  {}",
                number(time.median),
                interval(*time)
            );
        }
        if self.types.iter().any(|cost| cost.gone.is_none()) {
            text += "\n-: not seen, because /proc/sys/user cannot be written here\n";
        }
        text
    }
}

impl Cost {
    fn row(&self) -> String {
        let gone = self.gone.map_or("-".to_owned(), |gone| number(gone.median));
        format!(
            "{:<10} {:>7}  {:<11} {:>7}  {:<11} {:>7}  {:>7}  {:>6.1}\n",
            self.kind.name,
            number(self.create.median),
            interval(self.create),
            number(self.join.median),
            interval(self.join),
            number(self.close.median),
            gone,
            self.memory,
        )
    }
}

impl Curve {
    pub(crate) fn table(&self) -> String {
        if let [name] = self.names[..] {
            return self.with_intervals(name);
        }
        let names: String = self.names.iter().map(|name| format!("{name:>8}")).collect();
        let mut text = format!(
            "{}: median in µs\n\n{:<10}{names}\n",
            self.title, self.count
        );
        for (count, summaries) in &self.rows {
            let medians = summaries
                .iter()
                .map(|time| format!("{:>8}", number(time.median)));
            let _ = writeln!(text, "{count:<10}{}", medians.collect::<String>());
        }
        for (_, label, numbers) in &self.footers {
            let numbers = numbers.iter().map(|value| format!("{:>8}", number(*value)));
            let _ = writeln!(text, "{label:<10}{}", numbers.collect::<String>());
        }
        text
    }

    fn with_intervals(&self, name: &str) -> String {
        let mut text = format!(
            "{}\nMedian and its 95 % interval in µs\n\n{:<8}{name:>10}  interval\n",
            self.title, self.count
        );
        for (count, summaries) in &self.rows {
            for time in summaries {
                let (median, interval) = (number(time.median), interval(*time));
                let _ = writeln!(text, "{count:<8}{median:>10}  {interval}");
            }
        }
        text
    }
}

fn interval(time: Summary) -> String {
    format!("{}–{}", number(time.low), number(time.high))
}

/// Three digits say as much as these measurements know.
fn number(value: f64) -> String {
    if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}
