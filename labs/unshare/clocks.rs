//! The clocks of the new time namespace.

use std::fs;

use common::{Result, Step as _, explain};

use crate::args::Args;

// ANCHOR: clocks
/// Sets the offsets. The kernel takes them until a first process is inside, which
/// is this one's next child, or itself from its next execve() on.
pub(crate) fn set_offsets(args: &Args) -> Result<()> {
    for (clock, offset) in [("monotonic", args.monotonic), ("boottime", args.boottime)] {
        if let Some(seconds) = offset {
            let path = "/proc/self/timens_offsets";
            fs::write(path, format!("{clock} {seconds} 0")).step("write", path)?;
            explain!("{path}: {seconds} seconds are added to the {clock} clock");
        }
    }
    Ok(())
}
// ANCHOR_END: clocks
