//! What is the same for all labs: help and usage errors, and machines that refuse.
//! `hostile.rs` tries full, closed and broken outputs.

use crate::support::labs::{lab_of, names, of};
use crate::support::{
    are_static, assert_error, assert_says, host, is_root, lab, require, stderr, stdout,
};

#[test]
fn help_goes_to_stdout_and_usage_errors_to_stderr() {
    for name in &names() {
        let run = |option: &str| lab(name).args([option]).run();
        let help = run("--help").success().stderr("");
        assert!(stdout(&help).contains("Usage: "));
        let version = format!("{name} {}\n", env!("CARGO_PKG_VERSION"));
        run("--version").success().stdout(version);
        run("--no-such-option").code(usage_status(name)).stdout("");
        let full = lab(name).args(["--help"]).shell("\"$@\" >/dev/full");
        full.refused();
    }
}

/// Two tools keep to the manuals of those that they are called after.
fn usage_status(lab: &str) -> i32 {
    let as_in_the_manual = ["ns_exec", "nsenter", "unshare"].contains(&lab);
    if as_in_the_manual { 1 } else { 2 }
}

#[test]
fn options_that_exclude_each_other_and_values_that_are_none_are_usage_errors() {
    for line in [
        "init --host-proc",
        "init --no-reap --signals",
        "init --signals true",
        "init --subreaper --no-reap",
        "mount_ns --hold",
        "mount_ns --host",
        "time_ns --boottime x",
        "time_ns --by-clone --boottime=1",
        "time_ns --shared --late",
        "unshare --kill-child=NO true",
        "unshare --no-such",
        "unshare --propagation odd true",
        "uts_ns ",
    ] {
        let status = usage_status(lab_of(line));
        of(line).run().code(status).stdout("");
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
        let refused = REFUSED.iter().filter(|(_, types)| types.contains(&name));
        let expected = refused.map(|(lab, _)| format!("{lab}: 1\n"));
        host::on_own_host(&script).stdout(expected.collect::<String>());
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
fn a_limit_of_a_labs_own_type_is_an_error_with_a_hint() {
    require!(is_root(), "sets limits in a user namespace of its own");
    // ipc_ns makes one to stand for the host first.
    for (lab, limit, failed) in [
        ("cgroup_ns", "0 >max_cgroup", "unshare CLONE_NEWCGROUP"),
        ("ipc_ns", "1 >max_ipc", "clone CLONE_NEWNS | CLONE_NEWIPC"),
        ("time_ns", "0 >max_time", "unshare CLONE_NEWTIME"),
    ] {
        let script = format!(
            "$user /usr/bin/unshare -r sh -c 'cd /proc/sys/user; echo {limit}_namespaces; {lab} >/dev/null'"
        );
        let begin = format!("{lab}: {failed}: ENOSPC: ");
        assert_error(&host::refused(&script), &begin, "a limit");
    }
}

#[test]
fn the_proc_of_another_pid_namespace_is_an_error_with_a_hint() {
    require!(is_root(), "makes a PID namespace without its own /proc");
    for lab in ["init", "mount_ns", "pid_ns --nested 2", "user_ns"] {
        let name = lab_of(lab);
        let run = host::on_own_host(&format!("unshare --pid --fork {lab}"));
        run.code(1).stdout("").stderr(format!(
            "{name}: readlink /proc/self: ESRCH: No such process\n\
             hint: this /proc belongs to another PID namespace: mount one of your own, for example \
             with `unshare --fork --pid --mount-proc`\n"
        ));
    }
}

#[test]
fn a_chroot_refuses_user_namespaces_and_the_hint_says_so() {
    require!(is_root(), "calls chroot");
    let script = "mkdir /mnt/scratch/root; mount --bind / /mnt/scratch/root
         mount --bind /mnt/labs /mnt/scratch/root/mnt
         chroot /mnt/scratch/root setpriv --reuid=1234 --regid=1234 --clear-groups /mnt/pid_ns";
    let error = stderr(&host::on_own_host(script).code(1).stdout(""));
    assert_error(&error, "pid_ns: *CLONE_NEWUSER: EPERM", "chroot");
    assert_says(&error, &["just doctor"]);
}

#[test]
fn a_root_without_a_c_library_is_enough() {
    require!(is_root(), "calls chroot");
    require!(are_static(), "the labs are linked dynamically here");
    let script = "mkdir /mnt/scratch/root; cp /mnt/labs/pid_ns /mnt/labs/uts_ns /mnt/scratch/root
                  chroot /mnt/scratch/root /pid_ns >/dev/null && chroot /mnt/scratch/root /uts_ns b >/dev/null";
    host::on_own_host(script).success().stderr("");
}

#[test]
fn what_was_typed_reaches_no_terminal_raw() {
    let lab = lab("pid_ns").args(["\u{1b}]0;title\u{7}"]);
    let text = stderr(&lab.run().code(2));
    assert_says(&text, &["unexpected argument"]);
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
}

#[test]
fn closed_descriptors_need_no_dev_null() {
    require!(is_root(), "calls chroot");
    require!(are_static(), "the labs are linked dynamically here");
    let script = "mkdir /mnt/scratch/root; cp /mnt/labs/pid_ns /mnt/scratch/root
         chroot /mnt/scratch/root /pid_ns --shared <&- 2>&- | grep -c PID
         chroot /mnt/scratch/root /pid_ns --shared >&- 2>/tmp/said; echo $?; grep -c EBADF /tmp/said";
    host::on_own_host(script).stdout("4\n1\n1\n");
}
