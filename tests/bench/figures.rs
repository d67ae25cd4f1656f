//! From single times to a ratio that can be trusted.

use std::fmt::Write as _;

/// What came out for one pair.
pub(crate) struct Figures {
    pub(crate) lab: &'static str,
    pub(crate) other: &'static str,
    pub(crate) goal: f64,
    /// Of the ratios lab ÷ other, one a round.
    pub(crate) ratio: Median,
    /// Medians of the wall times in microseconds.
    pub(crate) times: (f64, f64),
    /// Peak memory in KiB.
    pub(crate) peaks: (u64, u64),
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
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        let reach = (0.98 * (sorted.len() as f64).sqrt()).ceil() as usize;
        let last = sorted.len() - 1;
        Self {
            low: sorted[half.saturating_sub(reach)],
            middle: sorted[half],
            high: sorted[(half + reach).min(last)],
        }
    }
}

impl Figures {
    pub(crate) fn of(pair: &crate::pairs::Pair, rounds: &[(f64, f64)], peaks: (u64, u64)) -> Self {
        let ratios: Vec<_> = rounds.iter().map(|(lab, other)| lab / other).collect();
        let labs: Vec<_> = rounds.iter().map(|round| round.0).collect();
        let others: Vec<_> = rounds.iter().map(|round| round.1).collect();
        Self {
            lab: pair.lab,
            other: pair.other,
            goal: pair.goal,
            ratio: Median::of(&ratios),
            times: (Median::of(&labs).middle, Median::of(&others).middle),
            peaks,
        }
    }

    /// A line of the table.
    pub(crate) fn line(&self) -> String {
        let Self {
            ratio,
            times,
            peaks,
            goal,
            ..
        } = self;
        let reached = if ratio.middle <= *goal { "" } else { "  above" };
        format!(
            "{:5.2} [{:.2} {:.2}]  {goal:.2}  {:7.0} {:7.0}  {:5} {:5}  {} ÷ {}{reached}",
            ratio.middle,
            ratio.low,
            ratio.high,
            times.0,
            times.1,
            peaks.0,
            peaks.1,
            self.lab,
            self.other
        )
    }
}

/// Over the lines of the table.
pub(crate) const HEAD: &str =
    "ratio [95 %      ]  goal  µs: lab   other  KiB:lab other  lab ÷ other";

/// All figures as JSON. The command lines hold nothing that JSON would escape.
pub(crate) fn json(machine: &str, rounds: usize, all: &[Figures]) -> String {
    let mut text = format!("{{\"machine\": \"{machine}\", \"rounds\": {rounds}, \"pairs\": [\n");
    for (index, figures) in all.iter().enumerate() {
        let comma = if index + 1 < all.len() { "," } else { "" };
        let Figures {
            lab,
            other,
            goal,
            ratio,
            times,
            peaks,
        } = figures;
        let _ = writeln!(
            text,
            "  {{\"lab\": \"{lab}\", \"other\": \"{other}\", \"goal\": {goal}, \
             \"ratio\": {:.4}, \"interval\": [{:.4}, {:.4}], \
             \"microseconds\": [{:.1}, {:.1}], \"peak_kib\": [{}, {}]}}{comma}",
            ratio.middle, ratio.low, ratio.high, times.0, times.1, peaks.0, peaks.1
        );
    }
    text + "]}\n"
}
