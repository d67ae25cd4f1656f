//! The doctor's tables, its JSON and its narration. What it says is compared with what
//! the labs do in `doctor_blocks.rs`.

use crate::support::labs::LABS;
use crate::support::sandbox::{
    self, NO_CAPABILITIES, require_64_bits, require_a_sandbox, with_limit, with_mounts,
};
use crate::support::{
    Who, assert_transcript, everyone, host, installed, is_root, lab, require, stderr, stdout,
};

/// The table as a person sees it, in the book as well.
#[test]
fn the_report_names_cause_and_fix() {
    require_a_sandbox!();
    require_64_bits!();
    for (around, cause, fix) in [
        (
            r#"$seccomp docker "$@""#.to_owned(),
            "A seccomp filter refuses",
            "--security-opt seccomp=unconfined",
        ),
        (
            with_limit("0 >/proc/sys/user/max_pid_namespaces"),
            "The limit user.max_pid_namespaces is 0",
            "sudo sysctl -w user.max_pid_namespaces=",
        ),
        (
            with_mounts("mount --bind /dev/null /proc/keys", "$user1234"),
            "A part of /proc is covered (/proc/keys)",
            "--security-opt systempaths=unconfined",
        ),
        (
            r#"/usr/bin/unshare -m sh -c 'mkdir -p /tmp/root; mount --rbind / /tmp/root
                   chroot /tmp/root "$@"; exit $?' sh "$@""#
                .to_owned(),
            "This process is in a chroot",
            "Leave the chroot",
        ),
        (
            format!(r#"{NO_CAPABILITIES} "$@""#),
            "root without the capability CAP_SETFCAP",
            "--cap-add SETFCAP",
        ),
    ] {
        let run = sandbox::run(&around, "block doctor; echo status $?");
        let text = stdout(&run);
        let joined: Vec<_> = text.split_whitespace().collect();
        let joined = joined.join(" ");
        assert!(joined.contains(cause) && joined.contains(fix), "{text}");
        assert!(text.ends_with("status 1\n"), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'), "colour in a pipe: {text}");
    }
}

#[test]
fn default() {
    // On a desktop a user may make cgroups: systemd has given some to the session.
    let [works, refused] = ["works", "refused"].map(|can| format!("labs do without       {can}"));
    let text = lab("doctor").by(Who::User).transcript();
    assert_transcript!("default", text.replace(&works, &refused));
}

#[test]
fn the_table_says_that_every_lab_runs() {
    for who in everyone() {
        let run = lab("doctor")
            .by(*who)
            .command()
            .assert()
            .success()
            .stderr("");
        let text = stdout(&run);
        assert!(text.contains("\nEvery lab runs as uid "), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }
}

#[test]
fn the_doctor_judges_every_lab_that_needs_something_and_knows_all_that_they_need() {
    let text = stdout(&lab("doctor").args(["--json"]).command().assert());
    for lab in LABS {
        let judged = text.contains(&format!("{{\"name\":\"{}\",", lab.name));
        assert_eq!(judged, !lab.needs.is_empty(), "{}", lab.name);
        for need in lab.needs {
            let tried = text.contains(&format!("{{\"key\":\"{need}\","));
            assert!(tried, "{} needs {need}, which no attempt tries", lab.name);
        }
    }
}

#[test]
fn every_attempt_is_narrated() {
    let run = lab("doctor")
        .by(Who::User)
        .args(["--explain"])
        .command()
        .assert();
    let narration = stderr(&run);
    for call in [
        "clone(CLONE_NEWUSER)",
        "sethostname(",
        "mount(proc",
        "RTM_NEWLINK",
        "timens_offsets",
    ] {
        assert!(narration.contains(call), "{call}: {narration}");
    }
}

#[test]
fn the_host_is_as_it_was() {
    require!(is_root(), "compares a host of its own");
    host::leaves_the_host_untouched("doctor; $user doctor; doctor --json --explain");
}

#[test]
fn a_limit_of_open_files_is_told() {
    for &who in everyone() {
        let lab = lab("doctor").by(who).shell("ulimit -n 4; exec \"$@\"");
        let text = stdout(&lab.command().assert().code(1));
        assert!(
            text.contains("The number of open files is at a limit"),
            "{text}"
        );
        assert!(!text.contains("does not know"), "{text}");
    }
}
