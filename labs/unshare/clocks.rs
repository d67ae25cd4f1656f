//! The clocks of the new time namespace.

use std::fs;

use common::lab::notice;
use common::ns::CLONE_NEWTIME;
use common::{Result, Step as _, explain};
use nix::sys::utsname::uname;

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

/// Before Linux 6.2 the program itself stays in the old time namespace.
pub(crate) fn tell_who_is_moved(args: &Args) -> Result<()> {
    let is_asked_for = args.flags().contains(CLONE_NEWTIME) && !args.forks();
    if is_asked_for && release()? < [6, 2] {
        notice(format_args!(
            "before Linux 6.2 only the program's children are in the new time namespace: with \
             --fork the program is, too"
        ));
    }
    Ok(())
}

/// The first two numbers of the kernel's release, such as `6.12.5-amd64`.
fn release() -> Result<[u32; 2]> {
    let kernel = uname().step("uname", "of this machine")?;
    let release = kernel.release().to_string_lossy();
    let mut numbers = release.split(['.', '-']).flat_map(str::parse);
    Ok([numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)])
}
