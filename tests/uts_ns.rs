//! The claims of the chapter on UTS namespaces.

use std::process::Command;
use std::time::Duration;

use crate::support::{
    HOSTNAME, Who, assert_transcript, everyone, host, is_root, lab, require, stderr, stdout,
};
use rexpect::session::spawn_command;

#[test]
fn the_child_has_a_name_of_its_own() {
    for &who in everyone() {
        assert_transcript!(
            "default",
            lab("uts_ns").by(who).args(["bizarro"]).transcript()
        );
    }
}

#[test]
fn the_nis_domain_name_belongs_to_the_namespace_too() {
    for &who in everyone() {
        let args = ["bizarro", "--domain", "example.net"];
        assert_transcript!("domain", lab("uts_ns").by(who).args(args).transcript());
    }
}

#[test]
fn the_narration_tells_where_to_look() {
    assert_transcript!(
        "explain",
        lab("uts_ns")
            .by(Who::User)
            .args(["bizarro", "--explain"])
            .terminal()
    );
}

#[test]
fn a_name_has_at_most_64_bytes() {
    lab("uts_ns")
        .args(["x".repeat(64)])
        .command()
        .assert()
        .success();
    let refused = lab("uts_ns")
        .args(["x".repeat(65)])
        .command()
        .assert()
        .code(1);
    let error = stderr(&refused);
    assert!(
        error.contains("EINVAL") && error.contains("hint: a name in a UTS"),
        "{error}"
    );
}

#[test]
fn an_empty_name_is_a_usage_error() {
    lab("uts_ns")
        .args([""])
        .command()
        .assert()
        .code(2)
        .stdout("");
}

#[test]
fn a_name_never_reaches_the_terminal_raw() {
    let text = lab("uts_ns").args(["\u{1b}[31mred"]).transcript();
    assert!(
        text.contains("uts.nodename in child:  \\u{1b}[31mred"),
        "{text}"
    );
    let raw = lab("uts_ns")
        .shell("exec \"$@\" \"$(printf 'a\\377b\\r')\"")
        .command()
        .assert();
    let raw = stdout(&raw);
    assert!(
        raw.contains("uts.nodename in child:  a\\xffb\\r\n"),
        "{raw}"
    );
}

#[test]
fn the_host_keeps_its_name() {
    require!(is_root(), "makes a host of its own");
    let script = "uts_ns bizarro --domain d >/dev/null; $user uts_ns b 2>/dev/null >&2; uname -n";
    host::on_own_host(script)
        .success()
        .stdout(format!("{HOSTNAME}\n"));
    host::leaves_the_host_untouched("uts_ns bizarro --hold 0; $user uts_ns bizarro --domain d");
}

#[test]
fn a_hold_ends_by_itself_after_its_seconds() {
    let started = std::time::Instant::now();
    lab("uts_ns")
        .args(["bizarro", "--hold", "1"])
        .command()
        .assert()
        .success();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

/// The article's session: stop the lab, look at both links, let it go on.
#[test]
fn under_job_control_both_links_can_be_read() {
    let folder = crate::support::directory().to_owned();
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-i"])
        .env("PS1", "READY> ")
        .env("PATH", {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
            std::env::join_paths(folders).unwrap()
        });
    let mut shell = spawn_command(bash, Some(20_000)).unwrap();
    shell.exp_string("READY> ").unwrap();
    shell.send_line("uts_ns bizarro --hold").unwrap();
    let (_, child) = shell.exp_regex(r"clone\(\) is [0-9]+\r").unwrap();
    let child: u32 = child.split_whitespace().last().unwrap().parse().unwrap();
    shell.exp_string("ends it").unwrap();
    shell.exp_regex(r"child's").unwrap();
    shell.send_control('z').unwrap();
    shell.exp_string("Stopped").unwrap();
    shell.send_line("jobs -l").unwrap();
    let (_, job) = shell.exp_regex(r"\[1\]\+ +[0-9]+ ").unwrap();
    let parent: u32 = job.split_whitespace().last().unwrap().parse().unwrap();
    let mut link = |pid: u32| {
        shell
            .send_line(&format!("readlink /proc/{pid}/ns/uts"))
            .unwrap();
        shell.exp_regex(r"uts:\[[0-9]+\]").unwrap().1
    };
    assert_ne!(
        link(parent),
        link(child),
        "two processes, two UTS namespaces"
    );
    shell.send_line("fg").unwrap();
    shell.exp_string("uts_ns bizarro --hold").unwrap();
    shell.send_line("").unwrap();
    shell.exp_string("READY> ").unwrap();
    shell.send_line("echo status $?").unwrap();
    shell.exp_string("status 0").unwrap();
    shell.send_line("exit").unwrap();
}

#[test]
fn ctrl_c_ends_a_hold_in_order() {
    let mut hold = spawn_command(
        lab("uts_ns")
            .by(Who::User)
            .args(["bizarro", "--hold"])
            .std_command(),
        Some(20_000),
    )
    .unwrap();
    hold.exp_string("ends it").unwrap();
    hold.exp_regex("uname -n").unwrap();
    hold.send_control('c').unwrap();
    hold.exp_eof().unwrap();
    let status = hold.process().wait().unwrap();
    assert_eq!(
        format!("{status:?}").split('(').next(),
        Some("Exited"),
        "{status:?}"
    );
}

/// As in the background of a script.
#[test]
fn a_hold_does_not_take_a_sigint_that_its_caller_ignores() {
    let lab = lab("uts_ns").args(["bizarro", "--hold", "1"]);
    let script = "trap '' INT; \"$@\" & lab=$!; sleep 0.4; kill -INT $lab; wait $lab; date +%s.%N";
    let started = std::time::Instant::now();
    lab.shell(script).command().assert().success();
    assert!(started.elapsed() >= Duration::from_secs(1));
}
