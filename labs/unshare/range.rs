//! One line of a map, and what remains of it around an ID that is mapped apart.

/// `count` IDs, from `inner` on inside and from `outer` on outside. Sums of two IDs of
/// 32 bits need more.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) inner: u64,
    pub(crate) outer: u64,
    pub(crate) count: u64,
}

impl Range {
    pub(crate) fn new(inner: u64, outer: u64, count: u64) -> Self {
        Self {
            inner,
            outer,
            count,
        }
    }
}

// ANCHOR: hole
/// The ranges around a single ID that is mapped already: neither it nor what it
/// is outside may occur twice. Where only one of them is cut out of a range, the
/// IDs behind move up, and the range's last one remains without a partner, unless there
/// are IDs to spare inside.
pub(crate) fn around(single: Range, range: Range, spare: u64) -> Vec<Range> {
    let (mut inner, mut outer) = (range.inner, range.outer);
    let (inner_end, outer_end) = (range.inner + range.count + spare, range.outer + range.count);
    let mut pieces = Vec::new();
    loop {
        inner += u64::from(inner == single.inner);
        outer += u64::from(outer == single.outer);
        let count =
            up_to(single.inner, inner, inner_end).min(up_to(single.outer, outer, outer_end));
        if count == 0 {
            return pieces;
        }
        pieces.push(Range::new(inner, outer, count));
        inner += count;
        outer += count;
    }
}

/// How many IDs there are from `start` to the hole or the end.
fn up_to(hole: u64, start: u64, end: u64) -> u64 {
    let end = if hole > start { end.min(hole) } else { end };
    end.saturating_sub(start)
}
// ANCHOR_END: hole
