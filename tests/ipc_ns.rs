//! The claims of the chapter on IPC namespaces.

use crate::support::{Who, assert_transcript, everyone, host, is_root, lab, require, stderr};

const NO_QUEUE: &str = "ENOENT: No such file or directory";
const CHANGED: &str = "4096, msgmnb 8192, msgmni 16";
const UNCHANGED: &str = "8192, msgmnb 16384, msgmni 32000";

/// A run in two namespaces, and one in which the child stays in the parent's.
fn runs(who: Who) -> [String; 2] {
    let lab = lab("ipc_ns").by(who);
    [lab.printed(), lab.args(["--shared"]).printed()]
}

/// What stands behind `begin` in the lines of the transcript that have it.
fn behind<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(begin))
        .collect()
}

/// Root of a user namespace may write these limits since Linux 6.9 only.
fn may_write_limits(who: Who) -> bool {
    !runs(who)[0].contains("/msgmax): EACCES")
}

#[test]
fn the_transcript_is_the_same_for_root_and_an_ordinary_user() {
    for &who in everyone() {
        require!(may_write_limits(who), "this Linux is older than 6.9");
        let lab = lab("ipc_ns").by(who);
        assert_transcript!("default", lab.transcript());
        assert_transcript!("shared", lab.args(["--shared"]).transcript());
    }
}

#[test]
fn a_queue_made_outside_is_not_found_inside_and_the_reverse() {
    for &who in everyone() {
        let [own, shared] = runs(who);
        assert_eq!(behind(&own, "child:  msgget(0xa): "), [NO_QUEUE]);
        assert_eq!(behind(&own, "parent: msgget(0xb): "), [NO_QUEUE]);
        assert_eq!(behind(&own, "child:  mq_open(\"/a\"): "), [NO_QUEUE]);
        assert_eq!(behind(&own, "parent: mq_open(\"/b\"): "), [NO_QUEUE]);
        assert!(!shared.contains("ENOENT"), "{shared}");
        assert_eq!(shared.matches(": found").count(), 4, "{shared}");
    }
}

#[test]
fn the_same_key_and_name_are_two_queues_that_never_meet() {
    for &who in everyone() {
        let [own, _] = runs(who);
        for name in ["msgget(0xa, IPC_CREAT", "mq_open(\"/a\", O_CREAT"] {
            let made = own
                .lines()
                .filter(|line| line.contains(name) && line.contains("a new queue"));
            assert_eq!(made.count(), 2, "{own}");
        }
        for call in ["msgrcv(0)", "mq_receive()"] {
            let received = behind(&own, &format!("parent: {call}: "));
            assert_eq!(received, ["received \"from the parent\""]);
            let received = behind(&own, &format!("child:  {call}: "));
            assert_eq!(received, ["received \"from the child\""]);
        }
    }
}

#[test]
fn identifiers_are_counted_in_each_namespace() {
    for &who in everyone() {
        let [own, _] = runs(who);
        let made = "msgget(0xa, IPC_CREAT | IPC_EXCL): a new queue, identifier ";
        assert_eq!(behind(&own, &format!("parent: {made}")), ["0"]);
        assert_eq!(behind(&own, &format!("child:  {made}")), ["0"]);
    }
}

#[test]
fn without_clone_newipc_the_child_takes_the_parents_message() {
    for &who in everyone() {
        let [_, shared] = runs(who);
        for call in ["msgrcv(0)", "mq_receive()"] {
            let received = behind(&shared, &format!("child:  {call}: "));
            assert_eq!(received, ["received \"from the parent\""]);
        }
        let nothing = "ENOMSG: No message of desired type";
        assert_eq!(behind(&shared, "parent: msgrcv(0): "), [nothing]);
        let nothing = "EAGAIN: Try again";
        assert_eq!(behind(&shared, "parent: mq_receive(): "), [nothing]);
        assert_eq!(shared.matches("IPC_EXCL): EEXIST").count(), 1);
        assert_eq!(shared.matches("O_EXCL): EEXIST").count(), 1);
    }
}

#[test]
fn the_links_tell_the_namespaces_apart() {
    for &who in everyone() {
        let [own, shared] = runs(who);
        for (text, different) in [(own, true), (shared, false)] {
            let link = |of: &str| behind(&text, &format!("IPC namespace of the {of} "));
            let links = [link("parent:"), link("child: ")];
            assert!(links[0][0].starts_with("ipc:["), "{text}");
            assert_eq!(links[0] != links[1], different, "{text}");
        }
    }
}

#[test]
fn a_mount_lists_the_namespace_of_whoever_mounted_it() {
    for &who in everyone() {
        let [own, shared] = runs(who);
        assert_eq!(behind(&own, "child:  /dev/mqueue lists: "), ["a", "a b"]);
        assert_eq!(behind(&own, "parent: /dev/mqueue lists: "), ["a"]);
        // The child has used its own queues before: mq_open() needs no mount.
        let mounted = own.find("mount(mqueue").unwrap();
        assert!(own.find("\"/b\", O_CREAT | O_EXCL): a new").unwrap() < mounted);

        assert_eq!(behind(&shared, "child:  /dev/mqueue lists: "), ["a b"; 2]);
        assert_eq!(behind(&shared, "parent: /dev/mqueue lists: "), ["a b"]);
        let busy = "child:  mount(mqueue on /dev/mqueue): EBUSY";
        assert!(shared.contains(busy), "{shared}");
    }
}

