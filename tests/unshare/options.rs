//! The options of unshare(1): what the program finds. A line for each case: who,
//! the options, what the program prints.

use std::fs;

use super::cases;
use crate::support::{Who, directory, host, installed, is_root, lab, require, session};

/// Runs `unshare OPTIONS sh -c PROGRAM`, and returns its status and all that it
/// prints; the program's lines become one.
fn run(who: Who, options: &str, program: &str) -> (Option<i32>, String) {
    let script = format!("\"$@\" {options} sh -c 'echo $({program})' 2>&1");
    let output = lab("unshare").by(who).shell(&script).command().output();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.code(), text)
}

fn assert_each(program: &str, table: &str) {
    for (who, options, expected) in cases(table) {
        let found = run(who, options, program);
        let expected = (Some(0), expected.to_owned());
        assert_eq!(found, expected, "{who:?}: {options}");
    }
}

#[test]
fn the_program_is_who_it_shall_be() {
    let who = "id -u; id -g; id -G; pwd";
    assert_each(
        who,
        "user -r -w / => 0 0 0 /
         user -r -S 0 --wd=/tmp => 0 0 0 /tmp
         root -S 1234 -w / => 1234 0 0 /
         root -G 1234 -w / => 0 1234 1234 /
         root --setuid=1234 --setgid 5 -w /usr => 1234 5 5 /usr",
    );
    // Supplementary groups go with -G, and only with it.
    require!(is_root(), "changes groups");
    let groups = "setpriv --groups 7,8 \"$@\" -G 5 id -G; setpriv --groups 7,8 \"$@\" -S 5 id -G";
    let run = lab("unshare").shell(groups).run();
    run.success().stdout("5\n0 7 8\n");
}

#[test]
fn capabilities_outlive_the_execution_with_keep_caps_only() {
    let ambient = "grep CapAmb /proc/self/status | tr -d 0 | cut -f2";
    let effective = "grep CapEff /proc/self/status | tr -d 0 | cut -f2";
    for (options, program, all) in [
        ("-c", effective, false),
        ("-c --keep-caps", effective, true),
        ("-c --keep-caps", ambient, true),
        ("-c --keep-caps --fork", ambient, true),
        ("-U --keep-caps", effective, true),
        ("-r", effective, true),
        ("-r", ambient, false),
        // Without a user namespace there are none to keep.
        ("--keep-caps", ambient, false),
    ] {
        let (status, text) = run(Who::User, options, program);
        assert_eq!(status, Some(0), "{options}");
        assert_eq!(!text.is_empty(), all, "{options}: {text}");
    }
}

#[test]
fn capabilities_that_cannot_be_kept_are_told_of_with_the_errno() {
    require!(installed("strace"), "makes a system call fail");
    for (call, step) in [
        ("capset", "capset inheritable"),
        ("prctl", "prctl PR_CAP_AMBIENT_RAISE"),
    ] {
        let strace = format!("strace -qq -o /dev/null -e inject={call}:error=ENOMEM");
        let script = format!("{strace} \"$@\" -U --keep-caps true 2>&1 | head -1");
        let expected = format!("unshare: {step}: ENOMEM: Out of memory\n");
        lab("unshare").shell(&script).run().stdout(expected);
    }
}

#[test]
fn the_root_is_changed_before_the_directory_and_proc() {
    require!(is_root(), "makes a root");
    let script = "mkdir /tmp/root /tmp/root/proc /tmp/root/sub
        for folder in bin lib lib64 usr etc; do
            [ ! -e /$folder ] || { mkdir /tmp/root/$folder; mount --rbind /$folder /tmp/root/$folder; }
        done
        unshare -R /tmp/root /bin/pwd
        unshare --root=/tmp/root --wd=/sub /bin/pwd
        unshare -R /tmp/root -w sub /bin/pwd
        unshare -R /tmp/root --mount-proc -pf sh -c 'echo /proc/[0-9]*'
        unshare -R /tmp/root --mount-proc=/sub -pf sh -c 'echo /sub/[0-9]*'
        unshare -w /tmp sh -c 'pwd; ls'
        $user unshare -r -R /tmp/root /bin/pwd
        ls /tmp/root/proc";
    host::on_own_host(script)
        .success()
        .stdout("/\n/sub\n/sub\n/proc/1\n/sub/1\n/tmp\nroot\n/\n");
}

