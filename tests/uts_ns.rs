//! The claims of the chapter on UTS namespaces.

use std::time::{Duration, Instant};

use crate::support::{
    HOSTNAME, Who, assert_says, assert_transcript, assert_transcripts, everyone, host, installed,
    is_root, lab, labs, require,
};

#[test]
fn the_child_has_a_name_of_its_own() {
    assert_transcripts!("default", lab("uts_ns").args(["bizarro"]));
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
    let lab = lab("uts_ns").by(Who::User).args(["bizarro", "--explain"]);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn a_name_has_at_most_64_bytes() {
    lab("uts_ns").args(["x".repeat(64)]).printed();
    let error = lab("uts_ns").args(["x".repeat(65)]).refused();
    assert_says(&error, &["EINVAL", "hint: a name in a UTS"]);
}

#[test]
fn a_name_never_reaches_the_terminal_raw() {
    let text = lab("uts_ns").args(["\u{1b}[31mred"]).transcript();
    assert_says(&text, &["uts.nodename in child:  \\u{1b}[31mred"]);
    let raw = lab("uts_ns").shell("exec \"$@\" \"$(printf 'a\\377b\\r')\"");
    assert_says(&raw.printed(), &["uts.nodename in child:  a\\xffb\\r\n"]);
}

#[test]
fn the_host_keeps_its_name() {
    require!(is_root(), "makes a host of its own");
    let script = "uts_ns bizarro --domain d >/dev/null; $user uts_ns b 2>/dev/null >&2; uname -n";
    let name = format!("{HOSTNAME}\n");
    host::on_own_host(script).success().stdout(name);
    host::leaves_the_host_untouched("uts_ns bizarro --hold 0; $user uts_ns bizarro --domain d");
}

#[test]
fn a_hold_ends_by_itself_after_its_seconds() {
    let started = Instant::now();
    lab("uts_ns").args(["bizarro", "--hold", "1"]).printed();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_hold_without_a_time_ends_with_its_stdin() {
    for line in [
        "uts_ns bizarro",
        "user_ns",
        "net_ns",
        "ipc_ns",
        "mount_ns slave",
    ] {
        let started = Instant::now();
        // Where an ssh without a terminal has gone, and in a script's background job.
        for stdin in ["</dev/null", "<&-", "</bin/sh"] {
            labs::of(line)
                .args(["--hold"])
                .shell(&format!("exec \"$@\" {stdin}"))
                .printed();
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{line}");
    }
}

#[test]
fn a_hold_ends_when_its_terminal_hangs_up() {
    require!(is_root() && installed("script"), "makes a terminal hang up");
    // A job in the background gets no SIGHUP, unless from its shell, which gets one itself.
    let script =
        "script -qc \"sh -c 'set -m; uts_ns bizarro --hold 600 & wait'\" /dev/null >/tmp/screen &
         terminal=$!; wait_for grep -q 'In another terminal' /tmp/screen
         kill -9 $terminal; wait_for fails pgrep uts_ns; pgrep -c uts_ns";
    host::on_own_host(script).stdout("0\n");
}

/// The article's session: stop the lab, look at both links, let it go on.
#[test]
fn under_job_control_both_links_can_be_read() {
    let mut shell = lab("uts_ns")
        .shell("PATH=${1%/*}:$PATH PS1='READY> ' exec bash --norc --noprofile -i")
        .on_terminal();
    shell.until("READY> ");
    shell.line("uts_ns bizarro --hold");
    let child = last_number(&shell.until(r"clone\(\) is [0-9]+\r").1);
    shell.until("ends it");
    shell.until("child's");
    shell.control(b'z');
    shell.until("Stopped");
    shell.line("jobs -l");
    let parent = last_number(&shell.until(r"\[1\]\+ +[0-9]+ ").1);
    let mut link = |pid: u32| {
        shell.line(&format!("readlink /proc/{pid}/ns/uts"));
        shell.until(r"uts:\[[0-9]+\]").1
    };
    let links = (link(parent), link(child));
    assert_ne!(links.0, links.1, "two processes, two UTS namespaces");
    shell.line("fg");
    shell.until("uts_ns bizarro --hold");
    shell.line("");
    shell.until("READY> ");
    shell.line("echo status $?");
    shell.until("status 0");
}

fn last_number(text: &str) -> u32 {
    text.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
fn ctrl_c_ends_a_hold_in_order() {
    let args = ["bizarro", "--hold"];
    let mut hold = lab("uts_ns").by(Who::User).args(args).on_terminal();
    hold.until("ends it");
    hold.until("uname -n");
    hold.control(b'c');
    assert_eq!(hold.status(), Some(130), "it exits, no signal ends it");
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