#[test]
fn limits_changed_inside_stay_unchanged_outside() {
    for &who in everyone() {
        require!(may_write_limits(who), "this Linux is older than 6.9");
        let [own, shared] = runs(who);
        assert_eq!(behind(&own, "child:  msgmax "), [CHANGED]);
        assert_eq!(behind(&own, "parent: msgmax "), [UNCHANGED; 2]);
        assert_eq!(behind(&shared, "parent: msgmax "), [UNCHANGED, CHANGED]);

        let refused = "EINVAL: Invalid argument";
        assert_eq!(behind(&own, "child:  msgsnd(4097 bytes): "), [refused]);
        assert_eq!(behind(&own, "parent: msgsnd(4097 bytes): "), ["sent"]);
        assert_eq!(behind(&shared, "parent: msgsnd(4097 bytes): "), [refused]);
    }
}

#[test]
fn limits_that_may_not_be_written_are_shown_as_refused() {
    require!(is_root(), "mounts /proc/sys read-only, as containers do");
    let script = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys
         for as in '' \"$user\"; do $as ipc_ns 2>/dev/null | tail -8 | sed 1d; done";
    let refused = format!(
        "child:  write(/proc/sys/kernel/msgmax): EROFS: Read-only file system\n\
         child:  write(/proc/sys/kernel/msgmnb): EROFS: Read-only file system\n\
         child:  write(/proc/sys/kernel/msgmni): EROFS: Read-only file system\n\
         child:  msgmax {UNCHANGED}\n\
         child:  msgsnd(4097 bytes): sent\n\
         parent: msgmax {UNCHANGED}\n\
         parent: msgsnd(4097 bytes): sent\n"
    );
    host::on_own_host(script).stdout(refused.repeat(2));
}

#[test]
fn a_new_namespace_begins_with_the_kernels_limits() {
    require!(is_root(), "makes a host of its own");
    let script = "cd /proc/sys; echo 65536 >kernel/msgmax; echo 20 >fs/mqueue/msg_max
         cat kernel/msgmax fs/mqueue/msg_max; unshare --ipc cat kernel/msgmax fs/mqueue/msg_max";
    host::on_own_host(script).stdout("65536\n20\n8192\n10\n");
}

#[test]
fn an_open_queue_is_used_from_another_namespace() {
    require!(is_root(), "makes a host of its own");
    let script = "touch /dev/mqueue/a; exec 3</dev/mqueue/a
         unshare --ipc --mount sh -c 'umount /dev/mqueue; cat <&3' | cut -c -7";
    host::on_own_host(script).stdout("QSIZE:0\n");
}

#[test]
fn limits_that_are_reached_are_errors_with_hints() {
    require!(is_root(), "makes a host of its own");
    let script = "unshare --ipc sh -c 'echo 1 >/proc/sys/kernel/msgmni; ipcmk -Q; ipcmk -Q' 2>&1
         prlimit --msgqueue=1 ipc_ns 2>&1 >/dev/null";
    host::on_own_host(script).code(1).stdout(
        "Message queue id: 0\n\
         ipcmk: create message queue failed: No space left on device\n\
         ipc_ns: mq_open \"/a\", O_CREAT | O_EXCL: EMFILE: Too many open files\n\
         hint: a user's POSIX message queues share a limit of bytes, in all IPC namespaces \
         together: see `ulimit -q`\n",
    );
}

#[test]
fn a_machine_without_dev_mqueue_is_no_obstacle() {
    require!(is_root(), "makes a host of its own");
    let script = "mount -t tmpfs none /dev; for as in '' \"$user\"; do
         $as ipc_ns | grep -c '/dev/mqueue lists: a'; ls /dev; done";
    host::on_own_host(script).stdout("3\n3\n");
}

#[test]
fn a_hold_prints_commands_that_work() {
    require!(is_root(), "makes a host of its own");
    for user in ["", "$user"] {
        // Its third command lists the child's queues, its last the child's mount.
        let script = format!(
            "mkfifo /tmp/enter; {user} ipc_ns --hold >/dev/null 2>/tmp/said </tmp/enter & lab=$!
             exec 3>/tmp/enter; wait_for grep -q 'ls /dev/mqueue' /tmp/said
             grep nsenter /tmp/said >/tmp/commands
             {user} sh /tmp/commands | grep -cE '^0x0000000[ab]|^[ab]$'; echo >&3; wait $lab; echo $?"
        );
        // One queue outside; inside two and a private one, and two files.
        host::on_own_host(&script).stdout("5\n0\n");
    }
}

#[test]
fn the_narration_tells_what_happens() {
    require!(may_write_limits(Who::User), "this Linux is older than 6.9");
    let user = lab("ipc_ns").by(Who::User).args(["--explain"]);
    assert_transcript!("explain", user.terminal());
}

#[test]
fn the_status_is_that_of_the_process_whose_reader_left() {
    for lines in 1..=30 {
        let script = format!("{{ \"$@\" 2>/dev/null; echo $? >&2; }} | head -n {lines} >/dev/null");
        let status = stderr(&lab("ipc_ns").shell(&script).run().success());
        assert!(["0\n", "141\n"].contains(&&*status), "{lines}: {status}");
    }
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "ipc_ns; ipc_ns --shared; $user ipc_ns; fails timeout -s KILL 0.01 ipc_ns --hold 9",
    );
    // Also where mounts travel, and where queues of the same names are in use.
    host::leaves_the_host_untouched(
        "mount --make-rshared /; state >/before; ipc_ns; ipc_ns --shared; $user ipc_ns",
    );
}
