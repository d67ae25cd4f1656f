//! What the doctor says of a /proc that is not as labs need it, and of what only looks so.

use crate::support::sandbox::{compare, require_a_sandbox, run, with_mounts};
use crate::support::{installed, is_root, require, stdout};

#[test]
fn a_read_only_proc_is_told() {
    require_a_sandbox!();
    compare(&[(
        &with_mounts("mount -o remount,ro,bind /proc", "$user1234"),
        "status 1
         read_only: none runs",
    )]);
}

#[test]
fn a_proc_that_is_masked_foreign_or_missing_is_told_apart() {
    require_a_sandbox!();
    let mask = "mount --bind /dev/null /proc/keys";
    let container = "mount --bind -o ro /proc/sys /proc/sys && mount -t tmpfs none /proc/bus";
    let none = "while umount -l /proc 2>/dev/null; do :; done; true";
    compare(&[
        (
            &with_mounts(mask, ""),
            "status 1
             masked_proc: not container
             cgroup_not_writable masked_proc: not proc leave sub_cgroup container",
        ),
        (
            &with_mounts(container, "$user1234"),
            "status 1
             cgroup_not_writable masked_proc: not proc leave bridge sub_cgroup container",
        ),
        (
            &with_mounts("mount -t tmpfs none /proc/sys", ""),
            "status 1
             masked_proc: not user ipc bridge container
             cgroup_not_writable masked_proc: not user proc leave ipc bridge sub_cgroup container",
        ),
        (
            &with_mounts(none, ""),
            "status 1
             no_proc: not procfs enter user join idmap ipc bridge cgroup sub_cgroup time container every
             no_proc: none runs",
        ),
        (
            &with_mounts(none, "$user1234"),
            "status 1\nno_proc: none runs",
        ),
        (
            r#"/usr/bin/unshare -pf "$@""#,
            "status 1
             foreign_proc: not procfs user idmap ipc cgroup sub_cgroup time container
             foreign_proc: not procfs user idmap ipc cgroup sub_cgroup time",
        ),
        (
            r#"$user1234 /usr/bin/unshare -rpf "$@""#,
            "status 1
             foreign_proc: not procfs user idmap ipc cgroup sub_cgroup time container",
        ),
    ]);
}

#[test]
fn a_proc_that_keeps_access_times_otherwise_is_no_hindrance() {
    require_a_sandbox!();
    for option in ["noatime", "strictatime", "nodiratime"] {
        let around = with_mounts(
            &format!("mount -o remount,bind,{option} /proc"),
            "$user1234",
        );
        compare(&[(&around, "status 0\ncgroup_not_writable: all run")]);
    }
}

#[test]
fn a_proc_of_processes_only_and_a_single_covered_file_are_told() {
    require_a_sandbox!();
    compare(&[(
        &with_mounts("mount -t proc -o subset=pid proc /proc", "$user1234"),
        "status 1\ncgroup_not_writable subset_proc: not user ipc bridge sub_cgroup time every",
    )]);
    for (file, refused) in [
        ("uptime", "proc leave sub_cgroup time container"),
        ("meminfo", "proc leave sub_cgroup container every"),
        (
            "sys/kernel/cap_last_cap",
            "user proc leave sub_cgroup container",
        ),
    ] {
        let around = with_mounts(&format!("mount --bind /dev/null /proc/{file}"), "$user1234");
        let found = format!("status 1\ncgroup_not_writable masked_proc: not {refused}");
        compare(&[(&around, &found)]);
    }
}

#[test]
fn where_no_child_can_be_born_any_more_is_told_from_a_lack_of_memory() {
    require_a_sandbox!();
    compare(&[
        (
            // The first child of this shell is the namespace's first process, and ends.
            r#"/usr/bin/unshare -p sh -c 'true & wait; exec "$@"' sh "$@""#,
            "status 1
             first_process_ended: none runs",
        ),
        (
            r#"bash -c 'ulimit -q 0; exec "$@"' bash "$@""#,
            "status 1
             message_queues_at_limit: not ipc
             cgroup_not_writable message_queues_at_limit: not ipc sub_cgroup",
        ),
    ]);
}

#[test]
fn a_call_that_something_refuses_without_a_word_is_told() {
    require_a_sandbox!();
    require!(installed("strace"), "strace plays RHEL 7 and systemd");
    for (injection, reason) in [
        ("unshare:error=EINVAL", "boot parameter"),
        ("socket:error=EAFNOSUPPORT", "RestrictAddressFamilies="),
    ] {
        let around = format!("strace -f -qq -o /dev/null -e inject={injection}");
        let text = stdout(&run(&format!("$user1234 {around} \"$@\""), "block doctor"));
        assert!(text.contains(reason), "{injection}: {text}");
    }
}

#[test]
fn what_helps_is_told_for_the_container_that_this_is() {
    require_a_sandbox!();
    let around = with_mounts("mount --bind /dev/null /proc/keys", "$user1234");
    for (kind, fix) in [("lxc", "pct set ID --features nesting=1"), ("", "Docker")] {
        let text = stdout(&run(&around, &format!("container={kind} block doctor")));
        let words: Vec<_> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(fix), "{kind}: {text}");
    }
}
