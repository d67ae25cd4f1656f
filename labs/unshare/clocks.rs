//! The clocks of the new time namespace.

use std::fs;

use common::{Result, Step as _, explain};

#[derive(Default, clap::Args)]
#[command(next_help_heading = "Time namespace")]
pub(crate) struct ClockOptions {
    /// Seconds to add to CLOCK_MONOTONIC, with --time
    #[arg(
        long,
        value_name = "OFFSET",
        requires = "time",
        allow_hyphen_values = true
    )]
    monotonic: Option<i64>,
    /// Seconds to add to CLOCK_BOOTTIME, with --time
    #[arg(
        long,
        value_name = "OFFSET",
        requires = "time",
        allow_hyphen_values = true
    )]
    boottime: Option<i64>,
}

// ANCHOR: clocks
/// Sets the offsets. The kernel takes them until a first process is inside, which
/// is this one's next child, or itself from its next execve() on.
pub(crate) fn set_offsets(options: &ClockOptions) -> Result<()> {
    let clocks = [
        ("monotonic", options.monotonic),
        ("boottime", options.boottime),
    ];
    for (clock, offset) in clocks {
        if let Some(seconds) = offset {
            let path = "/proc/self/timens_offsets";
            fs::write(path, format!("{clock} {seconds} 0")).step("write", path)?;
            explain!("{path}: {seconds} seconds are added to the {clock} clock");
        }
    }
    Ok(())
}
// ANCHOR_END: clocks
