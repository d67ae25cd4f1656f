//! The claims of the chapter on ID-mapped mounts.

use crate::support::sandbox::{self, require_64_bits, require_a_sandbox};
use crate::support::{
    Lab, Who, alone, assert_transcript, assert_transcripts, everyone, host, installed, is_root,
    lab, require, stderr, stdout,
};

/// Without newuidmap(1) a user has one ID, whatever the machine's /etc/subuid says.
fn with_one_id() -> Lab {
    let lab = lab("idmap_mount").by(Who::User);
    lab.shell("PATH=/nonexistent; exec \"$@\"")
}

/// The words behind the beginning of a line.
fn row(text: &str, begin: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(begin));
    let words = line.expect(begin).split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_owner_depends_on_the_mount_and_on_who_looks() {
    require!(is_root(), "two users take root, or delegated IDs");
    assert_transcript!("default", lab("idmap_mount").transcript());
    let text = lab("idmap_mount").printed();
    assert_eq!(row(&text, "outside"), "1000 10000");
    assert_eq!(row(&text, "root of the container  "), "65534 0");
}

#[test]
fn what_the_container_writes_belongs_to_the_owner_on_disk() {
    require!(is_root(), "two users take root, or delegated IDs");
    let text = lab("idmap_mount").printed();
    let makes = |path| row(&text, &format!("root of the container makes {path}"));
    assert_eq!(makes("/tmp/home/a"), "EACCES: Permission denied");
    assert_eq!(makes("/tmp/mapped/b"), "done");
    assert!(text.ends_with("\non disk, /tmp/home/b belongs to user 1000\n"));
}

#[test]
fn a_mount_that_does_not_map_the_owner_shows_nobody_and_makes_no_file() {
    assert_transcript!("one_id", with_one_id().transcript());
    let text = with_one_id().printed();
    assert_eq!(row(&text, "outside"), "0 65534");
    assert_eq!(row(&text, "root of the container  "), "0 65534");
    let makes = row(&text, "root of the container makes /tmp/mapped/b");
    assert!(makes.starts_with("EOVERFLOW: "), "{makes}");
    assert!(text.ends_with("\non disk, /tmp/home/a belongs to user 0\n"));
    assert!(text.starts_with("There is only one user ID, "), "{text}");
}

/// A copy of /etc in which two IDs are delegated to uid 1234.
const TWO_IDS: &str = "cp -a /etc /mnt/etc && mount --bind /mnt/etc /etc
    echo 'ada:x:1234:1234::/:/bin/sh' >>/etc/passwd; echo 'ada:100000:2' >/etc/subuid\n";

#[test]
fn with_delegated_ids_a_user_sees_what_root_sees() {
    require!(is_root() && installed("newuidmap"), "needs uidmap");
    let script = format!("{TWO_IDS} $user idmap_mount");
    let run = host::on_own_host(&script).success();
    assert_eq!(stdout(&run), lab("idmap_mount").printed());
}

/// Too few of them, or a newuidmap(1) that gets no rights, is as good as none.
#[test]
fn ids_that_cannot_be_had_leave_the_one_that_there_is() {
    require!(is_root() && installed("newuidmap"), "needs uidmap");
    for script in [
        "echo 'ada:100000:1' >/etc/subuid; $user idmap_mount",
        "$user setpriv --no-new-privs idmap_mount",
    ] {
        let run = host::on_own_host(&format!("{TWO_IDS} {script}")).success();
        assert_eq!(stdout(&run), with_one_id().printed(), "{script}");
    }
}

#[test]
fn chown_changes_the_disk_and_a_mount_does_not() {
    require!(is_root(), "two users take root, or delegated IDs");
    assert_transcript!("chown", lab("idmap_mount").args(["--chown"]).transcript());
    let text = lab("idmap_mount").args(["--chown", "10"]).printed();
    let owners = |way| {
        row(&text, way)
            .split_once(" ms ")
            .expect("a time")
            .1
            .to_owned()
    };
    assert_eq!(owners("a user namespace, a mount"), "10000 1000");
    assert_eq!(owners("chown(), once for each file"), "10000 10000");
}

