//! The claims of the chapter on time namespaces.

use std::fs;

use crate::support::{
    Who, assert_error, assert_transcript, assert_transcripts, everyone, host, installed, is_root,
    lab, linux, require, stderr, stdout,
};

fn printed(args: &[&str], who: Who) -> String {
    lab("time_ns").args(args).by(who).printed()
}

/// The cells behind the last line that begins so.
fn row<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let rest = text.lines().rev().find_map(|line| line.strip_prefix(name));
    rest.expect(name).split_whitespace().collect()
}

#[test]
fn the_child_lives_by_the_offsets_and_the_parent_does_not() {
    assert_transcripts!("default", lab("time_ns"));
}

#[test]
fn unshare_moves_the_children_to_come_and_not_its_caller() {
    for &who in everyone() {
        let text = printed(&[], who);
        let first = row(&text, "parent, at first");
        let after = row(&text, "parent, after unshare()");
        let child = text.lines().find(|line| line.starts_with("child"));
        let child = row(child.unwrap(), "child");
        assert_eq!(first[0], first[1]);
        assert_eq!(after[0], first[0], "the parent has stayed");
        assert_ne!(after[1], first[0], "for its children there is another");
        assert_eq!(child, [after[1], after[1]]);
    }
}

#[test]
fn each_of_the_two_clocks_has_its_offset_and_the_wall_clock_has_none() {
    for &who in everyone() {
        for (boottime, monotonic) in [("1000000", "5"), ("0", "77"), ("-1", "-1")] {
            let text = printed(&["--boottime", boottime, "--monotonic", monotonic], who);
            assert_eq!(row(&text, "parent"), ["0"; 4], "{text}");
            let child = row(&text, "child");
            assert_eq!(child, ["0", monotonic, boottime, boottime], "{text}");
            assert_eq!(row(&text, "monotonic"), [monotonic, "0"]);
            assert_eq!(row(&text, "boottime"), [boottime, "0"]);
        }
    }
}

#[test]
fn without_clone_newtime_the_clocks_are_shared() {
    assert_transcripts!("shared", lab("time_ns").args(["--shared"]));
}

#[test]
fn once_a_process_has_entered_the_offsets_are_fixed() {
    assert_transcripts!("late", lab("time_ns").args(["--late"]));
}

#[test]
fn clone_takes_the_flag_for_a_signal_number_and_asks_for_no_privilege() {
    require!(linux() < [7, 1], "Linux 7.1 and later refuse it");
    for &who in everyone() {
        let lab = lab("time_ns").by(who).args(["--by-clone"]);
        assert_transcript!("by_clone", lab.transcript());
        lab.run().success().stderr("");
    }
}

#[test]
fn a_child_that_clone3_makes_a_member_has_no_offsets_to_come() {
    require!(linux() >= [6, 3], "clone3() takes the flag since Linux 6.3");
    assert_transcripts!("by_clone3", lab("time_ns").args(["--by-clone3"]));
}

/// A tracer stands for Linux 7.1 where the kernel is an older one.
#[test]
fn a_kernel_that_refuses_the_flag_to_clone_is_another_answer() {
    let newer = linux() >= [7, 1];
    require!(newer || installed("strace"), "strace plays Linux 7.1");
    let strace = if newer {
        ""
    } else {
        "strace -qq -o /dev/null -e inject=clone:error=EINVAL"
    };
    for &who in everyone() {
        let lab = lab("time_ns").by(who).args(["--by-clone"]);
        let lab = lab.shell(&format!("exec {strace} \"$@\""));
        assert_transcript!("by_clone_refused", lab.transcript());
    }
}

#[test]
fn the_initial_namespace_keeps_its_offsets_even_for_root() {
    require!(is_root(), "needs CAP_SYS_TIME");
    let script = "echo boottime 1 0 | tee /proc/self/timens_offsets";
    let error = stderr(&host::on_own_host(script).failure());
    assert!(error.contains("Permission denied"), "{error}");
}

#[test]
fn offsets_count_from_the_initial_namespace_and_a_new_one_inherits_them() {
    require!(is_root() && installed("unshare"), "nests time namespaces");
    // util-linux's, which can set offsets; a host's PATH has the lab of that name first.
    let outer = "/usr/bin/unshare --time --boottime 5000 --monotonic 7 --fork time_ns";
    let text = host::on_own_host(&format!("{outer} --boottime 10; {outer} --late")).success();
    let text = stdout(&text);
    let (set, inherited) = text.split_at(text.rfind("parent, at first").unwrap());
    assert_eq!(row(set, "child"), ["0", "3593", "-4990", "-4990"], "{set}");
    assert_eq!(row(inherited, "boottime"), ["5000", "0"], "{inherited}");
    assert_eq!(row(inherited, "child"), ["0"; 4], "{inherited}");
}

