//! What every lab survives: full, closed and broken outputs, what callers hand
//! over, and machines that refuse.

use crate::support::labs::{labs, names, writers};
use crate::support::{everyone, host, is_root, lab, require, stderr, stdout};

fn stderr_lines(assert: &assert_cmd::assert::Assert) -> Vec<String> {
    let text = stderr(assert);
    text.lines()
        .filter(|line| !line.contains("no root needed"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_full_stdout_is_an_error_with_a_hint() {
    for lab in writers() {
        let run = lab
            .shell("exec \"$@\" >/dev/full")
            .command()
            .assert()
            .code(1);
        let lines = stderr_lines(&run);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].contains("write stdout: ENOSPC") && lines[1].starts_with("hint: "),
            "{lines:?}"
        );
    }
}

#[test]
fn a_closed_stdout_is_an_error_with_a_hint() {
    for lab in writers() {
        let run = lab.shell("exec \"$@\" >&-").command().assert().code(1);
        let lines = stderr_lines(&run);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].contains("write stdout: EBADF") && lines[1].starts_with("hint: "),
            "{lines:?}"
        );
    }
}

#[test]
fn a_reader_that_leaves_ends_a_lab_quietly() {
    for who in everyone() {
        for lab in writers() {
            // `true` reads nothing at all; head leaves in the middle.
            for reader in ["true", "head -1"] {
                let run = lab
                    .clone()
                    .by(*who)
                    .shell(&format!("\"$@\" | {reader}"))
                    .command()
                    .assert();
                assert_eq!(stderr_lines(&run.success()), [""; 0], "{lab:?}");
            }
            let status = "{ \"$@\"; echo $? >&2; } | true";
            let run = lab
                .clone()
                .by(*who)
                .shell(status)
                .command()
                .assert()
                .success();
            let lines = stderr_lines(&run);
            assert!(lines == ["141"] || lines == ["0"], "{lab:?} {lines:?}");
        }
    }
}

#[test]
fn closed_stdin_and_stderr_do_not_matter() {
    for lab in labs() {
        lab.shell("exec \"$@\" <&- 2>&-")
            .command()
            .assert()
            .success();
    }
}

#[test]
fn ignored_and_blocked_signals_of_the_caller_do_not_matter() {
    for lab in labs() {
        lab.shell("trap '' CHLD PIPE INT TERM HUP; exec \"$@\"")
            .command()
            .assert()
            .success();
    }
}

#[test]
fn an_argument_that_is_no_utf_8_is_no_panic() {
    for lab in labs() {
        let run = lab
            .shell("\"$@\" \"$(printf '\\377')\"; echo $?")
            .command()
            .assert()
            .success();
        let text = stderr(&run);
        assert!(!text.contains("panicked"), "{text}");
    }
}

