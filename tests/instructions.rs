//! How many instructions the release binaries execute: unlike time, a figure that
//! is the same in every run, and so notices when start-up grows.
//!
//! `just instructions` runs it; `INSTRUCTIONS=write just instructions` writes the
//! figures anew. They belong to one compiler and one C library: another pair may
//! need figures of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use support::{directory, installed, require};

/// valgrind does not count a program that another one is executed in place of: so
/// there is none.
const RUNS: &[&str] = &[
    "pid_ns",
    "uts_ns bizarro",
    "uts_ns --help",
    "net_ns --list",
    "mount_proc /nonexistent",
    "unshare -u /nonexistent",
    "ns_exec /proc/self/ns/uts /nonexistent",
];

/// More than this, and the test fails: a twentieth.
const TOLERANCE: f64 = 1.05;

#[test]
#[ignore = "counts the release binaries: just instructions"]
fn no_lab_executes_more_instructions_than_it_did() {
    require!(installed("valgrind"), "no valgrind");
    require!(support::is_root(), "namespaces need root under valgrind");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/instructions.txt");
    let counts: Vec<_> = RUNS.iter().map(|run| (run, count(run))).collect();
    if std::env::var_os("INSTRUCTIONS").is_some_and(|value| value == "write") {
        let mut text = String::new();
        for (run, count) in &counts {
            writeln!(text, "{count:8}  {run}").unwrap();
        }
        fs::write(file, text).unwrap();
        return;
    }
    let text = fs::read_to_string(file).unwrap();
    for (run, count) in counts {
        let line = text
            .lines()
            .find(|line| line.ends_with(&format!("  {run}")));
        let before = line.and_then(|line| line.split_whitespace().next());
        let before: u64 = before
            .expect("a line in tests/instructions.txt")
            .parse()
            .unwrap();
        let most = (before as f64 * TOLERANCE) as u64;
        assert!(
            count <= most,
            "{run}: {count} instructions, {before} before"
        );
    }
}

/// The instructions of a run's processes. The count of a child begins with those of
/// its parent until then.
fn count(run: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let mut words = run.split(' ');
    let lab = words.next().unwrap();
    // A name and an environment of one length: the C library looks at each letter.
    fs::copy(directory().join(lab), folder.path().join(lab)).unwrap();
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=out.%p"])
        .arg(format!("./{lab}"))
        .args(words)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let files = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let totals = files
        .filter(|path| path.to_string_lossy().contains("out."))
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let line = text.lines().find_map(|line| line.strip_prefix("totals: "));
            line.expect("callgrind's totals").parse::<u64>().unwrap()
        });
    let sum = totals.sum();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(sum > 10_000 && !said.contains("unhandled"), "{run}: {said}");
    sum
}
