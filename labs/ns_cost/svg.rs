//! The results as pictures, in the colour of the text around them.

use std::fmt::Write as _;

use crate::costs::{Cost, Costs};
use crate::curve::Curve;
use crate::statistics::Summary;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 110.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 56.0;
const COLOURS: [&str; 3] = ["#2a7de1", "#2e9e5b", "#d9822b"];
const SERIES: [&str; 3] = ["create", "join", "destroy: until gone"];

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

    fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        (self.lowest..=self.highest).map(|power| {
            let value = 10f64.powi(power);
            (self.at(value), duration(value))
        })
    }
}

/// A power of ten of microseconds, with the unit that suits it.
fn duration(value: f64) -> String {
    if value < 1e3 {
        format!("{value} µs")
    } else if value < 1e6 {
        format!("{} ms", value / 1e3)
    } else {
        format!("{} s", value / 1e6)
    }
}

impl Costs {
    pub(crate) fn svg(&self) -> String {
        let rows = self.types.len() + self.sets.len() + self.processes.len();
        let bottom = TOP + 24.0 * rows as f64 + 20.0;
        let costs = || self.types.iter().chain(&self.sets);
        let times = costs().flat_map(Cost::times).flatten();
        let times = times.chain(self.processes.iter().map(|(_, time)| *time));
        let scale = Scale::of(times.flat_map(|time| [time.low, time.high]), LEFT, RIGHT);
        let title = "What a namespace costs: microseconds, each step of the scale ten times the last";
        let mut text = head(title, &self.in_words(), bottom + 30.0);
        for (at, label) in scale.ticks() {
            let _ = writeln!(
                text,
                "<path d=\"M{at:.1} {:.0} V{bottom:.0}\" stroke=\"currentColor\" stroke-opacity=\"0.2\"/>\
                 <text x=\"{at:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{label}</text>",
                TOP - 8.0,
                bottom + 20.0
            );
        }
        for ((colour, name), x) in COLOURS.into_iter().zip(SERIES).zip([120.0, 220.0, 300.0]) {
            text += &mark(colour, x, 22.0);
            let _ = writeln!(text, "<text x=\"{}\" y=\"27\">{name}</text>", x + 12.0);
        }
        text += &mark("currentColor", 490.0, 22.0);
        text += "<text x=\"502\" y=\"27\">start, exit and wait</text>\n";
        let mut y = TOP + 10.0;
        for cost in costs() {
            text += &label(cost.kind.name, y);
            for (time, colour) in cost.times().into_iter().zip(COLOURS) {
                text += &time.map_or(String::new(), |time| dot(&scale, time, colour, y));
            }
            y += 24.0;
        }
        y += 10.0;
        for (name, time) in &self.processes {
            text += &label(name, y);
            text += &dot(&scale, *time, "currentColor", y);
            y += 24.0;
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

fn mark(colour: &str, x: f64, y: f64) -> String {
    format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{colour}\"/>\n")
}

/// The median as a dot, its interval as a line.
fn dot(scale: &Scale, time: Summary, colour: &str, y: f64) -> String {
    format!(
        "<path d=\"M{:.1} {y:.1} H{:.1}\" stroke=\"{colour}\" stroke-width=\"2\"/>{}",
        scale.at(time.low),
        scale.at(time.high),
        mark(colour, scale.at(time.median), y)
    )
}

fn head(title: &str, words: &str, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" \
         role=\"img\" aria-labelledby=\"cost-t cost-d\" font-family=\"sans-serif\" \
         font-size=\"14\" fill=\"currentColor\">\n\
         <title id=\"cost-t\">{title}</title>\n<desc id=\"cost-d\">{words}</desc>\n"
    )
}

impl Curve {
    pub(crate) fn svg(&self) -> String {
        String::new()
    }
}
