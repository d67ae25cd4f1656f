//! The claims of the chapter on unshare().

mod maps;
mod newer;
mod options;
mod persist;
mod twin;

use crate::support::{
    Who, assert_error, assert_transcript, everyone, host, installed, is_root, lab, require, stdout,
};
use assert_cmd::assert::Assert;

fn printed(args: &[&str], who: Who) -> String {
    lab("unshare").args(args).by(who).printed()
}

/// A user's shell script, in which `"$@"` is `unshare -r`.
fn in_shell(script: &str) -> Assert {
    let lab = lab("unshare").args(["-r"]).by(Who::User);
    lab.shell(script).run()
}

/// The cells of a table, between semicolons.
fn each(table: &str) -> impl Iterator<Item = &str> {
    table.split(';').map(str::trim)
}

/// A table whose rows are `user OPTIONS => EXPECTED`, or `root …`, which only root can try.
fn cases(table: &str) -> impl Iterator<Item = (Who, &str, &str)> {
    let rows = table.lines().map(str::trim).filter(|row| !row.is_empty());
    let cases = rows.map(|row| {
        let (who, rest) = row.split_once(' ').expect("who");
        let (options, expected) = rest.split_once("=>").expect("=>");
        let who = if who == "root" { Who::Root } else { Who::User };
        (who, options.trim(), expected.trim())
    });
    cases.filter(|case| case.0 == Who::User || is_root())
}

#[test]
fn a_user_gets_every_namespace_behind_a_user_namespace() {
    let types = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];
    let links = types.map(|name| format!("/proc/self/ns/{name}")).join(" ");
    // In one run: another may be given the numbers of namespaces that have ended.
    let script = format!("readlink {links}; exec \"$@\" readlink {links}");
    for &who in everyone() {
        let lab = lab("unshare").by(who).shell(&script);
        let text = lab.args(["-CimnpTuUrf", "--mount-proc"]).printed();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 16, "{text}");
        for (outside, inside) in lines.iter().zip(&lines[8..]) {
            assert_ne!(inside, outside);
        }
    }
}

#[test]
fn with_fork_the_program_is_pid_1_and_ps_sees_only_it() {
    for &who in everyone() {
        let script = "echo $$; ls /proc | grep -c '^[0-9]'";
        let text = printed(&["-Urpmf", "--mount-proc", "sh", "-c", script], who);
        // The shell, and with it ls and grep, if it starts both.
        assert!(["1\n2\n", "1\n3\n"].contains(&&*text), "{text}");
    }
}

#[test]
fn without_fork_the_program_stays_and_its_first_child_is_pid_1() {
    let args = ["-Urp", "sh", "-c", "[ $$ -gt 1 ] && sh -c 'echo $$'"];
    for &who in everyone() {
        assert_eq!(printed(&args, who), "1\n");
    }
}

#[test]
fn root_inside_is_the_caller_outside() {
    let script = "id -u; id -g; cat /proc/self/setgroups";
    assert_eq!(
        printed(&["-r", "sh", "-c", script], Who::User),
        "0\n0\ndeny\n"
    );
    let args = [
        "--map-root-user",
        "--uts",
        "sh",
        "-c",
        "id -u; cat /proc/self/setgroups",
    ];
    assert_transcript!(
        "default",
        lab("unshare").by(Who::User).args(args).transcript()
    );
}

#[test]
fn options_stop_at_the_program() {
    let args = ["-r", "echo", "-u", "--fork", "--", "-x"];
    assert_eq!(printed(&args, Who::User), "-u --fork -- -x\n");
}

#[test]
fn without_a_program_it_is_a_login_shell() {
    let run = |shell: &str| {
        let script = format!("{shell}; echo 'echo $0' | \"$@\"");
        stdout(&in_shell(&script).success())
    };
    assert_eq!(run("unset SHELL"), "-sh\n");
    assert_eq!(run("export SHELL="), "-sh\n");
    assert_eq!(run("export SHELL=/bin/bash"), "-bash\n");
}

#[test]
fn a_tool_does_what_its_options_say_and_no_more() {
    let error = lab("unshare")
        .by(Who::User)
        .args(["--uts", "true"])
        .refused();
    assert_error(&error, "unshare: unshare CLONE_NEWUTS: EPERM", "");
}

#[test]
fn the_status_of_the_program_is_passed_on_exactly() {
    for fork in ["", "--fork"] {
        let script = format!(
            "for i in $(seq 0 255); do \"$@\" {fork} sh -c \"exit $i\"; [ $? = $i ] || echo $i $?; done
             for i in 1 2 3 9 11 13 15 34 64; do \"$@\" {fork} sh -c \"kill -$i \\$\\$\"
                 [ $? = $((128 + i)) ] || echo signal $i $?; done
             \"$@\" {fork} /no/such; echo $?; \"$@\" {fork} /etc/passwd; echo $?"
        );
        in_shell(&script).success().stdout("127\n126\n");
    }
}

