//! The claims of the chapter on mount namespaces.

use std::time::Duration;

use crate::support::{
    Who, assert_transcript, everyone, host, is_root, lab, require, stderr, stdout, storm,
};
use nix::sys::signal::Signal;

fn printed(args: &[&str], who: Who) -> String {
    lab("mount_ns").args(args).by(who).printed()
}

const KINDS: [&str; 4] = ["private", "slave", "shared", "unbindable"];

/// A row of the table: came in, went out, bind mount, mountinfo's tag.
fn row(table: &str, kind: &str) -> [String; 4] {
    let line = table.lines().find(|line| line.starts_with(kind)).unwrap();
    let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    words[1..].to_vec().try_into().unwrap()
}

/// Whether a mount comes in, and goes out, for root and for a user.
fn assert_travels(args: &[&str], kind: &str, expected: [&str; 2]) {
    for &who in everyone() {
        assert_eq!(row(&printed(args, who), kind)[..2], expected, "{kind}");
    }
}

/// What the lab says on stderr when it fails on a host of its own.
fn error(script: &str) -> String {
    stderr(&host::on_own_host(script).code(1))
}

/// What an option shows is the same for root and for a user.
fn assert_same_for_everyone(name: &str, args: &[&str]) {
    for &who in everyone() {
        assert_transcript!(name, lab("mount_ns").by(who).args(args).transcript());
    }
}

#[test]
fn mounts_travel_as_the_table_says() {
    assert_same_for_everyone("default", &[]);
}

#[test]
fn unmounts_travel_as_mounts_do() {
    assert_same_for_everyone("umount", &["--umount"]);
    assert_travels(&["--umount"], "private", ["no", "no"]);
    assert_travels(&["--umount"], "slave", ["yes", "no"]);
    assert_travels(&["--umount"], "shared", ["yes", "yes"]);
    assert_travels(&["--umount"], "unbindable", ["no", "no"]);
}

#[test]
fn private_lets_nothing_travel() {
    assert_travels(&[], "private", ["no", "no"]);
}

#[test]
fn slave_lets_mounts_in_and_none_out() {
    assert_travels(&[], "slave", ["yes", "no"]);
}

#[test]
fn shared_lets_mounts_travel_in_both_directions() {
    assert_travels(&[], "shared", ["yes", "yes"]);
}

#[test]
fn unbindable_is_private_and_no_source_of_bind_mounts() {
    for &who in everyone() {
        let table = printed(&[], who);
        assert_eq!(
            row(&table, "unbindable"),
            ["no", "no", "EINVAL", "unbindable"]
        );
        for kind in ["private", "slave", "shared"] {
            assert_eq!(row(&table, kind)[2], "works", "{kind}");
        }
    }
}

#[test]
fn a_shared_copy_is_a_member_of_the_originals_group_and_a_slave_has_it_as_master() {
    for &who in everyone() {
        let table = printed(&[], who);
        let (_, group) = table
            .lines()
            .next()
            .unwrap()
            .rsplit_once("shared:")
            .unwrap();
        assert_eq!(row(&table, "shared")[3], format!("shared:{group}"));
        assert_eq!(row(&table, "slave")[3], format!("master:{group}"));
        assert_eq!(row(&table, "private")[3], "-");
    }
}

#[test]
fn copies_of_a_private_original_are_strangers() {
    assert_same_for_everyone("private_original", &["--private-original"]);
    for &who in everyone() {
        let table = printed(&["--private-original"], who);
        for kind in KINDS {
            assert_eq!(row(&table, kind)[..2], ["no", "no"], "{kind}");
        }
        assert_eq!(row(&table, "slave")[3], "-", "a slave of nobody is private");
        assert!(row(&table, "shared")[3].starts_with("shared:"));
    }
}

