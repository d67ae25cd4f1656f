//! From single times to a ratio that can be trusted.

use crate::pairs::Pair;

/// What came out for one pair.
pub(crate) struct Figures {
    pub(crate) pair: &'static Pair,
    /// Of the ratios lab ÷ other, one a round.
    pub(crate) ratio: Median,
    /// Medians of the wall times in microseconds.
    times: (f64, f64),
    /// Peak memory in KiB.
    peaks: (u64, u64),
}

/// A median, with the interval that holds the true one in 95 of 100 cases.
pub(crate) struct Median {
    pub(crate) low: f64,
    pub(crate) middle: f64,
    pub(crate) high: f64,
}

impl Median {
    /// By order statistics, which assume nothing of how the values are spread: how
    /// many of n values lie below the true median is binomial, and so within
    /// 0.98 √n of n/2 in 95 of 100 cases.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<_> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        let reach = (0.98 * (sorted.len() as f64).sqrt()).ceil() as usize;
        Self {
            low: sorted[half.saturating_sub(reach)],
            middle: sorted[half],
            high: sorted[(half + reach).min(sorted.len() - 1)],
        }
    }
}

impl Figures {
    pub(crate) fn of(pair: &'static Pair, rounds: &[(f64, f64)], peaks: (u64, u64)) -> Self {
        let lab = Median::of(rounds.iter().map(|round| round.0));
        let other = Median::of(rounds.iter().map(|round| round.1));
        Self {
            pair,
            ratio: Median::of(rounds.iter().map(|(lab, other)| lab / other)),
            times: (lab.middle, other.middle),
            peaks,
        }
    }

    /// A line of the table.
    pub(crate) fn line(&self) -> String {
        let Median { low, middle, high } = self.ratio;
        let Pair { lab, other, goal } = self.pair;
        let ((our_time, time), (our_peak, peak)) = (self.times, self.peaks);
        let reached = if middle <= *goal { "" } else { "  above" };
        format!(
            "{middle:5.2} [{low:.2} {high:.2}]  {goal:.2}  {our_time:7.0} {time:7.0}  \
             {our_peak:5} {peak:5}  {lab} ÷ {other}{reached}"
        )
    }

    /// The same as JSON. The command lines hold nothing that JSON would escape.
    fn json(&self) -> String {
        let Median { low, middle, high } = self.ratio;
        let Pair { lab, other, goal } = self.pair;
        let ((our_time, time), (our_peak, peak)) = (self.times, self.peaks);
        format!(
            r#"  {{"lab": "{lab}", "other": "{other}", "goal": {goal}, "ratio": {middle:.4}, "interval": [{low:.4}, {high:.4}], "microseconds": [{our_time:.1}, {time:.1}], "peak_kib": [{our_peak}, {peak}]}}"#
        )
    }
}

/// Over the lines of the table.
pub(crate) const HEAD: &str =
    "ratio [95 %      ]  goal  µs: lab   other  KiB:lab other  lab ÷ other";

/// All figures as JSON.
pub(crate) fn json(machine: &str, rounds: usize, all: &[Figures]) -> String {
    let pairs: Vec<_> = all.iter().map(Figures::json).collect();
    let pairs = pairs.join(",\n");
    format!("{{\"machine\": \"{machine}\", \"rounds\": {rounds}, \"pairs\": [\n{pairs}\n]}}\n")
}
