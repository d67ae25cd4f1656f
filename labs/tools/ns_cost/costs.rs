//! The main table: every type, two sets of them, and processes to compare.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use common::ns::describe;
use common::process::ChildStack;
use common::{Result, explain};
use nix::sched::CloneFlags;

use crate::alive::grow;
use crate::kind::Kind;
use crate::life::{create, destroy, join};
use crate::numbers::{measured, report};
use crate::processes::{self, WAYS};
use crate::table::{Cell, Row, Summary, objects, table};
use crate::{Answer, enter_user_namespace};

/// A kind, what one of it holds in KiB, and the times of each life.
struct Sample {
    kind: Kind,
    memory: f64,
    lives: Vec<[f64; 4]>,
}

// ANCHOR: measure
pub(crate) fn measure(rounds: usize) -> Result<Answer> {
    let mut samples = samples(rounds)?;
    let mut child_stack = ChildStack::new()?;
    let mut processes = WAYS.map(|way| (way, Vec::new()));
    // What happens for the first time takes longer: one round is not counted.
    for _ in 0..=rounds {
        for Sample { kind, lives, .. } in shuffled(&mut samples) {
            lives.push(life(kind)?);
        }
        for (way, times) in shuffled(&mut processes) {
            times.push(processes::start(way, &mut child_stack)?);
        }
    }
    let processes = processes.iter().map(|(way, times)| {
        let time = Summary::of(times.iter().copied().skip(1));
        vec![Cell::name("name", way), Cell::interval("start_us", time)]
    });
    let rows: Vec<_> = samples.iter().map(row).collect();
    Ok(answer(rounds, &rows, &processes.collect::<Vec<_>>()))
}

/// The times to create a kind, to join it, to close it, and until it was gone. In a user
/// namespace of its own nothing that is left of the life before counts against the limits.
fn life(kind: &Kind) -> Result<[f64; 4]> {
    measured(|reports| {
        enter_user_namespace()?;
        let (created, handles) = create(kind, &describe(kind.flags))?;
        let joined = join(kind, &handles)?;
        let (closed, gone) = destroy(kind, handles)?;
        let mut times = [created, joined, closed, gone].into_iter();
        times.try_for_each(|time| report(reports, time))
    })
}

/// A new order for every round: what one measurement leaves behind (warm caches, a
/// namespace that is still being freed) then meets another neighbour each time.
fn shuffled<T>(items: &mut [T]) -> Vec<&mut T> {
    let mut items: Vec<_> = items.iter_mut().collect();
    items.sort_by_cached_key(|_| RandomState::new().build_hasher().finish());
    items
}
// ANCHOR_END: measure

/// Many of each kind, to tell a namespace from what else the machine allocates. The first
/// dozens of network namespaces find room that is allocated already and seem cheap.
fn samples(rounds: usize) -> Result<Vec<Sample>> {
    let many = (5 * rounds).clamp(10, 100);
    let of_net = (25 * (rounds - 1)).clamp(2, 75);
    explain!(
        "/proc/meminfo, while {} namespaces of each type are made ({} with\n\
         NET), held by descriptors: how SUnreclaim and Percpu grow, for each of them",
        4 * many,
        4 * of_net
    );
    explain!(
        "{rounds} rounds in random order, by CLOCK_MONOTONIC: a child calls unshare(),\n\
         the lab opens /proc/PID/ns/TYPE, another child calls setns(), and the lab\n\
         close(); at a limit of one a third gets ENOSPC until all is gone"
    );
    let kinds = Kind::each().into_iter().chain(Kind::sets());
    let sample = |kind: Kind| {
        let net = kind.flags.contains(CloneFlags::CLONE_NEWNET);
        let (_, memory, _) = grow(&kind, 4, if net { of_net } else { many })?;
        let lives = Vec::new();
        Ok(Sample {
            kind,
            memory,
            lives,
        })
    };
    kinds.map(sample).collect()
}

fn row(sample: &Sample) -> Row {
    let time = |part: usize| {
        let lives = sample.lives.iter().skip(1);
        Summary::of(lives.filter_map(|life| life.get(part).copied()))
    };
    vec![
        Cell::name("name", sample.kind.name),
        Cell::interval("create_us", time(0)),
        Cell::interval("join_us", time(1)),
        Cell::median("close_us", time(2)),
        Cell::median("gone_us", time(3)),
        Cell::number("memory_kib", sample.memory),
    ]
}

fn answer(rounds: usize, rows: &[Row], processes: &[Row]) -> Answer {
    let title = format!("Median and its 95 % interval of {rounds} rounds in µs; memory in KiB");
    let (types, sets) = rows.split_at(rows.len().saturating_sub(2));
    Answer {
        text: format!("{title}\n\n{}\n{}", table(rows), table(processes)),
        json: vec![
            ("rounds", rounds.to_string()),
            ("types", objects(types)),
            ("sets", objects(sets)),
            ("processes", objects(processes)),
        ],
    }
}
