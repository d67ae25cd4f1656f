//! The results: summed up, as a table for a terminal of 80 columns, and as JSON.

use common::lab::json::{array, object, string};

// ANCHOR: summary
/// The median of some measurements, and the interval in which the median of many
/// more would lie, with a confidence of 95 %.
#[derive(Clone, Copy)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    low: f64,
    high: f64,
}

impl Summary {
    /// A mean would follow the one round in which something else had the CPU. The
    /// median does not, and the values around it tell how sure it is: about √n
    /// of n lie between the interval's end and the middle.
    pub(crate) fn of(measurements: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<_> = measurements.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        let last = sorted.len().saturating_sub(1);
        let spread = (0.98 * (sorted.len() as f64).sqrt()).ceil() as usize;
        Self {
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            low: at((last / 2).saturating_sub(spread)),
            high: at((last.div_ceil(2) + spread).min(last)),
        }
    }
}
// ANCHOR_END: summary

/// A place of a table, padded, and a member of an object in JSON. What could not be seen
/// is NaN, shown as `-` and null.
pub(crate) struct Cell {
    key: &'static str,
    text: String,
    json: String,
}

pub(crate) type Row = Vec<Cell>;

impl Cell {
    pub(crate) fn name(key: &'static str, name: &str) -> Self {
        let (text, json) = (format!("{name:<11}"), string(name));
        Self { key, text, json }
    }

    pub(crate) fn count(key: &'static str, count: usize) -> Self {
        let (text, json) = (format!("{count:<11}"), count.to_string());
        Self { key, text, json }
    }

    pub(crate) fn number(key: &'static str, number: f64) -> Self {
        let (text, json) = (format!("{:>8}", digits(number)), json(number));
        Self { key, text, json }
    }

    /// The interval stands in JSON only.
    pub(crate) fn median(key: &'static str, time: Summary) -> Self {
        let mut cell = Self::number(key, time.median);
        if !time.median.is_nan() {
            let ends = [("low", json(time.low)), ("high", json(time.high))];
            cell.json = object([("median", cell.json)].into_iter().chain(ends));
        }
        cell
    }

    pub(crate) fn interval(key: &'static str, time: Summary) -> Self {
        let interval = format!("{}–{}", digits(time.low), digits(time.high));
        let mut cell = Self::median(key, time);
        cell.text += &format!("  {interval:<11}");
        cell
    }

    /// The key without its unit, which the title of a table tells.
    fn head(&self) -> String {
        let name = self.key.split('_').next().unwrap_or_default();
        match self.text.chars().count() {
            8 => format!("{name:>8}"),
            11 => format!("{name:<11}"),
            _ => format!("{name:>8}  interval   "),
        }
    }
}

/// Three digits say as much as these measurements know.
fn digits(value: f64) -> String {
    let places = usize::from(value < 99.95);
    let text = format!("{value:.places$}");
    if value.is_nan() { "-".to_owned() } else { text }
}

fn json(value: f64) -> String {
    let text = format!("{value:.3}");
    if value.is_nan() {
        "null".to_owned()
    } else {
        text
    }
}

pub(crate) fn table(rows: &[Row]) -> String {
    let heads = rows
        .iter()
        .take(1)
        .map(|row| row.iter().map(Cell::head).collect());
    let lines = rows
        .iter()
        .map(|row| row.iter().map(|cell| cell.text.as_str()).collect());
    heads
        .chain(lines)
        .map(|line: String| format!("{}\n", line.trim_end()))
        .collect()
}

pub(crate) fn members(row: &Row) -> String {
    object(row.iter().map(|cell| (cell.key, cell.json.clone())))
}

pub(crate) fn objects(rows: &[Row]) -> String {
    array(rows.iter().map(members))
}
