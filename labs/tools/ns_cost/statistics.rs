//! What to keep of many measurements of the same thing.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

// ANCHOR: summary
/// The median of some measurements, in microseconds, and the interval in which the
/// median of many more would lie, with a confidence of 95 %.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Summary {
    /// A mean would follow the one round in which something else had the CPU. The
    /// median does not, and the values around it tell how sure it is: about √n
    /// of n lie between the interval's end and the middle.
    pub(crate) fn of(measurements: &[Duration]) -> Self {
        let mut sorted: Vec<_> = measurements.iter().map(microseconds).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
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

pub(crate) fn microseconds(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

// ANCHOR: shuffle
/// A new order for every round: what one measurement leaves behind (warm caches, a
/// namespace that is still being freed) then meets another neighbour each time.
pub(crate) fn shuffle<T>(items: &mut [T]) {
    items.sort_by_cached_key(|_| RandomState::new().build_hasher().finish());
}
// ANCHOR_END: shuffle
