//! Many namespaces of a type alive at once: what one more costs, and what stops it.

use common::{Error, Result, explain};

use crate::curve::{Curve, Point};
use crate::kind::Kind;
use crate::life::{Handles, Life};
use crate::progress::Progress;
use crate::statistics::{Summary, microseconds};
use crate::{Args, limits, memory, print};

/// The table has so many rows, each of which sums up as many namespaces.
const STEPS: usize = 10;

// ANCHOR: alive
pub(crate) fn lab(number: u32, args: &Args) -> Result<u8> {
    limits::enter_user_namespace()?;
    let kinds = Kind::each();
    let mut life = Life::new()?;
    let mut curve = Curve::new(
        "Time for one more namespace as their number grows",
        "alive",
        kinds.iter().map(|kind| kind.name).collect(),
    );
    let (mut memory, mut gone) = (Vec::new(), Vec::new());
    for kind in &kinds {
        let (points, each, handles) = grow(&mut life, kind, number as usize)?;
        curve.add(&points);
        memory.push(each);
        // All are closed at once, and at a limit of one unshare() tells when the
        // last of them is gone.
        let (_, end) = life.destroy(kind, handles)?;
        gone.extend(end.map(|end| microseconds(&end) / 1000.0));
    }
    curve.footer("memory_kib", "KiB each", memory);
    curve.footer("gone_ms", "gone, ms", gone);
    explain!("{number} of each type, held by descriptors only, and then all closed at once");
    print(args, || curve.table(), || curve.json(), || curve.svg())
}

/// Makes them one by one. A limit ends the lab, and says how far it came.
fn grow(life: &mut Life, kind: &Kind, number: usize) -> Result<(Vec<Point>, f64, Handles)> {
    let progress = Progress::new();
    let step = number.div_ceil(STEPS);
    let (mut handles, mut times, mut points) = (Handles::new(), Vec::new(), Vec::new());
    let mut before = 0.0;
    for alive in 1..=number {
        progress.show(kind.name, alive, number);
        let made = life.create(kind);
        let (took, mut made) = made.map_err(|error| stopped(error, alive - 1))?;
        handles.append(&mut made);
        times.push(took);
        if alive % step == 0 || alive == number {
            points.push((alive, Summary::of(&times)));
            times.clear();
        }
        if alive == step {
            before = memory::in_use()?;
        }
    }
    let each = (memory::in_use()? - before) / (number - step) as f64;
    Ok((points, each, handles))
}
// ANCHOR_END: alive

/// The error with the number that is alive beside the flag.
fn stopped(mut error: Error, alive: usize) -> Error {
    if let Error::Step(failure) = &mut error {
        failure.object = format!("{}, with {alive} alive", failure.object);
    }
    error
}
