//! Many labs at once, and labs that are ended at any moment: nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::labs::{lab_of, lines, of};
use crate::support::run::{Ended, in_parallel};
use crate::support::storm::{BLOWS, Blow, HELD, left_on_the_machine, state_of_the_machine, strike};
use crate::support::{Who, alone, everyone, host, installed, is_root, lab, require, stderr, whole};

/// A strike within this time meets a lab at work; later on, one that is held.
const EARLY: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_millis(300);

fn print_the_same_side_by_side(line: &str, who: Who) {
    let lab = of(line).by(who);
    let start = |_| {
        let mut command = lab.std_command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let started: Vec<_> = (0..50).map(start).collect();
    let mut transcripts = BTreeSet::new();
    for child in started {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{lab:?}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        transcripts.insert(crate::support::normalise::normalise(&text));
    }
    assert_eq!(transcripts.len(), 1, "{transcripts:?}");
}

/// What the map shows is who else is there.
fn lines_of_ones_own() -> Vec<&'static str> {
    let lines = lines().into_iter();
    lines.filter(|line| lab_of(line) != "map").collect()
}

#[test]
fn fifty_side_by_side_print_the_same() {
    let _turn = alone();
    let mut lines = lines_of_ones_own();
    if whole() {
        for line in lines {
            for who in everyone() {
                print_the_same_side_by_side(line, *who);
            }
        }
        return;
    }
    lines.dedup_by_key(|line| lab_of(line));
    for (at, line) in lines.iter().enumerate() {
        print_the_same_side_by_side(line, everyone()[at % everyone().len()]);
    }
}

struct Strike {
    line: &'static str,
    who: Who,
    blow: Blow,
    within: Duration,
}

/// Forms in which something else is there to be left than in those of every test.
const MORE: &[&str] = &[
    "mount_ns --umount",
    "user_ns --file",
    "user_ns --join",
    "user_ns --nested 40",
    "user_ns --powerless",
    "user_ns --range",
];

/// `rounds` strikes a lab, blow and moment; the lines of a lab and its callers take turns.
fn strikes(rounds: usize) -> Vec<Strike> {
    let mut labs: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    let others = HELD.iter().chain(MORE).copied();
    for line in lines().into_iter().chain(others) {
        labs.entry(lab_of(line)).or_default().push(line);
    }
    let early = labs.into_values().map(|lines| (lines, EARLY));
    let late = HELD.iter().map(|&line| (vec![line], LATE));
    let mut strikes = Vec::new();
    for (lines, within) in early.chain(late) {
        for (kind, &blow) in BLOWS.iter().enumerate() {
            // A kill gives nobody a chance to clean up.
            let rounds = match blow.name {
                "SIGKILL" => rounds * 5,
                "SIGTERM" => rounds * 2,
                _ => rounds,
            };
            strikes.extend((0..rounds).map(|round| Strike {
                line: lines[(round + kind) % lines.len()],
                who: everyone()[(round / lines.len() + kind) % everyone().len()],
                blow,
                within,
            }));
        }
    }
    strikes
}

/// Prints a table, and fails if a lab has left something or has not ended.
fn storm(rounds: usize) {
    let before = state_of_the_machine();
    let strikes = strikes(rounds);
    let ended = in_parallel(&strikes, 2, |s| strike(s.line, s.who, s.blow, s.within));
    let mut table: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (
        Strike {
            line, who, blow, ..
        },
        Ended { left, stuck, .. },
    ) in strikes.iter().zip(&ended)
    {
        let row = table.entry(lab_of(line)).or_default();
        row[0] += 1;
        row[1] += usize::from(!stuck && !left.is_empty());
        row[2] += usize::from(*stuck);
        if *stuck || !left.is_empty() {
            wrong.push(format!("{} of {line} by {who:?}: {left:?}", blow.name));
        }
    }
    println!("LAB          RUNS  LEFT SOMETHING  STUCK");
    for (lab, [runs, left, stuck]) in table {
        println!("{lab:<10}  {runs:>5}  {left:>14}  {stuck:>5}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(left_on_the_machine(&before), BTreeSet::new());
}

/// `just test` strikes twice in most ways and kills ten times, `just storm` a hundred
/// times as often.
#[test]
fn a_signal_at_any_moment_leaves_nothing() {
    let _turn = alone();
    let usual = if whole() { 200 } else { 2 };
    let rounds = std::env::var("ROUNDS").map_or(usual, |rounds| rounds.parse().unwrap());
    let inside = std::env::var_os("ON_OWN_HOST").is_some();
    if inside || !is_root() || !whole() {
        storm(rounds);
        return;
    }
    storm(rounds.div_ceil(10)); // On the real host, a tenth.
    let script = "state >/before; ON_OWN_HOST=1 LABS=/mnt/labs /mnt/labs/deps/$STORM \
         --exact storms::a_signal_at_any_moment_leaves_nothing --nocapture || exit 1; settled";
    let words = host::words(script);
    let mut command = Command::new(&words[0]);
    let this = std::env::current_exe().unwrap();
    let status = command
        .args(&words[1..])
        .env("STORM", this.file_name().unwrap())
        .status()
        .unwrap();
    assert!(status.success());
}

/// Without --kill-child the rule of unshare(1): the parent's end does not end the child.
#[test]
fn a_child_of_unshare_survives_its_parent_unless_asked_otherwise() {
    require!(is_root(), "makes a host of its own");
    for (option, survivors) in [("", "1"), ("--kill-child", "0"), ("--kill-child=TERM", "1")] {
        // PID 1 of the new namespace ignores a SIGTERM that it has no handler for.
        let script = format!(
            "unshare --pid --fork {option} sleep 55 & unshare=$!
             wait_for pgrep -x sleep; kill -KILL $unshare; wait $unshare
             for i in $(seq 500); do [ $(pgrep -cx sleep) = {survivors} ] || sleep 0.02; done
             sleep 0.2; pgrep -cx sleep"
        );
        host::on_own_host(&script).stdout(format!("{survivors}\n"));
    }
}

#[test]
fn a_child_that_a_signal_ends_is_reported() {
    require!(installed("pgrep"), "finds the child");
    let script = "env --default-signal=INT \"$@\" --hold 30 >/dev/null & lab=$!
         for i in $(seq 500); do child=$(pgrep -P $lab) && break; sleep 0.01; done; sleep 0.2
         kill -KILL $child; kill -INT $lab; wait $lab";
    let run = lab("uts_ns")
        .args(["bizarro"])
        .shell(script)
        .run()
        .code(137);
    let text = stderr(&run);
    assert!(
        text.contains("uts_ns: waitpid child: ended by signal 9\nhint: "),
        "{text}"
    );
}

/// The parent is killed after it opened the checkpoint, and before the child has
/// asked for a signal at its end.
#[test]
fn a_child_that_is_late_to_be_tied_ends_with_its_parent() {
    require!(is_root(), "makes a host of its own");
    require!(installed("strace"), "delays a system call with strace");
    for lab in ["mount_proc", "unshare --pid --kill-child"] {
        let name = lab_of(lab);
        // strace has children of its own at first, to learn what ptrace() can do here.
        let script = format!(
            "strace -f -qq -o /dev/null -e trace=prctl -e inject=prctl:delay_enter=700000 \
                 {lab} sleep 55 >/dev/null & strace=$!
             wait_for pgrep -P $strace -x {name}; lab=$(pgrep -P $strace -x {name})
             wait_for pgrep -P $lab; sleep 0.3; kill -KILL $lab; sleep 1; pgrep -x sleep; echo $?"
        );
        host::on_own_host(&script).stdout("1\n");
    }
}
