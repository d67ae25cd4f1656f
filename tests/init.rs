//! The claims of the chapter on PID 1's duties.

mod program;

use crate::support::{
    Who, assert_transcript, assert_transcripts, everyone, host, is_root, lab, require, stdout,
};

fn run(args: &[&str], who: Who) -> (i32, String) {
    lab("init").args(args).by(who).ended()
}

/// The numbers of the rows that begin with `name`.
fn rows(text: &str, name: &str) -> Vec<Vec<u32>> {
    let begin = format!("{name}  ");
    let rows = text.lines().filter(|line| line.starts_with(&begin));
    let cells = rows.map(|row| row.split_whitespace().skip(1).map(str::parse));
    cells.map(|row| row.map(Result::unwrap).collect()).collect()
}

#[test]
fn the_transcript_tells_of_an_orphan() {
    assert_transcripts!("default", lab("init"));
}

#[test]
fn an_orphans_new_parent_is_pid_1_of_its_namespace() {
    for &who in everyone() {
        let (_, text) = run(&[], who);
        let [init, parent, orphan] = ["init", "parent", "orphan"].map(|name| rows(&text, name));
        assert_eq!(init[0][2..], [1, 0], "PID and PPID inside");
        assert_eq!(orphan[0][1], parent[0][0], "its parent outside, before");
        assert_eq!(orphan[1][1], init[0][0], "and after");
        assert_eq!((orphan[0][3], orphan[1][3]), (2, 1), "the same inside");
        assert_eq!(orphan[0][0], orphan[1][0], "its PID does not change");
    }
}

#[test]
fn without_reaping_an_orphan_stays_a_zombie_until_pid_1_ends() {
    for &who in everyone() {
        let transcript = lab("init").by(who).args(["--no-reap"]).transcript();
        assert_eq!(transcript.matches("State: Z (zombie)").count(), 2);
        assert!(transcript.ends_with("status: gone\n"), "{transcript}");
        assert_transcript!("no_reap", transcript);
    }
}

#[test]
fn pid_1_hears_from_inside_only_what_it_has_a_handler_for() {
    assert_transcripts!("signals", lab("init").args(["--signals"]));
}

#[test]
fn a_subreaper_inherits_without_a_namespace_and_without_privilege() {
    assert_transcripts!("subreaper", lab("init").args(["--subreaper"]));
    for &who in everyone() {
        let run = lab("init").by(who).args(["--subreaper"]).run();
        let text = stdout(&run.success().stderr(""));
        let (heir, orphan) = (rows(&text, "subreaper"), rows(&text, "orphan"));
        assert_eq!(orphan[1][1], heir[0][0]);
    }
}

#[test]
fn sigkill_from_outside_ends_every_process_of_the_namespace() {
    require!(is_root(), "looks at a host of its own");
    let script = "init sh -c 'sleep 61 & sleep 61 & echo >/tmp/ready; wait' & lab=$!
                  wait_for test -e /tmp/ready; init=$(child_of $lab)
                  wait_for eval '[ $(pgrep -c sleep) = 2 ]'
                  pgrep -c sleep; kill -KILL $init; wait $lab; echo $?; pgrep -c sleep";
    host::on_own_host(script).stdout("2\n137\n0\n");
    let script = script
        .replace("kill -KILL $init", "kill -KILL $lab")
        .replace("echo $?", "wait_for sh -c '! pgrep sleep'");
    host::on_own_host(&script).stdout("2\n0\n");
}

#[test]
fn an_orphan_without_a_subreaper_goes_to_the_hosts_init() {
    require!(is_root(), "makes a host of its own");
    let script = "(sh -c 'sleep 61 & echo $! >/tmp/orphan'); ps -o ppid= $(cat /tmp/orphan); kill $(cat /tmp/orphan)";
    let run = host::on_own_host(script);
    assert_eq!(stdout(&run).trim(), "1");
}

#[test]
fn the_narration_tells_what_happens() {
    let lab = lab("init").by(Who::User).args(["--explain"]);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn the_narration_of_a_program_tells_how_it_ends() {
    require!(is_root(), "a user's begins with a user namespace");
    let args = ["--explain", "sh", "-c", "(exit 3)"];
    assert_transcript!("program", lab("init").args(args).terminal());
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    let script = "mount --make-rshared /; state >/before; init; init --no-reap; init --signals; init --subreaper
                  init true; fails init /no; $user init; $user init --subreaper; $user init sh -c 'sleep 9 & true'";
    host::leaves_the_host_untouched(script);
}
