//! One reading of the clocks that a process can ask for the time since a beginning.

use std::fs;

use common::{Error, Result, Step as _};
use nix::errno::Errno;
use nix::sys::time::TimeValLike as _;
use nix::time::{ClockId, clock_gettime};

/// What a reading consists of, in the order of its fields.
pub(crate) const NAMES: [&str; 4] = [
    "CLOCK_REALTIME",
    "CLOCK_MONOTONIC",
    "CLOCK_BOOTTIME",
    "/proc/uptime",
];

/// What the process that reads them is told, in nanoseconds.
pub(crate) struct Clocks([i64; 4]);

impl Clocks {
    pub(crate) fn read() -> Result<Self> {
        let clock = |id, name| {
            let time = clock_gettime(id).step("clock_gettime", name)?;
            Ok(time.num_nanoseconds())
        };
        Ok(Self([
            clock(ClockId::CLOCK_REALTIME, "CLOCK_REALTIME")?,
            clock(ClockId::CLOCK_MONOTONIC, "CLOCK_MONOTONIC")?,
            clock(ClockId::CLOCK_BOOTTIME, "CLOCK_BOOTTIME")?,
            uptime()?,
        ]))
    }

    /// How far each clock is ahead of the other reading, in whole seconds rounded down.
    pub(crate) fn since(&self, other: &Self) -> [i64; 4] {
        let mut seconds = self.0;
        for (ours, theirs) in seconds.iter_mut().zip(other.0) {
            *ours = (*ours - theirs).div_euclid(1_000_000_000);
        }
        seconds
    }
}

/// The first number of proc_uptime(5), which has hundredths of a second: `6576.27 9398.84`.
fn uptime() -> Result<i64> {
    let text = fs::read_to_string("/proc/uptime").step("open", "/proc/uptime")?;
    let hundredths = text
        .split_whitespace()
        .next()
        .and_then(|seconds| seconds.replace('.', "").parse::<i64>().ok());
    hundredths
        .map(|hundredths| hundredths * 10_000_000)
        .ok_or_else(|| Error::new("read", "/proc/uptime", Errno::EBADMSG))
}
