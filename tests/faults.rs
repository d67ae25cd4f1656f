//! Every system call of every lab is made to fail: the lab says so, or does without.
#![cfg(target_arch = "x86_64")] // The tracer knows its registers.

#[path = "support/fault/mod.rs"]
mod fault;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::run::in_parallel;
use crate::support::{Who, alone, is_root, labs, require, whole};
use fault::{Tally, Trial};

/// Lines beyond those of every lab's tests, for code that these do not come to.
const MORE: &[&str] = &[
    "pid_ns --explain",
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

/// Their runs are long, so that only `just faults` has them.
const LONG: [&str; 3] = ["doctor", "map", "ns_cost"];

/// It makes hundreds of namespaces, each as the one before, and takes seconds: a sample
/// of its faults will do.
const SLOW: &str = "ns_cost --rounds 1";

/// `just test` tries a sample, `just faults` all. The test runs itself once more for
/// each trial, on a host of its own.
#[test]
fn every_call_that_fails_is_reported() {
    if let Some(trial) = Trial::asked_for() {
        print!("{}", trial.try_all().print());
        return;
    }
    require!(is_root(), "makes hosts of its own");
    let _turn = alone();
    let mut trials = trials(!whole());
    if !whole() {
        trials.retain(|trial| !MORE.contains(&trial.line.as_str()));
        trials.retain(|trial| !LONG.iter().any(|lab| trial.line.starts_with(lab)));
        // An ordinary user's runs are root's but for the user namespace: a part will do.
        let mut number = 0;
        trials.retain(|trial| {
            number += 1;
            trial.who == Who::Root || number % 8 == 0
        });
    }
    let only = std::env::var("FAULTS").unwrap_or_default();
    let only = regex::Regex::new(&only).expect("a pattern");
    trials.retain(|trial| only.is_match(&format!("{} {:?}", trial.line, trial.who)));
    try_all(&trials);
}

fn trials(sample: bool) -> Vec<Trial> {
    let lines = labs::lines().into_iter().chain(MORE.iter().copied());
    let both = lines.flat_map(|line| [Who::Root, Who::User].map(|who| (line, who)));
    let trials = both.map(|(line, who)| Trial {
        line: line.to_owned(),
        who,
        sample: sample || line == SLOW,
    });
    trials
        .filter(|trial| trial.who == Who::Root || !trial.line.contains("--host"))
        .collect()
}

/// As many trials at once as there are processors; prints a table of them.
fn try_all(trials: &[Trial]) {
    let tallies = in_parallel(trials, 1, |trial| {
        let tally = trial.on_own_host("faults::every_call_that_fails_is_reported");
        print_result(trial, &tally);
        tally
    });
    let table = table(trials, &tallies);
    println!("\n{table}");
    let defects: usize = tallies.iter().map(|tally| tally.defects.len()).sum();
    if whole() {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("faults.txt");
        fs::write(file, &table).unwrap();
    }
    assert!(defects == 0, "{defects} defects");
}

/// As it comes: the whole takes minutes.
fn print_result(trial: &Trial, tally: &Tally) {
    println!("{:?} {}: {} runs", trial.who, trial.line, tally.runs);
    for defect in &tally.defects {
        println!("DEFECT {defect}");
    }
}

fn table(trials: &[Trial], tallies: &[Tally]) -> String {
    let mut text = format!(
        "{:<52} {:<4} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}\n",
        "LAB", "BY", "SITES", "EXEMPT", "TRIED", "RUNS", "PASSED", "START"
    );
    for (trial, tally) in trials.iter().zip(tallies) {
        let exempt: usize = tally.exempt.values().sum();
        text.push_str(&format!(
            "{:<52} {:<4} {:>6} {exempt:>6} {:>6} {:>6} {:>6} {:>6}\n",
            trial.line.chars().take(52).collect::<String>(),
            format!("{:?}", trial.who).to_lowercase(),
            tally.sites,
            tally.tried,
            tally.runs,
            tally.passed,
            tally.before_main
        ));
    }
    text + &sums(
        "Sites left alone",
        tallies.iter().map(|tally| &tally.exempt),
    ) + &sums(
        "Runs in which the failure did not matter",
        tallies.iter().map(|tally| &tally.harmless),
    )
}

fn sums<'a>(title: &str, tallies: impl Iterator<Item = &'a BTreeMap<String, usize>>) -> String {
    let mut sums = BTreeMap::<&str, usize>::new();
    for (why, count) in tallies.flatten() {
        *sums.entry(why).or_default() += count;
    }
    let lines = sums
        .into_iter()
        .map(|(why, count)| format!("{count:>6} {why}\n"));
    format!("\n{title}:\n{}", lines.collect::<String>())
}
