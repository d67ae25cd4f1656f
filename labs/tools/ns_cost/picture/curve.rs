//! A row of numbers: the count from left to right, time upwards.

use std::fmt::Write as _;

use super::{COLOURS, RIGHT, TOP, duration, head, mark};
use crate::curve::Curve;

const LEFT: f64 = 78.0;
const BOTTOM: f64 = 300.0;

impl Curve {
    /// One series; both scales begin at 0.
    pub(crate) fn svg(&self) -> String {
        let points: Vec<_> = self
            .rows
            .iter()
            .flat_map(|(count, times)| times.iter().map(|time| (*count as f64, *time)))
            .collect();
        let most = points.iter().fold(1.0, |most, (count, _)| count.max(most));
        let longest = points
            .iter()
            .fold(0.1, |most, (_, time)| time.high.max(most));
        let (step_x, step_y) = (step(most), step(longest));
        let top = step_y * (longest / step_y).ceil();
        let x = |count: f64| LEFT + count / most * (RIGHT - LEFT);
        let y = |time: f64| BOTTOM - time / top * (BOTTOM - TOP);

        let words: Vec<_> = points
            .iter()
            .map(|(count, time)| format!("{count}: {:.0}", time.median))
            .collect();
        let words = format!(
            "Medians in microseconds by {}. {}.",
            self.count,
            words.join(", ")
        );
        let mut text = head(self.count, self.title, &words, BOTTOM + 50.0);
        // Writing to a String cannot fail.
        for tick in ticks(top, step_y) {
            let _ = writeln!(
                text,
                "<path d=\"M{LEFT} {0:.1} H{RIGHT}\" stroke=\"currentColor\" stroke-opacity=\"0.2\"/>\
                 <text x=\"{1:.1}\" y=\"{2:.1}\" text-anchor=\"end\">{3}</text>",
                y(tick),
                LEFT - 8.0,
                y(tick) + 5.0,
                duration(tick)
            );
        }
        for tick in ticks(most, step_x) {
            let (x, y) = (x(tick), BOTTOM + 20.0);
            let _ = writeln!(
                text,
                "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{tick}</text>"
            );
        }
        let (middle, below) = (f64::midpoint(LEFT, RIGHT), BOTTOM + 42.0);
        let _ = writeln!(
            text,
            "<text x=\"{LEFT}\" y=\"27\">{}</text>\n\
             <text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{}</text>",
            self.title, self.count
        );
        let colour = COLOURS[0];
        for (count, time) in &points {
            let (x, low, high) = (x(*count), y(time.low), y(time.high));
            let _ = writeln!(
                text,
                "<path d=\"M{x:.1} {low:.1} V{high:.1}\" stroke=\"{colour}\" stroke-width=\"2\"/>{}",
                mark(0, x, y(time.median))
            );
        }
        text + "</svg>\n"
    }
}

/// About five steps of 1, 2 or 5 times a power of ten.
fn step(most: f64) -> f64 {
    let power = 10f64.powf((most / 5.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps
        .into_iter()
        .find(|step| most / step <= 6.0)
        .unwrap_or(most)
}

fn ticks(most: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..)
        .map(move |tick| f64::from(tick) * step)
        .take_while(move |tick| *tick <= most)
}
