//! The claims of the chapter on PID namespaces.

use crate::support::{
    Who, assert_says, assert_transcript, assert_transcripts, everyone, host, installed, is_root,
    lab, require, stderr, stdout,
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
    assert_transcripts!("default", lab("pid_ns"));
}

#[test]
fn without_clone_newpid_the_child_sees_what_the_parent_sees() {
    assert_transcripts!("shared", lab("pid_ns").args(["--shared"]));
    for &who in everyone() {
        let text = printed(&["--shared"], who);
        let outside = [numbers(&text, "process = "), numbers(&text, "have PID = ")].concat();
        let inside = numbers(&text, "own namespace: ");
        assert_eq!([outside[1], outside[0]], inside[..], "the same numbers");
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
    assert_transcripts!("siblings", lab("pid_ns").args(["--siblings"]));
}

#[test]
fn siblings_in_one_namespace_have_one_handle_and_the_others_another() {
    let text = printed(&["--siblings"], everyone()[0]);
    let handles: Vec<_> = text.split("pid:[").skip(1).collect();
    let handle = |at: usize| handles[at].lines().next();
    assert_eq!(handle(0), handle(1));
    assert_ne!(handle(1), handle(2));
}

#[test]
fn a_nested_process_has_a_pid_in_each_namespace() {
    assert_transcripts!("nested", lab("pid_ns").args(["--nested", "4"]));
}

#[test]
fn the_kernel_limits_nesting_and_the_lab_shows_where() {
    let depth = printed(&["--nested", "20"], everyone()[0]).lines().count();
    // A heading of three lines, the lab and its 20 descendants.
    assert_eq!(depth, 20 + 4);
    let refused = lab("pid_ns").args(["--nested", "40"]).run().code(1);
    let rows = stdout(&refused).lines().count() - 4;
    let error = stderr(&refused);
    let expected = format!("clone CLONE_NEWPID for namespace {}: ENOSPC", rows + 1);
    assert_says(&error, &[&expected, "\nhint: "]);
    assert!(rows <= 32, "MAX_PID_NS_LEVEL");
}

/// The columns PID and UID of the rows from a process to another.
fn told(text: &str, direction: &str) -> Vec<[u32; 2]> {
    let rows = text.lines().filter(|row| row.starts_with(direction));
    let number = |word: &str| word.parse().expect("a number");
    rows.map(|row| {
        let words: Vec<_> = row.split_whitespace().rev().take(2).map(number).collect();
        [words[1], words[0]]
    })
    .collect()
}

#[test]
fn a_receiver_is_told_of_the_sender_in_its_own_numbers() {
    assert_transcripts!("credentials", lab("pid_ns").args(["--credentials"]));
    for &who in everyone() {
        let text = printed(&["--credentials"], who);
        let (_, after) = text.split_once("its child is PID ").expect("a PID");
        let (child, _) = after.split_once(' ').expect("a blank");
        let child = child.parse().expect("a PID");
        assert_eq!(told(&text, "child   parent"), [[child, 0]; 3]);
    }
}

#[test]
fn a_sender_without_a_pid_in_here_is_0_and_one_without_a_uid_65534() {
    for &who in everyone() {
        let text = printed(&["--credentials"], who);
        assert_says(&text, &["The child is PID 1, uid 65534 to itself."]);
        assert_eq!(told(&text, "parent  child"), [[0, 65534]; 3]);
    }
}

#[test]
fn a_sender_in_a_sibling_namespace_is_pid_0_as_well() {
    require!(is_root(), "makes a host of its own");
    require!(installed("python3"), "sends with python3");
    let script = r#"python3 -c 'import socket, subprocess
here, there = socket.socketpair()
here.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
def inside(end, call):
    code = f"import socket, sys; end = socket.socket(fileno={end.fileno()}); {call}"
    command = ["unshare", "--fork", "--pid", "python3", "-c", code]
    subprocess.run(command, pass_fds=[end.fileno()], check=True)
inside(there, "end.send(bytes(1))")
inside(here, "print(int.from_bytes(end.recvmsg(1, 99)[1][0][2][:4], sys.byteorder))")'"#;
    host::on_own_host(script).success().stdout("0\n");
}

#[test]
fn the_narration_goes_to_stderr_and_leaves_the_transcript_alone() {
    let lab = lab("pid_ns").by(Who::User).args(["--explain"]);
    assert_transcript!("explain", lab.terminal());
    assert_eq!(printed(&["--explain"], Who::User).lines().count(), 4);
    let lab = lab.args(["--credentials"]);
    assert_transcript!("explain_credentials", lab.terminal());
}

#[test]
fn the_name_is_the_file_name_of_the_program() {
    let lab = lab("pid_ns").shell("cd \"${1%/*}\"; exec ./pid_ns");
    assert!(lab.printed().starts_with("PID for pid_ns process = "));
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "pid_ns; pid_ns --siblings; pid_ns --nested 5; fails pid_ns --nested 40; $user pid_ns --siblings
         pid_ns --credentials; $user pid_ns --credentials",
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
