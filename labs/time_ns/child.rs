//! A child that reads its clocks while the parent, too, looks at its own.

use std::fmt::Display;

use common::{Checkpoint, Child, Result, clone, explain, say};
use nix::sched::CloneFlags;

use crate::clocks::Clocks;

// ANCHOR: child
/// Starts a child that reads its clocks between two readings of the parent's. Only
/// where no second has passed between these is the child's lead, in whole seconds,
/// the offset; on a machine too busy for that, another child tries again.
pub(crate) fn start_child(flags: CloneFlags) -> Result<(Child, Checkpoint, [i64; 4])> {
    loop {
        let (done, go) = (Checkpoint::new()?, Checkpoint::new()?);
        let before = Clocks::read()?;
        let child = clone(flags, || {
            let clocks = Clocks::read()?;
            done.open()?;
            go.wait()?;
            explain!(
                "clock_gettime() in the child: the offsets of its namespace are in the answer\n\
                 see: time_namespaces(7)"
            );
            say!("child   {}", columns(clocks.since(&before)))?;
            Ok(0)
        })?;
        done.wait()?;
        let elapsed = Clocks::read()?.since(&before);
        if elapsed == [0; 4] {
            return Ok((child, go, elapsed));
        }
    }
}
// ANCHOR_END: child

/// A row of the table of clocks.
pub(crate) fn columns<T: Display>(cells: [T; 4]) -> String {
    let [realtime, monotonic, boottime, uptime] = cells;
    format!("{realtime:>14}  {monotonic:>15}  {boottime:>14}  {uptime:>12}")
}
