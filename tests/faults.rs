//! Every system call of every lab is made to fail: the lab says so, or does without.
// The tracer knows its registers, and asks by what nix has for glibc only.
#![cfg(all(target_arch = "x86_64", target_env = "gnu"))]

#[path = "support/fault/mod.rs"]
mod fault;

use crate::support::run::in_parallel;
use crate::support::{Who, alone, is_root, labs, require, whole};
use fault::{Tally, Trial};

/// Their runs are long, so that only `just faults` has them.
const LONG: [&str; 3] = ["doctor", "map", "ns_cost"];

/// Lines beyond those of every lab's tests, for code that these do not come to.
const MORE: &[&str] = &[
    "pid_ns --explain",
    "pid_ns --siblings --hold 0",
    "time_ns --hold 0",
    "cgroup_ns --hold 0",
    "init --hold 0",
    "uts_ns bizarro --domain movie --hold 0 --explain",
    "uts_ns a-name-that-is-longer-than-the-sixty-four-bytes-that-a-host-can-have",
    "user_ns --file",
    "user_ns --powerless",
    "user_ns --join",
    "user_ns --nested 3",
    "user_ns --hold 0",
    "net_ns --via ip",
    "net_ns --hold 0 --explain",
    "net_ns --host",
    "ipc_ns --hold 0",
    "cgroup_ns --v1 --explain",
    "cgroup_ns --delegation",
    "mount_ns --umount",
    "mount_ns slave --hold 0",
    "mount_ns --mqueue --host",
    "mount_ns --private-original",
    "time_ns --late",
    "time_ns --shared",
    "mount_proc --host-proc /bin/true",
    "mount_proc /nonexistent",
    "init --host-proc /bin/true",
    "init /nonexistent",
    "container --writable --init --explain --bind /etc:/data:ro /bin/true",
    "container --without user --env A=1 /bin/true",
    "container --stage 4 /nonexistent",
    "container --attack hostname",
    "capabilities --xattr",
    "ns_exec /proc/self/ns/uts /bin/true",
    "ns_exec --type uts /proc/self/ns/uts /bin/true",
    "nsenter --target 1 --uts --wd=/ /bin/true",
    "ns_cost --alive 10",
    "unshare --uts /bin/true",
    "unshare -Ur /bin/true",
    "unshare -Um --setgroups deny --map-user 5 --keep-caps /bin/true",
    "unshare -Ufp --map-users 0:1:1 --root / --wd /tmp --setuid 0 /bin/true",
    "unshare -Tfm --monotonic 5 --propagation slave /bin/true",
];

/// The name of the test, which runs this program once more for each trial.
const TEST: &str = "faults::every_call_that_fails_is_reported";

/// `just test` tries a sample, `just faults` all, on a host of its own for each trial.
#[test]
fn every_call_that_fails_is_reported() {
    if let Some(trial) = Trial::asked_for() {
        print!("\n{}", trial.try_all().0);
        return;
    }
    require!(is_root(), "makes hosts of its own");
    let _turn = alone();
    // As many at once as there are processors.
    let tallies = in_parallel(&trials(), 1, |trial| {
        let tally = trial.on_own_host(TEST);
        println!("{:<75} {}", trial.to_string(), tally.counts());
        let defects = tally.places("DEFECT");
        defects.for_each(|defect| println!("DEFECT {trial}: {defect}"));
        tally
    });
    let all = Tally(tallies.into_iter().map(|tally| tally.0).collect());
    println!("{:<75} {}", "all", all.counts());
    assert_eq!(all.places("DEFECT").count(), 0, "see the lines with DEFECT");
}

fn trials() -> Vec<Trial> {
    let only = std::env::var("FAULTS").unwrap_or_default();
    let only = regex::Regex::new(&only).expect("a pattern");
    let more = MORE.iter().copied().filter(|_| whole());
    let lines = labs::lines().into_iter().chain(more);
    let both = lines.flat_map(|line| [Who::Root, Who::User].map(|who| Trial { line, who }));
    let trials = both.filter(|trial| trial.who == Who::Root || !trial.line.contains("--host"));
    let mut trials: Vec<_> = trials.collect();
    if !whole() {
        trials.retain(|trial| !LONG.iter().any(|lab| trial.line.starts_with(lab)));
        // An ordinary user's runs are root's but for the user namespace: a part will do.
        let mut number = 0;
        trials.retain(|trial| {
            number += 1;
            trial.who == Who::Root || number % 8 == 0
        });
    }
    trials.retain(|trial| only.is_match(&trial.to_string()));
    trials
}