#[test]
fn a_kernel_that_has_exec_take_the_caller_along_is_linux_6_2_or_later() {
    // The readlink of busybox takes one file.
    let script = "readlink /proc/$$/ns/time; readlink /proc/$$/ns/time_for_children";
    let args = ["--user", "--time", "sh", "-c", script];
    let run = lab("unshare").args(args).run().success();
    let text = stdout(&run);
    let lines: Vec<_> = text.lines().collect();
    let own = fs::read_link("/proc/self/ns/time").expect("a link");
    assert_ne!(lines[1], own.to_string_lossy());
    if linux() >= [6, 2] {
        assert_eq!(lines[0], lines[1]);
        assert_eq!(stderr(&run), "");
    } else {
        assert_eq!(lines[0], own.to_string_lossy());
        assert!(stderr(&run).contains("before Linux 6.2"), "{text}");
    }
}

#[test]
fn a_clock_can_be_neither_negative_nor_far_in_the_future() {
    for &who in everyone() {
        for seconds in ["-9999999999", "9999999999", "9223372036854775807"] {
            let lab = lab("time_ns").by(who).args(["--boottime", seconds]);
            let begin = "time_ns: write /proc/self/timens_offsets: ERANGE: ";
            assert_error(&lab.refused(), begin, "no clock");
        }
    }
}

#[test]
fn an_offset_may_be_beyond_what_a_32_bit_program_can_count() {
    let lab = lab("time_ns")
        .by(Who::User)
        .args(["--boottime", "3000000000"]);
    if cfg!(target_pointer_width = "64") {
        assert_eq!(row(&lab.printed(), "child")[2], "3000000000");
    } else {
        let begin = "time_ns: clock_gettime CLOCK_BOOTTIME: EOVERFLOW: ";
        assert_error(&lab.refused(), begin, "a smaller offset");
    }
}

#[test]
fn a_kernel_without_time_namespaces_is_said_plainly() {
    require!(is_root(), "mounts a /proc of its own");
    // Such a kernel's /proc has no ns/time.
    let script =
        "mount -t tmpfs none /proc; mkdir -p /proc/$$/ns; ln -s $$ /proc/self; exec time_ns";
    let begin = "time_ns: readlink /proc/*/ns/time: ENOENT: ";
    assert_error(
        &host::refused(script),
        begin,
        "this kernel has no time namespaces",
    );
}

#[test]
fn the_narration_goes_to_stderr_and_leaves_the_transcript_alone() {
    let lab = lab("time_ns").by(Who::User).args(["--explain"]);
    assert_transcript!("explain", lab.terminal());
    let lines = |args: &[&str]| printed(args, Who::User).lines().count();
    assert_eq!(lines(&["--explain"]), lines(&[]));
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "time_ns; time_ns --late; time_ns --by-clone; time_ns --by-clone3; $user time_ns; fails time_ns --boottime -9999999999",
    );
}

/// A /proc/uptime in which time flies: a reading waits for the next line that is written.
const HURRY: &str = "mkfifo /tmp/uptime; mount --bind /tmp/uptime /proc/uptime
     hurry() { for second in $*; do echo $second.00 0 >/tmp/uptime; sleep 0.01; done; }";

#[test]
fn a_machine_too_busy_to_compare_clocks_is_said_after_some_attempts() {
    require!(is_root(), "mounts over /proc/uptime");
    for user in ["", "$user"] {
        let script = format!(
            "{HURRY}; hurry $(seq 1000 1000 99000) &
             timeout -s KILL 60 {user} time_ns >/dev/null; status=$?; kill %1; exit $status"
        );
        let error = stderr(&host::on_own_host(&script).code(1));
        let expected = "time_ns: clock_gettime of parent and child ";
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("\nhint: the machine is too busy"), "{error}");
    }
}

/// The parent kills the child of such an attempt, and means nothing by it.
#[test]
fn the_child_of_an_attempt_in_vain_is_not_taken_for_the_one_that_failed() {
    require!(is_root(), "mounts over /proc/uptime");
    // The parent, a child and the parent again; then the parent, and a child that fails.
    let script = format!("{HURRY}; hurry 1000 1000 3000 3000 x & exec time_ns");
    let error = stderr(&host::on_own_host(&script).code(1));
    let expected = "time_ns: read /proc/uptime: EBADMSG: ";
    assert!(error.starts_with(expected), "{error}");
    assert_eq!(error.lines().count(), 2, "{error}");
}
