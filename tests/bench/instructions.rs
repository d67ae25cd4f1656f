//! How many instructions the release binaries execute: unlike time, a figure that
//! is the same in every run, and so notices when start-up grows.
//!
//! `just instructions` runs it; `INSTRUCTIONS=write just instructions` writes the
//! figures anew. They belong to one compiler and one C library: another pair may
//! need figures of its own.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for developers"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

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

/// More than this, and there is something to explain: a twentieth.
const TOLERANCE: f64 = 1.05;

fn main() -> ExitCode {
    let labs = PathBuf::from(env::var_os("LABS").expect("LABS: the folder of the labs"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/instructions.txt");
    let counts: Vec<_> = RUNS.iter().map(|run| (run, count(&labs, run))).collect();
    if env::var_os("INSTRUCTIONS").is_some_and(|value| value == "write") {
        let lines = counts
            .iter()
            .map(|(run, count)| format!("{count:8}  {run}\n"));
        fs::write(&file, lines.collect::<String>()).expect("the file of figures");
    }
    let known = fs::read_to_string(&file).expect("the file of figures");
    let mut more = false;
    for (run, count) in counts {
        let before = known_count(&known, run);
        let ratio = count as f64 / before as f64;
        println!("{count:8}  {ratio:.3} of {before:8}  {run}");
        more |= ratio > TOLERANCE;
    }
    if more {
        eprintln!("there are more instructions than tests/bench/instructions.txt allows");
    }
    ExitCode::from(u8::from(more))
}

fn known_count(known: &str, run: &str) -> u64 {
    let mut lines = known.lines();
    let line = lines.find(|line| line.ends_with(&format!("  {run}")));
    let number = line.and_then(|line| line.split_whitespace().next());
    let number = number.and_then(|number| number.parse().ok());
    number.expect("a line for each run in tests/bench/instructions.txt")
}

/// The instructions of a run's processes. The count of a child begins with those of
/// its parent until then.
fn count(labs: &Path, run: &str) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let mut words = run.split(' ');
    let lab = words.next().expect("a lab");
    // A name and an environment of one length: the C library looks at each letter.
    fs::copy(labs.join(lab), folder.path().join(lab)).expect("a lab");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=out.%p"])
        .arg(format!("./{lab}"))
        .args(words)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("valgrind");
    let files = fs::read_dir(folder.path()).expect("a folder");
    let paths = files.map(|entry| entry.expect("a file").path());
    let totals = paths
        .filter(|path| path.to_string_lossy().contains("out."))
        .map(|path| {
            let text = fs::read_to_string(path).expect("callgrind's file");
            let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
            let total = total.and_then(|total| total.parse::<u64>().ok());
            total.expect("callgrind's totals")
        });
    let sum = totals.sum();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(sum > 10_000 && !said.contains("unhandled"), "{run}: {said}");
    sum
}
