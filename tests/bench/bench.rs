//! `just bench`: the labs against the articles' C programs and the usual tools.
//!
//! Both of a pair run once a round, in random order, so that what disturbs the
//! machine disturbs both; the median of the ratios counts. Everything runs in
//! namespaces of this process's own: the programs in C configure the host.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for developers"
)]

mod figures;
mod pairs;
#[path = "../support/plot.rs"]
mod plot;
mod run;
mod svg;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use common::net::netlink::{Rtnetlink, link_up};
use figures::Figures;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::utsname::uname;
use pairs::{PAIRS, Pair};
use run::Line;

/// Rounds that are thrown away at the begin of a block: they fill the caches.
const WARM_UP: usize = 2;
const BLOCKS: usize = 10;

fn main() {
    // Cargo adds --bench; what else there is chooses pairs.
    let words: Vec<_> = env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let rounds = env::var("ROUNDS").ok().and_then(|n| n.parse().ok());
    let rounds: usize = rounds.unwrap_or(300);
    enter_a_host_of_its_own();

    println!("{}, {rounds} rounds\n\n{}", machine(), figures::HEAD);
    let chosen = |pair: &&Pair| {
        let shown = format!("{} {}", pair.lab, pair.other);
        words.is_empty() || words.iter().any(|word| shown.contains(word.as_str()))
    };
    let mut contests: Vec<_> = PAIRS.iter().filter(chosen).filter_map(contest).collect();
    let mut coin = Coin::new();
    // Ten times all pairs: a bad minute is no pair's own, and yet both programs of
    // a pair find the caches as the other left them.
    for _ in 0..BLOCKS {
        for contest in &mut contests {
            contest.lab.copy();
            contest.other.copy();
            for round in 0..WARM_UP + rounds.div_ceil(BLOCKS) {
                let times = contest.once(coin.toss());
                if round >= WARM_UP {
                    contest.times.push(times);
                }
            }
        }
    }
    let all: Vec<_> = contests.iter().map(Contest::figures).collect();
    for figures in &all {
        println!("{}", figures.line());
    }
    let target = folder("TARGET");
    let json = figures::json(&machine(), rounds, &all);
    fs::write(target.join("bench.json"), json).expect("target/bench.json");
    fs::write(target.join("bench.svg"), svg::chart(&machine(), &all)).expect("target/bench.svg");
}

/// A pair whose programs are there, and its times, one of each a round.
struct Contest {
    pair: &'static Pair,
    lab: Line,
    other: Line,
    times: Vec<(f64, f64)>,
}

fn contest(pair: &'static Pair) -> Option<Contest> {
    let lab = Line::of_lab(pair.lab, &folder("LABS"))?;
    let Some(other) = Line::of_other(pair.other, &folder("TWINS")) else {
        println!("skipped, not installed: {}", pair.other);
        return None;
    };
    Some(Contest {
        pair,
        lab,
        other,
        times: Vec::new(),
    })
}

impl Contest {
    fn once(&self, lab_first: bool) -> (f64, f64) {
        let other_first = (!lab_first).then(|| self.other.time());
        let lab = self.lab.time();
        (lab, other_first.unwrap_or_else(|| self.other.time()))
    }

    fn figures(&self) -> Figures {
        let peaks = (self.lab.peak(), self.other.peak());
        Figures::of(self.pair, &self.times, peaks)
    }
}

/// A stand-in for the host: its names, mounts, network and System V objects.
fn enter_a_host_of_its_own() {
    let flags = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC;
    unshare(flags).expect("root, which the programs in C need");
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("mount");
    // The pictures of a network namespace in /sys are of the one that mounted it.
    let sysfs = Some("sysfs");
    mount(sysfs, "/sys", sysfs, MsFlags::empty(), None::<&str>).expect("sysfs");
    let mut rtnetlink = Rtnetlink::open().expect("rtnetlink");
    rtnetlink.batch(&[link_up("lo")]).expect("lo");
}

fn folder(variable: &str) -> PathBuf {
    env::var_os(variable)
        .map(PathBuf::from)
        .unwrap_or_else(|| panic!("{variable} is not set: use `just bench`"))
}

/// `2 cores, Linux 6.18.44`
fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let uname = uname().expect("uname");
    let release = uname.release().to_string_lossy().into_owned();
    let numbers = release.split(['-', '+']).next().unwrap_or_default();
    format!("{cores} cores, Linux {numbers}")
}

/// Heads or tails, by xorshift.
struct Coin(u64);

impl Coin {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self(now.map_or(1, |now| now.as_nanos() as u64) | 1)
    }

    fn toss(&mut self) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 & (1 << 32) != 0
    }
}