#[test]
fn one_type_alone_has_the_row_that_it_has_in_the_table() {
    assert_same_for_everyone("slave", &["slave"]);
    let table = printed(&[], everyone()[0]);
    for kind in KINDS {
        let alone = printed(&[kind], everyone()[0]);
        assert_eq!(alone.lines().count(), 5);
        assert_eq!(row(&alone, kind)[..3], row(&table, kind)[..3]);
    }
}

#[test]
fn an_unmount_in_the_child_leaves_the_parents_mount() {
    assert_same_for_everyone("mqueue", &["--mqueue"]);
}

#[test]
fn the_articles_unmount_leaves_the_hosts_mqueue_also_where_root_is_shared() {
    require!(is_root(), "makes a host of its own");
    for share in ["true", "mount --make-rshared /"] {
        let script = format!(
            "umount -a -t mqueue; mount -t mqueue mqueue /dev/mqueue; {share}
             mount_ns --mqueue --host | sed 's/[0-9][0-9][0-9]*/N/' | tail -2"
        );
        host::on_own_host(&script).success().stdout(
            "/proc/N/mounts: mqueue /dev/mqueue mqueue rw,relatime 0 0\n\
             /proc/N/mounts: nothing is mounted on /dev/mqueue\n",
        );
    }
}

#[test]
fn mounts_of_a_more_privileged_namespace_are_locked() {
    require!(is_root(), "makes a host of its own");
    let locked = error("$user mount_ns --mqueue --host");
    assert!(locked.contains("umount /dev/mqueue: EINVAL") && locked.contains("locked"));
    let absent = error("umount -a -t mqueue; mount_ns --mqueue --host");
    assert!(absent.contains("EINVAL") && absent.ends_with("leave --host out\n"));
}

#[test]
fn after_pivot_root_and_umount_the_namespace_holds_one_mount() {
    assert_same_for_everyone("pivot_root", &["--pivot-root"]);
    for &who in everyone() {
        let text = printed(&["--pivot-root"], who);
        assert_eq!(text.matches("  mounts left: ").count(), 1, "{text}");
    }
}

#[test]
fn a_descriptor_from_before_is_a_way_back_to_the_old_root() {
    for &who in everyone() {
        let text = printed(&["--pivot-root"], who);
        assert!(
            text.ends_with("  . is the old root:        yes\n"),
            "{text}"
        );
    }
}

#[test]
fn the_walk_leads_out_of_a_chroot_and_not_out_of_a_new_root() {
    assert_same_for_everyone("chroot", &["--chroot"]);
    for &who in everyone() {
        let text = printed(&["--chroot"], who);
        let after = text
            .lines()
            .filter(|line| line.starts_with("after the walk: "));
        let files: Vec<_> = after
            .map(|line| line.rsplit_once("/: ").unwrap().1)
            .collect();
        assert_eq!(files, ["jail outside", "cell"]);
    }
}

#[test]
fn pivot_root_refuses_what_breaks_its_rules() {
    assert_same_for_everyone("refusals", &["--refusals"]);
}

#[test]
fn the_narration_tells_what_happens() {
    for (name, option) in [
        ("explain", "slave"),
        ("explain_mqueue", "--mqueue"),
        ("explain_pivot_root", "--pivot-root"),
        ("explain_chroot", "--chroot"),
    ] {
        let lab = lab("mount_ns").by(Who::User).args([option, "--explain"]);
        assert_transcript!(name, lab.terminal());
    }
}

#[test]
fn the_commands_of_a_hold_work() {
    require!(is_root(), "makes a host of its own");
    for who in ["", "$user"] {
        for (kind, times) in [("slave", 2), ("private", 1)] {
            let script = format!(
                "{who} mount_ns {kind} --hold 20 </dev/null >/dev/null 2>/run/commands & lab=$!
                 wait_for grep -q 'come in' /run/commands
                 grep '^  ' /run/commands | {who} sh | grep -o '/tmp/{kind}/mine'
                 kill $lab; wait $lab 2>/dev/null; true"
            );
            let expected = format!("/tmp/{kind}/mine\n").repeat(times);
            host::on_own_host(&script).success().stdout(expected);
        }
    }
}

