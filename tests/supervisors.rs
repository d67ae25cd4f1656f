//! What stands before a program does one thing with signals: init, mount_proc,
//! nsenter --pid and unshare --forward-signals hand all of them on.

use nix::libc::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGUSR1, SIGWINCH, SIGXFSZ,
};

use crate::support::{Who, is_root, lab, require, storm};

/// By number; the last two are real-time signals.
const SENT: [i32; 11] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGALRM, SIGPIPE, SIGXFSZ, SIGWINCH, 35, 64,
];

/// The status of `lab ARGS bash -c PROGRAM` after this signal has come to the lab alone.
/// `env` has none of them ignored, as a script's background job may.
fn signalled(name: &str, args: &[&str], signal: i32, program: &str) -> Option<i32> {
    let lab = lab(name)
        .by(Who::User)
        .args(args)
        .args(["bash", "-c", program]);
    storm::end_when_ready(
        &lab.shell("exec env --default-signal \"$@\""),
        signal,
        |_| (),
    )
}

#[test]
fn every_signal_comes_to_the_program() {
    for (name, args) in [
        ("init", &[] as &[&str]),
        ("mount_proc", &[]),
        ("unshare", &["-rpf", "--forward-signals"]),
        ("unshare", &["--forward-signals"]),
    ] {
        for signal in SENT {
            let program =
                format!("trap 'exit 42' {signal}; echo ready; while :; do sleep 0.02; done");
            let status = signalled(name, args, signal, &program);
            assert_eq!(status, Some(42), "{name} {args:?}: {signal}");
        }
    }
}

#[test]
fn who_joins_a_pid_namespace_hands_every_signal_on() {
    require!(is_root(), "joins the PID namespace of the tests");
    let target = std::process::id().to_string();
    for signal in SENT {
        let program = format!("trap 'exit 42' {signal}; echo ready; while :; do sleep 0.02; done");
        let lab = lab("nsenter").args(["-p", "-t", &target, "bash", "-c", &program]);
        let lab = lab.shell("exec env --default-signal \"$@\"");
        assert_eq!(
            storm::end_when_ready(&lab, signal, |_| ()),
            Some(42),
            "{signal}"
        );
    }
}

#[test]
fn a_signal_that_ends_nobody_ends_no_container() {
    for signal in [SIGWINCH, SIGCONT] {
        let status = signalled("mount_proc", &[], signal, "echo ready; sleep 0.2; exit 5");
        assert_eq!(status, Some(5), "{signal}");
    }
}

/// As unshare(1): INT and TERM are outlived, whatever else ends a process ends it.
#[test]
fn the_parent_of_unshare_fork_ends_by_all_but_two_signals() {
    for signal in SENT {
        let program = "echo ready; sleep 0.5; exit 5";
        let status = signalled("unshare", &["--fork", "--kill-child"], signal, program);
        let expected = match signal {
            SIGINT | SIGTERM | SIGWINCH => Some(5),
            // By the signal itself, so that there is no status.
            _ => None,
        };
        assert_eq!(status, expected, "{signal}");
    }
}