#[test]
fn the_clocks_have_their_offsets() {
    let offsets = "cat /proc/self/timens_offsets";
    assert_each(
        offsets,
        "user -rT --monotonic 50 --boottime 1000 => monotonic 50 0 boottime 1000 0
         user -rTf --monotonic 50 --boottime 1000 => monotonic 50 0 boottime 1000 0
         user -rT --boottime=-1 => monotonic 0 0 boottime -1 0
         user -rT --monotonic -1 => monotonic -1 0 boottime 0 0
         root --time --boottime 1000 --monotonic=50 => monotonic 50 0 boottime 1000 0
         root --time => monotonic 0 0 boottime 0 0",
    );
    // The program itself lives by them, with and without a fork.
    for fork in ["", "-f"] {
        let options = format!("-rT {fork} --boottime 300000000");
        let (_, uptime) = run(Who::User, &options, "cut -d. -f1 /proc/uptime");
        assert!(uptime.parse::<u64>().unwrap() > 300_000_000, "{uptime}");
    }
}

#[test]
fn what_contradicts_is_refused_with_status_1_and_a_reason() {
    let table = "
         user -r --setgroups=allow => --setgroups=allow excludes
         user -c --setgroups=allow => --setgroups=allow excludes
         user --map-group=1 --setgroups allow => --setgroups=allow excludes
         user -r --monotonic 5 => --time
         user -r --boottime 5 => --time
         user -rT --boottime five => invalid value 'five'
         user -rp --pid=/tmp/none => --pid=FILE needs --fork
         user --map-user=no-such-user => there is no user no-such-user
         user --map-group=-1 => there is no group -1
         user --map-user=4294967295 => there is no user 4294967295
         user --map-users=1:2 => INNER:OUTER:COUNT
         user --map-users=1:2:3:4 => INNER:OUTER:COUNT
         user --map-groups=1,2:3 => INNER:OUTER:COUNT
         user --setgroups=odd => allow, deny
         user --propagation odd => private, shared, slave, unchanged
         user --kill-child=ODD => there is no signal ODD
         user --kill-child=65 => there is no signal 65
         user --kill-child=RTMIN+99 => there is no signal RTMIN+99
         user -S x => invalid value 'x'
         user -r -w /no/such => chdir /no/such: ENOENT
         user -r -R /no/such => chroot /no/such: ENOENT
         user -R / => chroot /: EPERM
         user -r -G 0 => setgroups to none: EPERM
         user -r -S 5 => setuid 5: EINVAL
         user -rm --mount-proc=/no/such => proc on /no/such: ENOENT
         user -rT --boottime -999999999 => ERANGE
         user --setgroups=deny => /setgroups: E
         user -ru --uts=/no/such => on /no/such: ENOENT
         root --uts=/tmp => not to a directory
         user -r --user=/etc/passwd => on /etc/passwd: EPERM";
    for (who, options, reason) in cases(table) {
        let (status, text) = run(who, options, "true");
        assert_eq!(status, Some(1), "{options}: {text}");
        assert!(text.contains(reason), "{options}: {text}");
    }
}

#[test]
fn the_signal_for_the_child_may_be_a_name_or_a_number() {
    // glibc keeps the first two real-time signals for itself, musl three, and bash may
    // be linked with the other one.
    let program = fs::read(directory().join("unshare")).unwrap();
    let is_glibc = program.windows(6).any(|bytes| bytes == b"GLIBC_");
    let second = if is_glibc { "35" } else { "36" };
    for (name, caught) in [
        ("TERM", "TERM"),
        ("SIGTERM", "TERM"),
        ("term", "TERM"),
        ("10", "USR1"),
        ("RTMIN+1", second),
        ("SIGRTMAX-1", "RTMAX-1"),
    ] {
        let script = format!(
            "{{ \"$@\" -r --kill-child={name} bash -c 'trap \"echo caught; exit\" {caught}; echo $PPID
                 for i in $(seq 500); do sleep 0.01; done; echo in vain' & }} |
             {{ read parent; kill -KILL $parent; cat; }}"
        );
        let run = lab("unshare").by(Who::User).shell(&script).run();
        run.success().stdout("caught\n");
    }
}

#[test]
fn with_another_user_the_child_still_ends_with_its_parent() {
    require!(is_root(), "changes the user");
    // setuid() takes the wish for a signal away, so it is made afterwards.
    let script = "{ \"$@\" --kill-child -S 1234 -G 1234 sh -c 'echo $PPID; exec sleep 60' & } |
         { read parent; kill -KILL $parent; cat; echo closed; }";
    let run = lab("unshare").shell(script).run();
    run.success().stdout("closed\n");
}

#[test]
fn a_script_has_its_terminal_back_after_an_interactive_shell() {
    session::assert_terminal_comes_back(lab("unshare").args(["-rpf"]));
}
