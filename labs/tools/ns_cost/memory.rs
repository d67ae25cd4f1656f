//! How much memory the kernel holds for a namespace.

use std::fs::{self, File};
use std::thread::sleep;
use std::time::Duration;

use common::error::Step as _;
use common::reports::Reports;
use common::{Error, Result};
use nix::errno::Errno;

use crate::kind::Kind;
use crate::life::{Handles, Life};
use crate::limits;

/// The fields of proc_meminfo(5) that are added up: what the kernel has allocated for
/// itself and cannot take back, and what it holds once for each CPU. Files, caches
/// and the memory of processes are in other fields.
const COUNTED: [&str; 2] = ["SUnreclaim:", "Percpu:"];

const IDLE: Duration = Duration::from_millis(20);

/// In a process and a user namespace of its own, which sees when they are gone again:
/// what the kernel still frees would count against the kind that comes next.
pub(crate) fn of(life: &mut Life, kind: &Kind, number: usize) -> Result<f64> {
    let (reports, mut inner) = (Reports::new()?, Life::new()?);
    let child = life.child(|| {
        limits::enter_user_namespace()?;
        let (each, handles) = held(&mut inner, kind, number)?;
        reports.send((each * 1024.0) as i32)?;
        inner.destroy(kind, handles)?;
        Ok(0)
    })?;
    let (_, bytes) = reports.receive()?;
    match child.wait()? {
        0 => Ok(f64::from(bytes) / 1024.0),
        _ => Err(Error::PeerGone),
    }
}

// ANCHOR: memory
/// Makes namespaces, and reads what the machine holds before and after, in KiB for
/// each. The first quarter is not counted: it fills places that were free already. Of
/// the others the middle one of three values counts, should the machine be busy.
fn held(life: &mut Life, kind: &Kind, number: usize) -> Result<(f64, Handles)> {
    let mut handles = Handles::new();
    let quarter = number.div_ceil(4);
    let mut readings = Vec::new();
    for _ in 0..4 {
        for _ in 0..quarter {
            handles.append(&mut life.create(kind)?.1);
        }
        readings.push(in_use()?);
    }
    let growth = readings.iter().zip(readings.iter().skip(1));
    let mut each: Vec<_> = growth
        .map(|(before, after)| (after - before) / quarter as f64)
        .collect();
    each.sort_by(f64::total_cmp);
    Ok((each.get(1).copied().unwrap_or_default(), handles))
}
// ANCHOR_END: memory

/// The part of the handle itself: as many descriptors of one namespace.
pub(crate) fn of_a_descriptor(number: usize) -> Result<f64> {
    let path = "/proc/self/ns/uts";
    let before = in_use()?;
    let handles: Vec<_> = (0..number).map(|_| File::open(path)).collect();
    let each = (in_use()? - before) / number as f64;
    for handle in handles {
        handle.step("open", path)?;
    }
    Ok(each)
}

/// What the counted fields hold now, in KiB.
pub(crate) fn in_use() -> Result<f64> {
    // The kernel counts on each CPU by itself, and adds up when a CPU has nothing to do.
    sleep(IDLE);
    let path = "/proc/meminfo";
    let text = fs::read_to_string(path).step("open", path)?;
    let mut sum = 0.0;
    for name in COUNTED {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        sum += number.ok_or_else(|| Error::new("read", path, Errno::EBADMSG))?;
    }
    Ok(sum)
}