#[test]
fn help_goes_to_stdout_and_usage_errors_to_stderr() {
    for name in names() {
        let name = name.as_str();
        let help = lab(name)
            .args(["--help"])
            .command()
            .assert()
            .success()
            .stderr("");
        assert!(stdout(&help).contains("Usage: "));
        let text = lab(name).args(["--version"]).printed();
        assert_eq!(text, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
        let status = if ["ns_exec", "nsenter", "unshare"].contains(&name) {
            1
        } else {
            2
        };
        lab(name)
            .args(["--no-such-option"])
            .command()
            .assert()
            .code(status)
            .stdout("");
        lab(name)
            .args(["--help"])
            .shell("\"$@\" >/dev/full")
            .command()
            .assert()
            .code(1);
    }
}

#[test]
fn a_machine_that_allows_no_namespaces_is_said_plainly() {
    require!(is_root(), "sets limits in a user namespace of its own");
    for (name, drop) in [
        // A root that has no capability in here needs a user namespace.
        ("user", "setpriv --bounding-set=-all --inh-caps=-all --"),
        ("pid", ""),
        ("net", ""),
        ("uts", ""),
        ("mnt", ""),
    ] {
        let script = format!(
            "$user /usr/bin/unshare -r sh -c 'echo 0 >/proc/sys/user/max_{name}_namespaces
                 for lab in pid_ns net_ns user_ns \"uts_ns b\" \"mount_proc true\" mount_ns; do
                     {drop} $lab >/tmp/out 2>/tmp/said; status=$?
                     [ $status = 0 ] && continue
                     grep -q ENOSPC /tmp/said && grep -q ^hint: /tmp/said && echo $lab: $status
                     [ $(wc -l </tmp/said) = 2 ] || cat /tmp/said
                 done'"
        );
        let refused: Vec<_> = REFUSED
            .iter()
            .filter(|(_, types)| types.contains(&name))
            .collect();
        let expected: String = refused
            .iter()
            .map(|(lab, _)| format!("{lab}: 1\n"))
            .collect();
        host::on_own_host(&script).stdout(expected);
    }
}

/// What each lab cannot do without.
const REFUSED: [(&str, &[&str]); 6] = [
    ("pid_ns", &["user", "pid"]),
    ("net_ns", &["user", "pid", "net"]),
    ("user_ns", &["user"]),
    ("uts_ns b", &["user", "uts"]),
    ("mount_proc true", &["user", "pid", "uts", "mnt"]),
    ("mount_ns", &["user", "mnt"]),
];

#[test]
fn a_chroot_refuses_user_namespaces_and_the_hint_says_so() {
    require!(is_root(), "calls chroot");
    let script = "mkdir /mnt/scratch/root; mount --bind / /mnt/scratch/root
         mount --bind /mnt/labs /mnt/scratch/root/mnt
         chroot /mnt/scratch/root setpriv --reuid=1234 --regid=1234 --clear-groups /mnt/pid_ns";
    let error = stderr(&host::on_own_host(script).code(1).stdout(""));
    assert!(
        error.contains("CLONE_NEWUSER: EPERM")
            && error.contains("chroot")
            && error.contains("just doctor"),
        "{error}"
    );
}

#[test]
fn a_root_without_a_c_library_is_enough() {
    require!(is_root(), "calls chroot");
    let linked_statically = cfg!(target_feature = "crt-static");
    require!(linked_statically, "the labs are linked dynamically here");
    let script = "mkdir /mnt/scratch/root; cp /mnt/labs/pid_ns /mnt/labs/uts_ns /mnt/scratch/root
                  chroot /mnt/scratch/root /pid_ns >/dev/null && chroot /mnt/scratch/root /uts_ns b >/dev/null";
    host::on_own_host(script).success().stderr("");
}

#[test]
fn a_stdout_that_cannot_be_written_is_an_error() {
    for lab in writers() {
        let run = lab
            .shell("exec \"$@\" 1</dev/null")
            .command()
            .assert()
            .code(1);
        let lines = stderr_lines(&run);
        assert!(
            lines.len() == 2 && lines[0].contains("write stdout: EBADF"),
            "{lines:?}"
        );
    }
}

#[test]
fn a_limit_of_file_sizes_is_an_error() {
    let script = "ulimit -f 0; \"$@\" >$file; status=$?; rm $file; exit $status";
    let script = format!("file=$(mktemp); {script}");
    let run = lab("pid_ns")
        .by(everyone()[0])
        .shell(&script)
        .command()
        .assert()
        .code(1);
    assert!(
        stderr_lines(&run)[0].contains("write stdout: EFBIG"),
        "{:?}",
        stderr_lines(&run)
    );
}

#[test]
fn what_was_typed_reaches_no_terminal_raw() {
    let run = lab("pid_ns")
        .args(["\u{1b}]0;title\u{7}"])
        .command()
        .assert()
        .code(2);
    let text = stderr(&run);
    assert!(
        text.contains("unexpected argument") && !text.contains(['\u{1b}', '\u{7}']),
        "{text}"
    );
}

#[test]
fn closed_descriptors_need_no_dev_null() {
    require!(is_root(), "calls chroot");
    require!(
        cfg!(target_feature = "crt-static"),
        "the labs are linked dynamically here"
    );
    let script = "mkdir /mnt/scratch/root; cp /mnt/labs/pid_ns /mnt/scratch/root
         chroot /mnt/scratch/root /pid_ns --shared <&- 2>&- | grep -c PID
         chroot /mnt/scratch/root /pid_ns --shared >&- 2>/tmp/said; echo $?; grep -c EBADF /tmp/said";
    host::on_own_host(script).stdout("4\n1\n1\n");
}
