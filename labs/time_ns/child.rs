//! A child that reads its clocks while the parent, too, looks at its own.

use std::fmt::Display;

use common::process::clone3;
use common::{Checkpoint, Child, Error, Result, clone, explain, say};
use nix::errno::Errno;
use nix::sched::CloneFlags;

use crate::clocks::Clocks;

/// How often a child is tried. Each one that is in vain has taken a second or more.
const ATTEMPTS: u8 = 20;

const SINCE: &str = "clone3() takes CLONE_NEWTIME since Linux 6.3: leave --by-clone3 out";

/// What a clock has advanced, in whole seconds, while the child read its own.
pub(crate) const NO_SECOND: [i64; 4] = [0; 4];

/// Starts a child that reads its clocks between two readings of the parent's. Only
/// where no second has passed between these is the child's lead, in whole seconds,
/// the offset; on a machine too busy for that, another child tries again.
pub(crate) fn start_child(flags: CloneFlags, by_clone3: bool) -> Result<(Child, Checkpoint)> {
    for _ in 0..ATTEMPTS {
        let (child_has_read, table_is_begun) = (Checkpoint::new()?, Checkpoint::new()?);
        let before = Clocks::read()?;
        let child_function = || {
            let clocks = Clocks::read()?;
            child_has_read.open()?;
            table_is_begun.wait()?;
            explain!(
                "clock_gettime() in the child: the offsets of its namespace are in the answer\n\
                 see: time_namespaces(7)"
            );
            say!("child   {}", columns(clocks.since(&before)))?;
            Ok(0)
        };
        let child = if by_clone3 {
            clone3(flags, None, child_function)
                .map_err(|error| error.hint_if(Errno::EINVAL, SINCE))?
        } else {
            clone(flags, child_function)?
        };
        child_has_read.wait()?;
        if Clocks::read()?.since(&before) == NO_SECOND {
            return Ok((child, table_is_begun));
        }
        child.end()?;
    }
    let object = format!("of parent and child within a second, {ATTEMPTS} times");
    Err(Error::new("clock_gettime", object, Errno::EAGAIN)
        .hint("the machine is too busy, or its clock is being set: try again when less is running"))
}

/// A row of the table of clocks.
pub(crate) fn columns<T: Display>(cells: [T; 4]) -> String {
    let [realtime, monotonic, boottime, uptime] = cells;
    format!("{realtime:>14}  {monotonic:>15}  {boottime:>14}  {uptime:>12}")
}
