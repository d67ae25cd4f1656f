//! The claims of the chapter on mount namespaces.

use crate::support::{
    Who, are_static, assert_error, assert_transcript, assert_transcripts, everyone, host, is_root,
    lab, require, stdout,
};

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

#[test]
fn mounts_travel_as_the_table_says() {
    assert_transcripts!("default", lab("mount_ns"));
}

#[test]
fn unmounts_travel_as_mounts_do() {
    assert_transcripts!("umount", lab("mount_ns").args(["--umount"]));
    assert_travels(&["--umount"], "private", ["no", "no"]);
    assert_travels(&["--umount"], "slave", ["yes", "no"]);
    assert_travels(&["--umount"], "shared", ["yes", "yes"]);
    assert_travels(&["--umount"], "unbindable", ["no", "no"]);
}

#[test]
fn private_lets_nothing_travel_slave_lets_mounts_in_and_shared_in_both_directions() {
    assert_travels(&[], "private", ["no", "no"]);
    assert_travels(&[], "slave", ["yes", "no"]);
    assert_travels(&[], "shared", ["yes", "yes"]);
}

#[test]
fn unbindable_is_private_and_no_source_of_bind_mounts() {
    for &who in everyone() {
        let table = printed(&[], who);
        let expected = ["no", "no", "EINVAL", "unbindable"];
        assert_eq!(row(&table, "unbindable"), expected);
        for kind in ["private", "slave", "shared"] {
            assert_eq!(row(&table, kind)[2], "works", "{kind}");
        }
    }
}

#[test]
fn a_shared_copy_is_a_member_of_the_originals_group_and_a_slave_has_it_as_master() {
    for &who in everyone() {
        let table = printed(&[], who);
        let first = table.lines().next().unwrap();
        let (_, group) = first.rsplit_once("shared:").unwrap();
        assert_eq!(row(&table, "shared")[3], format!("shared:{group}"));
        assert_eq!(row(&table, "slave")[3], format!("master:{group}"));
        assert_eq!(row(&table, "private")[3], "-");
    }
}

#[test]
fn copies_of_a_private_original_are_strangers() {
    assert_transcripts!(
        "private_original",
        lab("mount_ns").args(["--private-original"])
    );
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
    assert_transcripts!("slave", lab("mount_ns").args(["slave"]));
    let table = printed(&[], everyone()[0]);
    for kind in KINDS {
        let alone = printed(&[kind], everyone()[0]);
        assert_eq!(alone.lines().count(), 5);
        assert_eq!(row(&alone, kind)[..3], row(&table, kind)[..3]);
    }
}

#[test]
fn an_unmount_in_the_child_leaves_the_parents_mount() {
    assert_transcripts!("mqueue", lab("mount_ns").args(["--mqueue"]));
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
    let locked = host::refused("$user mount_ns --mqueue --host");
    assert_error(&locked, "mount_ns: umount /dev/mqueue: EINVAL", "locked");
    let absent = host::refused("umount -a -t mqueue; mount_ns --mqueue --host");
    assert_error(&absent, "mount_ns: *EINVAL", "leave --host out");
}

#[test]
fn after_pivot_root_and_umount_the_namespace_holds_one_mount() {
    assert_transcripts!("pivot_root", lab("mount_ns").args(["--pivot-root"]));
    for &who in everyone() {
        let text = printed(&["--pivot-root"], who);
        assert_eq!(text.matches("  mounts left: ").count(), 1, "{text}");
        // A descriptor from before is a way back.
        let back = text.ends_with("  . is the old root:        yes\n");
        assert!(back, "{text}");
    }
}

#[test]
fn the_walk_leads_out_of_a_chroot_and_not_out_of_a_new_root() {
    assert_transcripts!("chroot", lab("mount_ns").args(["--chroot"]));
    for &who in everyone() {
        let text = printed(&["--chroot"], who);
        let lines = text.lines();
        let after = lines.filter(|line| line.starts_with("after the walk: "));
        let files = after.map(|line| line.rsplit_once("/: ").unwrap().1);
        assert_eq!(files.collect::<Vec<_>>(), ["jail outside", "cell"]);
    }
}

#[test]
fn pivot_root_refuses_what_breaks_its_rules() {
    assert_transcripts!("refusals", lab("mount_ns").args(["--refusals"]));
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
fn a_hold_of_one_type_ends_by_itself() {
    lab("mount_ns").args(["shared", "--hold", "0"]).printed();
}

#[test]
fn a_root_that_is_no_mount_point_is_an_error_with_a_hint() {
    require!(is_root(), "calls chroot");
    require!(are_static(), "the labs are linked dynamically here");
    let script = "mkdir /mnt/scratch/root; cp /mnt/labs/mount_ns /mnt/scratch/root; chroot /mnt/scratch/root /mount_ns";
    assert_eq!(
        host::refused(script),
        "mount_ns: mount MS_REC | MS_PRIVATE on /: EINVAL: Invalid argument\n\
         hint: / is no mount point here: inside a chroot, propagation cannot be set on it\n"
    );
}

const EVERYTHING: &str = "for lab in mount_ns 'mount_ns --umount' 'mount_ns shared --hold 0' \
     'mount_ns --private-original' 'mount_ns --mqueue' \
     'mount_ns --pivot-root' 'mount_ns --chroot' 'mount_ns --refusals'; do
         $lab; $user $lab; timeout -s KILL 0.005 $lab || :; done
     lab='mount_ns --mqueue --host'
     $lab; fails $user $lab; timeout -s KILL 0.005 $lab || :";

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(EVERYTHING);
}

#[test]
fn leaves_a_host_untouched_whose_root_is_shared() {
    require!(is_root(), "makes a host of its own");
    let script = format!("mount --make-rshared /; state >/before\n{EVERYTHING}");
    host::leaves_the_host_untouched(&script);
    let table = "mount --make-rshared /; mount_ns; echo '$ user'; $user mount_ns 2>/dev/null";
    let text = stdout(&host::on_own_host(table).success());
    let (root, user) = text.split_once("$ user").expect("both tables");
    for kind in KINDS {
        let quiet = row(&printed(&[], everyone()[0]), kind);
        assert_eq!(row(root, kind)[..3], quiet[..3], "{kind}");
        assert_eq!(row(user, kind)[..3], quiet[..3], "{kind}");
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