#[test]
fn for_ten_thousand_files_a_mount_is_ten_times_faster_than_chown() {
    let _turn = alone();
    let ratio = || {
        let text = lab("idmap_mount").args(["--chown", "10000"]).printed();
        let time = |way| {
            let row = row(&text, way);
            let time = row.split_once(' ').expect("a time").0;
            time.parse::<f64>().expect("milliseconds")
        };
        time("chown(), once for each file") / time("a user namespace, a mount")
    };
    // A machine that is busy elsewhere may interrupt the one or the other.
    let best = (0..5).map(|_| ratio()).fold(0.0, f64::max);
    assert!(best >= 10.0, "{best}");
}

#[test]
fn each_rule_of_an_id_mapped_mount_has_its_errno() {
    assert_transcripts!("refusals", lab("idmap_mount").args(["--refusals"]));
    for &who in everyone() {
        let text = lab("idmap_mount").by(who).args(["--refusals"]).printed();
        for (rule, errno) in [
            ("none", "done"),
            ("the mount has no map yet", "EPERM"),
            ("the mount is attached nowhere", "EINVAL"),
            ("the descriptor is a user namespace's", "EINVAL"),
            ("that user namespace has its maps", "EINVAL"),
            ("CAP_SYS_ADMIN in that user namespace", "EPERM"),
            ("the file system has such mounts", "EINVAL"),
            ("CAP_SYS_ADMIN in that of the file system", "EPERM"),
        ] {
            assert!(row(&text, rule).starts_with(errno), "{rule}: {text}");
        }
    }
}

#[test]
fn mount_setattr_reaches_the_mounts_below_and_a_remount_does_not() {
    assert_transcripts!("read_only", lab("idmap_mount").args(["--read-only"]));
    let text = lab("idmap_mount").args(["--read-only"]).printed();
    assert_eq!(row(&text, "as they are"), "done done");
    assert_eq!(row(&text, "mount(MS_RDONLY | MS_REC)"), "EROFS done");
    let whole = "mount_setattr(MOUNT_ATTR_RDONLY, AT_RECURSIVE)";
    assert_eq!(row(&text, whole), "EROFS EROFS");
}

#[test]
fn in_a_namespace_inside_flags_can_be_added_and_none_taken_off() {
    let text = lab("idmap_mount").args(["--read-only"]).printed();
    assert_eq!(row(&text, "MS_NOSUID more"), "done");
    assert!(row(&text, "MS_NOATIME more").starts_with("EPERM"), "{text}");
    assert!(
        row(&text, "MS_RDONLY taken off").starts_with("EPERM"),
        "{text}"
    );
}

