//! Children that measure, and report numbers to the lab.

use std::time::Instant;

use common::process::Reports;
use common::{Child, Result, clone};
use nix::sched::CloneFlags;

/// A child in the namespaces of this process, which dies with it.
pub(crate) fn child(job: impl Fn() -> Result<()>) -> Result<Child> {
    clone(CloneFlags::empty(), || job().map(|()| 0))
}

/// So many numbers, which a child measures and reports.
pub(crate) fn measured<const N: usize>(job: impl Fn(&Reports) -> Result<()>) -> Result<[f64; N]> {
    let reports = Reports::new()?;
    let child = child(|| job(&reports))?;
    let mut numbers = [0.0; N];
    for number in &mut numbers {
        *number = receive(&reports)?;
    }
    child.succeed()?;
    Ok(numbers)
}

/// A report has 32 bits, and those of an f32 hold seven digits of any time.
pub(crate) fn report(reports: &Reports, number: f64) -> Result<()> {
    reports.send((number as f32).to_bits() as i32)
}

pub(crate) fn receive(reports: &Reports) -> Result<f64> {
    let (_, bits) = reports.receive()?;
    Ok(f32::from_bits(bits as u32).into())
}

/// Microseconds of CLOCK_MONOTONIC, which nobody sets back meanwhile.
pub(crate) fn since(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6
}
