//! The main table: a row for each kind, time from left to right.

use std::fmt::Write as _;

use super::{RIGHT, TOP, dot, duration, head, mark};
use crate::costs::{Cost, Costs};
use crate::statistics::Summary;

const LEFT: f64 = 110.0;
const ROW: f64 = 26.0;
const SERIES: [&str; 3] = ["create", "join", "destroy, until gone"];

/// A scale of powers of ten, from pixel to pixel.
struct Scale {
    lowest: i32,
    highest: i32,
    from: f64,
    to: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let logarithms = values.map(|value| value.max(0.1).log10());
        let lowest = logarithms.clone().fold(f64::INFINITY, f64::min).floor();
        let highest = logarithms.fold(lowest + 1.0, f64::max).ceil();
        Self {
            lowest: lowest as i32,
            highest: highest as i32,
            from,
            to,
        }
    }

    fn at(&self, value: f64) -> f64 {
        let share = (value.max(0.1).log10() - f64::from(self.lowest))
            / f64::from(self.highest - self.lowest);
        self.from + share * (self.to - self.from)
    }

    fn interval(&self, time: Summary) -> (f64, f64, f64) {
        (self.at(time.low), self.at(time.median), self.at(time.high))
    }

    fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        (self.lowest..=self.highest).map(|power| {
            let value = 10f64.powi(power);
            (self.at(value), duration(value))
        })
    }
}

impl Costs {
    pub(crate) fn svg(&self) -> String {
        let rows = self.types.len() + self.sets.len() + self.processes.len();
        let bottom = TOP + ROW * rows as f64 + 20.0;
        let costs = || self.types.iter().chain(&self.sets);
        let times = costs().flat_map(Cost::times).flatten();
        let times = times.chain(self.processes.iter().map(|(_, time)| *time));
        let scale = Scale::of(times.flat_map(|time| [time.low, time.high]), LEFT, RIGHT);
        let title =
            "What a namespace costs: microseconds, each step of the scale ten times the last";
        let mut text = head("cost", title, &self.in_words(), bottom + 30.0);
        for (at, label) in scale.ticks() {
            let _ = writeln!(
                text,
                "<path d=\"M{at:.1} {:.0} V{bottom:.0}\" stroke=\"currentColor\" stroke-opacity=\"0.2\"/>\
                 <text x=\"{at:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{label}</text>",
                TOP - 8.0,
                bottom + 20.0
            );
        }
        let legend = SERIES.into_iter().chain(["start, exit and wait"]);
        for ((series, name), x) in legend.enumerate().zip([118.0, 208.0, 284.0, 460.0]) {
            text += &mark(series, x, 22.0);
            let _ = writeln!(text, "<text x=\"{}\" y=\"27\">{name}</text>", x + 12.0);
        }
        let mut y = TOP + 10.0;
        for cost in costs() {
            text += &label(cost.kind.name, y);
            for (series, time) in cost.times().into_iter().enumerate() {
                // A little below one another, since some are equal.
                let y = y + 6.0 * (series as f64 - 1.0);
                let times = time.map(|time| scale.interval(time));
                text += &times.map_or(String::new(), |times| dot(series, times, y));
            }
            y += ROW;
        }
        y += 10.0;
        for (name, time) in &self.processes {
            text += &label(name, y);
            text += &dot(SERIES.len(), scale.interval(*time), y);
            y += ROW;
        }
        text + "</svg>\n"
    }

    /// The alternative text: what the picture shows, for those who do not see it.
    fn in_words(&self) -> String {
        let costs = self.types.iter().chain(&self.sets).map(|cost| {
            let gone = cost.gone.map_or(String::new(), |gone| {
                format!(", {:.0} until gone", gone.median)
            });
            format!(
                "{}: {:.1} to create, {:.1} to join{gone}",
                cost.kind.name, cost.create.median, cost.join.median
            )
        });
        let processes = self.processes.iter();
        let processes = processes.map(|(name, time)| format!("{name}: {:.0}", time.median));
        let parts: Vec<_> = costs.chain(processes).collect();
        format!("Medians in microseconds. {}.", parts.join(". "))
    }
}

impl Cost {
    fn times(&self) -> [Option<Summary>; 3] {
        [Some(self.create), Some(self.join), self.gone]
    }
}

fn label(name: &str, y: f64) -> String {
    format!(
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{name}</text>\n",
        LEFT - 12.0,
        y + 5.0
    )
}
