//! The claims of the chapter on PID namespaces.

use crate::support::{
    Who, assert_transcript, everyone, host, installed, is_root, lab, require, stderr, stdout,
};

/// The numbers behind the last `word` of each line.
fn numbers(text: &str, word: &str) -> Vec<u32> {
    let after = text.lines().filter_map(|line| line.rsplit_once(word));
    after
        .map(|(_, number)| number.trim().parse().expect("a number"))
        .collect()
}

fn printed(args: &[&str], who: Who) -> String {
    lab("pid_ns").args(args).by(who).printed()
}

#[test]
fn the_transcript_is_the_articles() {
    for &who in everyone() {
        assert_transcript!("default", lab("pid_ns").by(who).transcript());
    }
}

#[test]
fn without_clone_newpid_the_child_sees_what_the_parent_sees() {
    for &who in everyone() {
        assert_transcript!(
            "shared",
            lab("pid_ns").by(who).args(["--shared"]).transcript()
        );
        let text = printed(&["--shared"], who);
        let outside = [numbers(&text, "process = "), numbers(&text, "have PID = ")].concat();
        let inside = numbers(&text, "own namespace: ");
        assert_eq!(
            [outside[1], outside[0]],
            inside[..],
            "child and parent, the same numbers"
        );
    }
}

#[test]
fn child_is_pid_1_of_its_namespace_and_sees_no_parent() {
    for &who in everyone() {
        let text = printed(&[], who);
        assert_eq!(numbers(&text, "own namespace: "), [1, 0]);
        assert!(numbers(&text, "have PID = ")[0] > 1);
    }
}

#[test]
fn siblings_do_not_know_of_each_other() {
    for &who in everyone() {
        let transcript = lab("pid_ns").by(who).args(["--siblings"]).transcript();
        assert_transcript!("siblings", transcript);
    }
}

#[test]
fn siblings_in_one_namespace_have_one_handle_and_the_others_another() {
    let text = printed(&["--siblings"], everyone()[0]);
    let handles: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once("pid:["))
        .collect();
    assert_eq!(handles[0].1, handles[1].1);
    assert_ne!(handles[1].1, handles[2].1);
}

#[test]
fn a_nested_process_has_a_pid_in_each_namespace() {
    for &who in everyone() {
        let transcript = lab("pid_ns").by(who).args(["--nested", "4"]).transcript();
        assert_transcript!("nested", transcript);
    }
}

#[test]
fn the_kernel_limits_nesting_and_the_lab_shows_where() {
    let depth = printed(&["--nested", "20"], everyone()[0]).lines().count();
    assert_eq!(
        depth,
        20 + 4,
        "a heading of three lines, the lab and its 20 descendants"
    );
    let refused = lab("pid_ns")
        .args(["--nested", "40"])
        .command()
        .assert()
        .code(1);
    let rows = stdout(&refused).lines().count() - 4;
    let error = stderr(&refused);
    let expected = format!("clone CLONE_NEWPID for namespace {}: ENOSPC", rows + 1);
    assert!(error.contains(&expected), "{error}");
    assert!(error.contains("\nhint: "), "{error}");
    assert!(rows <= 32, "MAX_PID_NS_LEVEL");
}

#[test]
fn the_narration_goes_to_stderr_and_leaves_the_transcript_alone() {
    assert_transcript!(
        "explain",
        lab("pid_ns").by(Who::User).args(["--explain"]).terminal()
    );
    assert_eq!(printed(&["--explain"], Who::User).lines().count(), 4);
}

#[test]
fn the_name_is_the_file_name_of_the_program() {
    let text = lab("pid_ns")
        .shell("cd \"${1%/*}\"; exec ./pid_ns")
        .command()
        .assert()
        .success();
    let text = stdout(&text);
    assert!(text.starts_with("PID for pid_ns process = "), "{text}");
}

#[test]
fn a_wrong_proc_is_an_error_with_a_hint() {
    require!(is_root(), "makes a PID namespace without its own /proc");
    let script = "unshare --pid --fork pid_ns --nested 2";
    host::on_own_host(script).code(1).stderr(
        "pid_ns: readlink /proc/self: ESRCH: No such process\n\
         hint: this /proc belongs to another PID namespace: mount one of your own, for example \
         with `unshare --fork --pid --mount-proc`\n",
    );
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    host::leaves_the_host_untouched(
        "pid_ns; pid_ns --siblings; pid_ns --nested 5; fails pid_ns --nested 40; $user pid_ns --siblings",
    );
}

/// The parent kills the siblings of a child that has failed. Their SIGKILL is not what
/// went wrong.
#[test]
fn the_status_is_that_of_the_child_that_failed() {
    require!(installed("strace"), "makes a system call fail with strace");
    // A1's second report, which nobody else sends so early.
    let strace = "exec strace -f -qq -o /dev/null -e inject=sendmsg:error=ENOBUFS:when=2 \"$@\"";
    for &who in everyone() {
        let failed = lab("pid_ns").by(who).args(["--siblings"]).shell(strace);
        let run = failed.command().assert().code(1);
        let error = stderr(&run);
        let lines: Vec<_> = error.lines().filter(|it| !it.contains("no root")).collect();
        assert_eq!(lines.len(), 2, "{error}");
        assert!(lines[0].contains("sendmsg of a report: ENOBUFS"), "{error}");
    }
}
