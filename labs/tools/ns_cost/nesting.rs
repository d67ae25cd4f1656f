//! PID namespaces inside one another: what fork() costs in each.

use std::fs::File;
use std::time::{Duration, Instant};

use common::reports::Reports;
use common::{Checkpoint, ChildStack, Error, Result, Step as _, clone, explain, spawn, waitpid};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};

use crate::Budget;
use crate::curve::Curve;
use crate::life::{receive_or, send};
use crate::progress::Progress;
use crate::statistics::{Summary, shuffle};

/// The kernel's own limit of PID namespaces inside one another, see pid_namespaces(7).
const DEEPEST: usize = 32;
/// Forks in a namespace for each round.
const FORKS: usize = 8;
/// What a level reports: that it is there, and that the kernel allows none below it.
const HERE: i32 = 0;
const NO_MORE: i32 = 1;

/// A depth, and the namespace there; there is none to be joined at depth 0.
struct Level {
    depth: usize,
    namespace: Option<File>,
    times: Vec<Duration>,
}

// ANCHOR: nesting
pub(crate) fn measure(budget: &Budget) -> Result<Curve> {
    let (reports, release) = (Reports::new()?, Checkpoint::new()?);
    let mut child_stack = ChildStack::new()?;
    let chain = clone(CloneFlags::CLONE_NEWPID, &mut child_stack, || {
        nest(1, &reports, &release)
    })?;
    let mut levels = levels(&reports)?;
    let progress = Progress::new();
    for round in budget.rounds() {
        progress.show("round", round + 1, budget.rounds as usize);
        shuffle(&mut levels);
        for level in &mut levels {
            level.visit()?;
        }
    }
    release.open()?;
    chain.wait()?;
    levels.sort_by_key(|level| level.depth);
    let points: Vec<_> = levels
        .iter()
        .map(|level| (level.depth, Summary::of(&level.times)))
        .collect();
    explain!(
        "clone(CLONE_NEWPID) in each child again, {} deep; in random order a child joins one of\n\
         these namespaces with setns() and forks: each level gives the new process one PID more",
        levels.len() - 1
    );
    let title = "Time for fork(), exit and wait in nested PID namespaces";
    let mut curve = Curve::new(title, "depth", vec!["fork"]);
    curve.add(&points);
    Ok(curve)
}

/// One level of the chain: makes the next, and lives until all of them are released.
fn nest(depth: usize, reports: &Reports, release: &Checkpoint) -> Result<u8> {
    reports.send(HERE)?;
    if depth < DEEPEST {
        let mut child_stack = ChildStack::new()?;
        let inside = || nest(depth + 1, reports, release);
        match clone(CloneFlags::CLONE_NEWPID, &mut child_stack, inside) {
            Ok(child) => return child.wait(),
            Err(error) if error.errno() != Some(Errno::ENOSPC) => return Err(error),
            // The kernel allows no more: what there is will be measured.
            Err(_) => reports.send(NO_MORE)?,
        }
    }
    release.wait()?;
    Ok(0)
}

impl Level {
    /// The process that forks is always a new child of the lab, so that the memory that
    /// fork() copies is the same at every depth.
    fn visit(&mut self) -> Result<()> {
        let (reports, mut child_stack) = (Reports::new()?, ChildStack::new()?);
        let child = clone(CloneFlags::empty(), &mut child_stack, || {
            if let Some(namespace) = &self.namespace {
                setns(namespace, CloneFlags::CLONE_NEWPID).step("setns", "CLONE_NEWPID")?;
            }
            for _ in 0..FORKS {
                let begun = Instant::now();
                let child = spawn::fork()?;
                waitpid(child, 0).step("waitpid", child)?;
                send(&reports, begun.elapsed())?;
            }
            Ok(0)
        })?;
        for _ in 0..FORKS {
            let refused = |errno| Error::new("fork", "a child", errno);
            self.times.push(receive_or(&reports, refused)?);
        }
        child.wait().map(drop)
    }
}
// ANCHOR_END: nesting

/// Opens the namespaces of the chain. A machine that is inside some itself has fewer.
fn levels(reports: &Reports) -> Result<Vec<Level>> {
    let mut levels = vec![Level {
        depth: 0,
        namespace: None,
        times: Vec::new(),
    }];
    for depth in 1..=DEEPEST {
        let (pid, report) = reports.receive()?;
        if report == NO_MORE {
            break;
        }
        let path = format!("/proc/{pid}/ns/pid");
        levels.push(Level {
            depth,
            namespace: Some(File::open(&path).step("open", path)?),
            times: Vec::new(),
        });
    }
    Ok(levels)
}
