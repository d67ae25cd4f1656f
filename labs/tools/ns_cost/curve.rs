//! A result that is a row of numbers: times against a count, a column for each series.

use crate::statistics::Summary;

/// A count, and what was measured at it.
pub(crate) type Point = (usize, Summary);

pub(crate) struct Curve {
    pub(crate) title: &'static str,
    /// What is counted: `mounts`.
    pub(crate) count: &'static str,
    pub(crate) names: Vec<&'static str>,
    /// A row for each count, a summary for each name.
    pub(crate) rows: Vec<(usize, Vec<Summary>)>,
    /// Values for each name that have no count: key in JSON, label, numbers.
    pub(crate) footers: Vec<(&'static str, &'static str, Vec<f64>)>,
}

impl Curve {
    pub(crate) fn new(title: &'static str, count: &'static str, names: Vec<&'static str>) -> Self {
        Self {
            title,
            count,
            names,
            rows: Vec::new(),
            footers: Vec::new(),
        }
    }

    /// The next series; every one has the same counts.
    pub(crate) fn add(&mut self, points: &[Point]) {
        if self.rows.is_empty() {
            self.rows = points
                .iter()
                .map(|&(count, _)| (count, Vec::new()))
                .collect();
        }
        for ((_, summaries), (_, summary)) in self.rows.iter_mut().zip(points) {
            summaries.push(*summary);
        }
    }

    /// A last line, if there is a number for every series.
    pub(crate) fn footer(&mut self, key: &'static str, label: &'static str, numbers: Vec<f64>) {
        if numbers.len() == self.names.len() {
            self.footers.push((key, label, numbers));
        }
    }
}
