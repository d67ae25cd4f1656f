//! Many labs at once, and labs that are ended at any moment: nothing is left behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use support::labs::labs;
use support::{everyone, host, installed, is_root, lab, require, storm};

#[test]
fn fifty_side_by_side_print_the_same() {
    for lab in [
        lab("net_ns"),
        lab("pid_ns"),
        lab("uts_ns").args(["bizarro"]),
        lab("time_ns"),
        lab("mount_ns"),
        lab("cgroup_ns"),
        lab("mount_proc").args(["true"]),
    ] {
        for who in everyone() {
            let lab = lab.clone().by(*who);
            let started: Vec<_> = (0..50)
                .map(|_| {
                    lab.std_command()
                        .stdout(Stdio::piped())
                        .stderr(Stdio::null())
                        .spawn()
                        .unwrap()
                })
                .collect();
            let mut transcripts = std::collections::BTreeSet::new();
            for child in started {
                let output = child.wait_with_output().unwrap();
                assert!(output.status.success(), "{lab:?}");
                let text = String::from_utf8(output.stdout).unwrap();
                transcripts.insert(support::normalise::normalise(&text));
            }
            assert_eq!(transcripts.len(), 1, "{transcripts:?}");
        }
    }
}

#[test]
fn a_signal_at_a_random_moment_leaves_nothing() {
    let signals = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT];
    let mut labs = labs();
    labs.push(lab("uts_ns").args(["bizarro", "--hold", "9"]));
    labs.push(lab("net_ns").args(["--hold", "9"]));
    labs.push(lab("mount_proc").args(["sleep", "9"]));
    labs.push(lab("init").args(["sleep", "9"]));
    // The rule of --kill-child is SIGKILL's: INT and TERM the parent outlives.
    for round in 0..240 {
        let lab = &labs[round % labs.len()];
        let who = everyone()[round / labs.len() % everyone().len()];
        let signal = signals[round / 7 % signals.len()];
        storm::end_at_random(&lab.clone().by(who), signal, Duration::from_millis(25));
    }
}

#[test]
fn a_user_leaves_nothing_either() {
    require!(is_root(), "makes a host of its own");
    let script = "for lab in pid_ns 'uts_ns b' net_ns 'mount_proc true' mount_ns time_ns; do $user $lab; $user timeout -s KILL 0.01 $lab; done";
    host::leaves_the_host_untouched(script);
}

#[test]
fn a_child_that_a_signal_ends_is_reported() {
    let script = "\"$@\" --hold 30 >/dev/null & lab=$!
         for i in $(seq 500); do child=$(pgrep -P $lab) && break; sleep 0.01; done; sleep 0.2
         kill -KILL $child; kill -INT $lab; wait $lab";
    let run = lab("uts_ns")
        .args(["bizarro"])
        .shell(script)
        .command()
        .assert()
        .code(137);
    let text = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
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
        let script = format!(
            "strace -f -qq -o /dev/null -e trace=prctl -e inject=prctl:delay_enter=700000 \
                 {lab} sleep 55 >/dev/null & strace=$!
             sleep 0.3; kill -KILL $(child_of $strace); sleep 1; pgrep -x sleep; echo $?"
        );
        host::on_own_host(&script).stdout("1\n");
    }
}