/// unshare(1): the parent outlives SIGINT and SIGTERM, the child does not.
#[test]
fn with_fork_the_parent_outlives_int_and_term() {
    let script = "\"$@\" --fork sleep 60 & parent=$!
         for i in $(seq 500); do child=$(cat /proc/$parent/task/$parent/children 2>/dev/null)
             [ \"$child\" ] && [ \"$(cat /proc/${child% }/comm)\" = sleep ] && break; sleep 0.01; done
         kill -INT $parent; kill -TERM $parent; sleep 0.1
         kill -0 $child && echo both live
         kill -TERM $child; wait $parent; echo $?";
    in_shell(script).success().stdout("both live\n143\n");
}

#[test]
fn with_kill_child_the_child_ends_with_its_parent() {
    for (option, expected, tries) in [
        ("--kill-child", "gone", 2000),
        ("--kill-child=TERM", "gone", 2000),
        ("--fork", "there", 50),
    ] {
        let script = format!(
            "\"$@\" {option} sleep 60 & parent=$!
             for i in $(seq 500); do child=$(cat /proc/$parent/task/$parent/children 2>/dev/null)
                 [ \"$child\" ] && [ \"$(cat /proc/${{child% }}/comm)\" = sleep ] && break; sleep 0.01; done
             kill -KILL $parent; wait $parent
             ended() {{ ! grep -q '^State:.[^Z]' /proc/${{child% }}/status 2>/dev/null; }}
             for i in $(seq {tries}); do ended && break; sleep 0.01; done
             if ended; then echo gone; else echo there; kill -KILL $child; fi"
        );
        in_shell(&script).success().stdout(format!("{expected}\n"));
    }
}

#[test]
fn the_mounts_of_the_new_namespace_stay_in_it() {
    host::leaves_the_host_untouched(
        "mount --make-rshared /; state >/before
         unshare --mount mount -t tmpfs none /tmp
         unshare --mount --propagation slave mount -t tmpfs none /tmp
         unshare --mount-proc --pid --fork --propagation unchanged true
         $user unshare -r --mount mount -t tmpfs none /tmp",
    );
}

#[test]
fn propagation_is_as_asked() {
    require!(is_root() && installed("findmnt"), "reads mount propagation");
    let script = "mount --make-rshared /
         for kind in private shared slave unchanged; do
             unshare --mount --propagation $kind findmnt -no PROPAGATION /
         done";
    host::on_own_host(script)
        .success()
        .stdout("private\nshared\nprivate,slave\nshared\n");
}

#[test]
fn the_articles_mqueue_session_with_a_mount_of_ones_own() {
    require!(is_root(), "makes a host of its own");
    // The article unmounts /dev/mqueue in one mount namespace and finds it in the other.
    let script = "unshare --mount sh -c 'umount /dev/mqueue; grep -c mqueue /proc/self/mounts'
                  grep -c mqueue /proc/self/mounts";
    host::on_own_host(script).stdout("0\n1\n");
    // What a user inherits is locked; what a user mounted can be unmounted.
    let script = "$user unshare -Urm umount /dev/mqueue 2>/dev/null || echo locked
         $user unshare -Urmi sh -ec 'mount -t mqueue mqueue /dev/mqueue
             unshare --mount sh -ec \"umount /dev/mqueue; grep -c mqueue /proc/self/mounts\"
             grep -c mqueue /proc/self/mounts'";
    host::on_own_host(script).success().stdout("locked\n1\n2\n");
}

#[test]
fn the_narration_tells_what_happens() {
    let args = ["--explain", "-Urmpf", "--mount-proc", "sh", "-c", "echo $$"];
    let lab = lab("unshare").by(Who::User).args(args);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "unshare -CimnpTu -f true; $user unshare -rCimnpTu -f true; fails unshare -m false",
    );
}

/// TERM came while the parent outlived it; the child's own signal is passed on.
#[test]
fn the_childs_signal_wins_over_one_that_waits() {
    let script = "\"$@\" --fork sh -c 'kill -TERM $PPID; kill -USR1 $$'; echo $?";
    in_shell(script).success().stdout("138\n");
}

#[test]
fn options_may_be_repeated_and_shortened_as_with_getopt() {
    let args = ["-rr", "-U", "--map-root", "-U", "id", "-u"];
    assert_eq!(printed(&args, Who::User), "0\n");
}