#[test]
fn a_hold_wants_one_type() {
    for args in [["--hold"], ["--host"]] {
        lab("mount_ns").args(args).command().assert().code(2);
    }
    let held = lab("mount_ns").args(["shared", "--hold", "0"]);
    held.command().assert().success();
}

#[test]
fn a_root_that_is_no_mount_point_is_an_error_with_a_hint() {
    require!(is_root(), "calls chroot");
    let linked_statically = cfg!(target_feature = "crt-static");
    require!(linked_statically, "the labs are linked dynamically here");
    let script = "mkdir /mnt/scratch/root; cp /mnt/labs/mount_ns /mnt/scratch/root; chroot /mnt/scratch/root /mount_ns";
    assert_eq!(
        error(script),
        "mount_ns: mount MS_REC | MS_PRIVATE on /: EINVAL: Invalid argument\n\
         hint: / is no mount point here: inside a chroot, propagation cannot be set on it\n"
    );
}

#[test]
fn a_wrong_proc_is_an_error_with_a_hint() {
    require!(is_root(), "makes a PID namespace without its own /proc");
    let error = error("unshare --pid --fork mount_ns");
    assert!(error.contains("/proc/self: ESRCH") && error.contains("\nhint: "));
}

const EVERYTHING: &str = "for lab in mount_ns 'mount_ns --umount' 'mount_ns shared --hold 0' \
     'mount_ns --private-original' 'mount_ns --mqueue' \
     'mount_ns --pivot-root' 'mount_ns --chroot' 'mount_ns --refusals'; do
         $lab; $user $lab; timeout -s KILL 0.005 $lab || :; done
     lab='mount_ns --mqueue --host'
     $lab; fails $user $lab; timeout -s KILL 0.005 $lab || :";

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    host::leaves_the_host_untouched(EVERYTHING);
}

#[test]
fn leaves_a_host_untouched_whose_root_is_shared() {
    require!(is_root(), "makes a host of its own");
    let script = format!("mount --make-rshared /; state >/before\n{EVERYTHING}");
    host::leaves_the_host_untouched(&script);
    let table = "mount --make-rshared /; mount_ns | tail -4; $user mount_ns 2>/dev/null | tail -4";
    let text = stdout(&host::on_own_host(table).success());
    let (root, user) = text.split_at(text.len() / 2);
    for kind in KINDS {
        let quiet = row(&printed(&[], everyone()[0]), kind);
        assert_eq!(row(root, kind)[..3], quiet[..3], "{kind}");
        assert_eq!(row(user, kind)[..3], quiet[..3], "{kind}");
    }
}

#[test]
fn ends_at_a_random_moment_without_a_trace() {
    for round in 0..24 {
        let form = [["--umount"], ["--mqueue"], ["--pivot-root"], ["--chroot"]][round % 4];
        let signal = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT][round % 3];
        let who = everyone()[round / 12 % everyone().len()];
        let lab = lab("mount_ns").by(who).args(form);
        storm::end_at_random(&lab, signal, Duration::from_millis(20));
    }
}

#[test]
fn the_hosts_mounts_are_for_mqueue_alone() {
    require!(is_root(), "makes a host of its own");
    // clap does not ask for a required option that another one excludes.
    let script = "state >/before
         for option in slave --umount --private-original --pivot-root --chroot --refusals '--hold 0'; do
             mount_ns --host $option 2>/dev/null; echo $?; mount_ns $option --host 2>/dev/null; echo $?
         done | sort | uniq -c | tr -s ' '
         for option in --mqueue --pivot-root --chroot --refusals; do
             mount_ns $option --hold 0 2>/dev/null; echo $?
         done | sort | uniq -c | tr -s ' '; settled";
    host::on_own_host(script).stdout(" 14 2\n 4 2\n");
}
