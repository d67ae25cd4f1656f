//! The lab's main table: every type, two sets of them, and processes to compare.

use std::time::Duration;

use common::reports::Reports;
use common::{ChildStack, Error, Result, explain};

use crate::kind::Kind;
use crate::life::{Life, receive, send};
use crate::processes::{WAYS, Way};
use crate::progress::Progress;
use crate::statistics::{Summary, shuffle};
use crate::{Budget, limits, memory};

/// All that was measured, types and sets in their own order.
pub(crate) struct Costs {
    pub(crate) rounds: usize,
    pub(crate) types: Vec<Cost>,
    pub(crate) sets: Vec<Cost>,
    pub(crate) processes: Vec<(&'static str, Summary)>,
}

/// What one type, or a set, costs.
pub(crate) struct Cost {
    pub(crate) kind: Kind,
    pub(crate) create: Summary,
    pub(crate) join: Summary,
    pub(crate) close: Summary,
    /// None where the end could not be watched.
    pub(crate) gone: Option<Summary>,
    /// In KiB.
    pub(crate) memory: f64,
}

/// The measurements of one kind, one of each for a round.
struct Samples {
    kind: Kind,
    memory: f64,
    create: Vec<Duration>,
    join: Vec<Duration>,
    close: Vec<Duration>,
    gone: Vec<Duration>,
}

// ANCHOR: measure
pub(crate) fn measure(budget: &Budget) -> Result<Costs> {
    let (mut life, progress) = (Life::new()?, Progress::new());
    let mut child_stack = ChildStack::new()?;
    let kinds: Vec<_> = Kind::each().into_iter().chain(Kind::sets()).collect();
    let mut samples = memory_of_each(&mut life, &kinds, budget, &progress)?;
    let mut processes = WAYS.map(|way| (way, Vec::new()));

    // What happens for the first time takes longer: one round is not counted.
    for kind in kinds {
        Samples::new(kind, 0.0).take(&mut life)?;
    }
    for way in WAYS {
        way.measure(&mut child_stack)?;
    }
    let mut rounds = 0;
    for round in budget.rounds() {
        progress.show("round", round + 1, budget.rounds as usize);
        shuffle(&mut samples);
        for sample in &mut samples {
            sample.take(&mut life)?;
        }
        shuffle(&mut processes);
        for (way, times) in &mut processes {
            times.push(way.measure(&mut child_stack)?);
        }
        rounds += 1;
    }
    drop(progress);
    explain_rounds(rounds);
    Ok(Costs::of(rounds, samples, processes.to_vec()))
}
// ANCHOR_END: measure

/// Enough of them to tell a namespace from what else the machine allocates; network
/// namespaces are large, and a small machine is to survive this.
fn memory_of_each(
    life: &mut Life,
    kinds: &[Kind],
    budget: &Budget,
    progress: &Progress,
) -> Result<Vec<Samples>> {
    let number = (budget.rounds as usize * 20).clamp(40, 400);
    let descriptor = memory::of_a_descriptor(number)?;
    let mut samples = Vec::new();
    for (done, kind) in kinds.iter().enumerate() {
        progress.show("memory", done + 1, kinds.len());
        let number = if kind.has("net") { number / 10 } else { number };
        let memory = memory::of(life, kind, number)? - descriptor * kind.types.len() as f64;
        samples.push(Samples::new(kind.clone(), memory));
    }
    explain!(
        "/proc/meminfo, while {number} namespaces of each type are made ({} with NET), held by\n\
         descriptors: how SUnreclaim and Percpu grow, for each of them",
        number / 10
    );
    Ok(samples)
}

impl Samples {
    fn new(kind: Kind, memory: f64) -> Self {
        Self {
            kind,
            memory,
            create: Vec::new(),
            join: Vec::new(),
            close: Vec::new(),
            gone: Vec::new(),
        }
    }

    // ANCHOR: take
    /// One life, each part of it timed, in a process and a user namespace of its own:
    /// nothing that is left of the round before counts against their limits.
    fn take(&mut self, life: &mut Life) -> Result<()> {
        let (kind, reports) = (self.kind.clone(), Reports::new()?);
        let mut inner = Life::new()?;
        let round = life.child(|| {
            limits::enter_user_namespace()?;
            let (create, handles) = inner.create(&kind)?;
            let join = inner.join(&kind, &handles)?;
            let (close, gone) = inner.destroy(&kind, handles)?;
            for time in [create, join, close].into_iter().chain(gone) {
                send(&reports, time)?;
            }
            Ok(0)
        })?;
        for times in [&mut self.create, &mut self.join, &mut self.close] {
            times.push(receive(&reports, "wait", &self.kind)?);
        }
        // Where the end cannot be watched, there is no fourth time.
        self.gone.extend(receive(&reports, "wait", &self.kind).ok());
        match round.wait()? {
            0 => Ok(()),
            _ => Err(Error::PeerGone),
        }
    }
    // ANCHOR_END: take

    fn summary(self) -> Cost {
        Cost {
            create: Summary::of(&self.create),
            join: Summary::of(&self.join),
            close: Summary::of(&self.close),
            gone: (!self.gone.is_empty()).then(|| Summary::of(&self.gone)),
            memory: self.memory,
            kind: self.kind,
        }
    }
}

impl Costs {
    fn of(rounds: usize, samples: Vec<Samples>, processes: Vec<(Way, Vec<Duration>)>) -> Self {
        let mut costs: Vec<_> = samples.into_iter().map(Samples::summary).collect();
        costs.sort_by_key(|cost| (cost.kind.types.len(), cost.kind.name));
        let sets = costs.split_off(costs.partition_point(|cost| cost.kind.types.len() == 1));
        let times = |way| processes.iter().filter(move |(each, _)| *each == way);
        Self {
            rounds,
            types: costs,
            sets,
            processes: WAYS
                .into_iter()
                .flat_map(times)
                .map(|(way, times)| (way.name(), Summary::of(times)))
                .collect(),
        }
    }
}

fn explain_rounds(rounds: usize) {
    explain!(
        "{rounds} rounds in random order, timed by CLOCK_MONOTONIC: a child calls unshare(),\n\
         the lab opens its /proc/PID/ns/TYPE, another child calls setns(), and close()\n\
         drops the last handle"
    );
    explain!(
        "each in a new user namespace with a limit of one in /proc/sys/user, so unshare() is\n\
         ENOSPC until a namespace is gone: a third child tries from before close() on"
    );
}
