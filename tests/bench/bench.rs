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
mod run;
mod svg;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use common::netlink::{Rtnetlink, link_up};
use figures::Figures;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::utsname::uname;
use pairs::{PAIRS, Pair};
use run::Line;

/// Rounds that are thrown away: they fill the caches.
const WARM_UP: usize = 3;

fn main() {
    // Cargo adds --bench; what else there is chooses pairs.
    let words: Vec<_> = env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let rounds = env::var("ROUNDS").ok().and_then(|n| n.parse().ok());
    let rounds = rounds.unwrap_or(300);
    enter_a_host_of_its_own();

    println!("{}, {rounds} rounds\n\n{}", machine(), figures::HEAD);
    let mut all = Vec::new();
    let chosen = |pair: &&Pair| {
        let shown = format!("{} {}", pair.lab, pair.other);
        words.is_empty() || words.iter().any(|word| shown.contains(word.as_str()))
    };
    for pair in PAIRS.iter().filter(chosen) {
        match measure(pair, rounds) {
            Some(figures) => {
                println!("{}", figures.line());
                all.push(figures);
            }
            None => println!("skipped, not installed: {}", pair.other),
        }
    }
    let target = folder("TARGET");
    let json = figures::json(&machine(), rounds, &all);
    fs::write(target.join("bench.json"), json).expect("target/bench.json");
    fs::write(target.join("bench.svg"), svg::chart(&machine(), &all)).expect("target/bench.svg");
}

fn measure(pair: &Pair, rounds: usize) -> Option<Figures> {
    let lab = Line::of_lab(pair.lab, &folder("LABS"))?;
    let other = Line::of_other(pair.other, &folder("TWINS"))?;
    let mut coin = Coin::new();
    let mut times = Vec::with_capacity(rounds);
    for round in 0..WARM_UP + rounds {
        let time = if coin.toss() {
            let first = lab.time();
            (first, other.time())
        } else {
            let first = other.time();
            (lab.time(), first)
        };
        if round >= WARM_UP {
            times.push(time);
        }
    }
    Some(Figures::of(pair, &times, (lab.peak(), other.peak())))
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
    mount(
        Some("sysfs"),
        "/sys",
        Some("sysfs"),
        MsFlags::empty(),
        None::<&str>,
    )
    .expect("sysfs");
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