#[test]
fn the_steps_are_narrated() {
    require!(is_root(), "two users take root, or delegated IDs");
    let lab = lab("idmap_mount").args(["--explain"]);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn the_narration_leaves_the_transcript_alone() {
    for option in ["--hold=0", "--chown=1", "--refusals", "--read-only"] {
        let lab = lab("idmap_mount").by(Who::User).args([option]);
        let explained = lab.clone().args(["--explain"]);
        if option != "--chown=1" {
            assert_eq!(explained.printed(), lab.printed());
        }
        let said = stderr(&explained.run());
        let steps = said
            .lines()
            .filter(|line| !line.starts_with("idmap_mount: ") && !line.contains("nsenter"));
        for line in steps {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn the_commands_of_a_hold_work_and_mountinfo_says_which_mount_is_mapped() {
    require!(is_root(), "makes a host of its own");
    for (who, expected) in [
        ("", "1000 10000 65534 0\n"),
        (
            "$user env PATH=/mnt/labs:/usr/bin:/bin",
            "0 65534 0 65534\n",
        ),
    ] {
        let script = format!(
            "{who} idmap_mount --hold 20 </dev/null >/dev/null 2>/run/commands & lab=$!
             wait_for grep -q 'in the container' /run/commands
             echo $(grep '^  ' /run/commands | sed 's/ls -ln/stat -c %u/' | {who} sh)
             grep idmapped /proc/$lab/mountinfo | cut -d ' ' -f 5
             kill $lab; wait $lab 2>/dev/null; true"
        );
        let expected = format!("{expected}/tmp/mapped\n");
        host::on_own_host(&script).success().stdout(expected);
    }
}

/// A filter stands for the older kernel: of the call that it lacks it says the same.
#[test]
fn a_kernel_that_lacks_a_call_is_told_with_its_version() {
    require_a_sandbox!();
    require_64_bits!();
    for (kernel, call, version) in [
        (
            "linux-5.10",
            "mount_setattr MOUNT_ATTR_IDMAP on a tmpfs",
            "Linux 5.12",
        ),
        ("linux-5.0", "fsmount tmpfs", "Linux 5.2"),
    ] {
        for who in ["", "$user1234"] {
            let around = format!("$seccomp {kernel} {who} \"$@\"");
            let script = "block idmap_mount 2>&1 | grep -v 'needed: ' | sed '/^There/,/^$/d'
                          block doctor --json | grep -c '\"idmap\",\"works\":false'";
            let text = stdout(&sandbox::run(&around, script));
            let begin = format!(
                "idmap_mount: {call}: ENOSYS: Function not implemented\n\
                 hint: this call came with {version}; "
            );
            assert!(text.starts_with(&begin), "{text}");
            assert_eq!(text.lines().count(), 3, "{text}");
        }
    }
}

/// Linux 5.12 to 6.2, for which strace(1) stands.
#[test]
fn a_tmpfs_that_shows_no_other_ids_is_told() {
    require!(is_root() && installed("strace"), "injects an errno");
    let script = "strace -f -qq -o /dev/null -e trace=mount_setattr \
                  -e inject=mount_setattr:error=EINVAL";
    for option in ["", "--refusals", "--chown"] {
        let said = host::refused(&format!("{script} idmap_mount {option}"));
        let lines: Vec<_> = said
            .lines()
            .filter(|line| !line.contains("needed:"))
            .collect();
        assert_eq!(
            lines,
            [
                "idmap_mount: mount_setattr MOUNT_ATTR_IDMAP on a tmpfs: EINVAL: Invalid argument",
                "hint: a tmpfs shows other IDs since Linux 6.3: see `uname -r`",
            ],
            "{option}"
        );
    }
}

/// With AT_RECURSIVE a single mount that cannot do it, such as proc, is enough.
#[test]
fn a_tree_of_mounts_is_changed_whole_or_not_at_all() {
    require!(is_root() && installed("python3"), "makes a host of its own");
    let script = r#"mkdir /tmp/top && mount -t tmpfs none /tmp/top && mkdir /tmp/top/proc
        python=$(python3 -c 'import sys; print(sys.executable)')
        unshare -U sleep 20 & sleeper=$!; wait_for runs $sleeper sleep
        echo '0 1000 1' >/proc/$sleeper/uid_map; echo '0 1000 1' >/proc/$sleeper/gid_map
        map() { "$python" -c '
import ctypes, os, struct, sys
call = ctypes.CDLL(None, use_errno=True).syscall
tree = call(428, -100, b"/tmp/top", 0x8001)
namespace = os.open(f"/proc/{sys.argv[1]}/ns/user", os.O_RDONLY)
attributes = struct.pack("4Q", 0x100000, 0, 0, namespace)
failed = call(442, tree, b"", 0x9000, attributes, 32)
print(os.strerror(ctypes.get_errno()) if failed else "done")' $sleeper; }
        map; mount -t proc proc /tmp/top/proc; map; kill $sleeper"#;
    let run = host::on_own_host(script).success();
    assert_eq!(
        stdout(&run),
        "done
Invalid argument
"
    );
}

#[test]
fn options_that_exclude_one_another_are_a_usage_error() {
    for args in [
        &["--chown", "--refusals"][..],
        &["--read-only", "--hold", "0"],
        &["--chown", "0"],
    ] {
        lab("idmap_mount").args(args).run().code(2);
    }
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "for option in '' '--chown 100' --refusals --read-only '--hold 0'; do
             idmap_mount $option; $user idmap_mount $option
             timeout -s KILL 0.005 idmap_mount $option || :
         done",
    );
}
