//! The claims of the chapter on setns().

use crate::support::{assert_transcript, host, is_root, lab, require, stderr, stdout};

/// Each type, joined by the /proc link of a process that lives in a new one.
#[test]
fn every_type_of_namespace_can_be_joined_by_its_link() {
    require!(is_root(), "joins namespaces of another process");
    let script = "for type in cgroup ipc mnt net uts; do
             case $type in mnt) option=mount;; *) option=$type;; esac
             unshare --$option sleep 60 & there=$!
             wait_for runs $there sleep
             here=$(readlink /proc/self/ns/$type)
             joined=$(ns_exec /proc/$there/ns/$type readlink /proc/self/ns/$type)
             [ $joined = $(readlink /proc/$there/ns/$type) ] && [ $joined != $here ] && echo $type
             kill $there; wait $there
         done";
    host::on_own_host(script).stdout("cgroup\nipc\nmnt\nnet\nuts\n");
}

#[test]
fn a_bind_mounted_file_keeps_the_namespace_and_can_be_joined() {
    require!(is_root(), "mounts");
    let script = "touch /tmp/uts
         uts_ns bizarro --hold 30 >/tmp/said 2>/dev/null & lab=$!
         wait_for grep parent /tmp/said
         child=$(child_of $lab)
         mount --bind /proc/$child/ns/uts /tmp/uts
         kill $lab; wait $lab
         ns_exec /tmp/uts uname -n
         ns_exec --type uts /tmp/uts uname -n; umount /tmp/uts";
    host::on_own_host(script)
        .success()
        .stdout("bizarro\nbizarro\n");
}

#[test]
fn a_pid_namespace_takes_children_only() {
    require!(is_root(), "joins a namespace of another process");
    let script = "unshare --pid --fork sleep 60 & there=$!
         child=$(child_of $there)
         ns_exec /proc/$child/ns/pid sh -c '[ $$ -gt 1 ] && sh -c \"echo \\$\\$\"'
         kill $child";
    let text = stdout(&host::on_own_host(script));
    assert_eq!(text.trim(), "2", "the second process of that namespace");
}

#[test]
fn the_kernel_checks_the_type_if_asked() {
    let link = "/proc/self/ns/uts";
    let wrong = lab("ns_exec")
        .args(["--type", "net", link, "true"])
        .command()
        .assert()
        .code(1);
    assert!(
        stderr(&wrong).contains("setns /proc/self/ns/uts: EINVAL"),
        "{}",
        stderr(&wrong)
    );
    let unknown = lab("ns_exec")
        .args(["--type", "nett", link, "true"])
        .command()
        .assert()
        .code(1);
    assert!(
        stderr(&unknown).contains("possible values: cgroup, ipc, mnt"),
        "{}",
        stderr(&unknown)
    );
}

#[test]
fn each_failure_has_its_status_and_a_hint() {
    let own = "/proc/self/ns/uts";
    for (status, args) in [
        (1, vec!["/proc/self/ns/nothing", "true"]),
        (1, vec!["/etc/passwd", "true"]),
        (1, vec!["/proc/self/ns/uts"]),
        (1, vec!["--type", "uts"]),
        (1, vec!["--target", "1", "true"]),
        (1, vec![]),
    ] {
        let error = stderr(
            &lab("ns_exec")
                .args(&args)
                .command()
                .assert()
                .code(status)
                .stdout(""),
        );
        assert!(
            error.contains("hint: ") && error.lines().count() == 2,
            "{error}"
        );
    }
    // Without --type a caller may join the namespace that it is in, given the capability.
    require!(is_root(), "calls setns with success");
    for (status, program) in [(127, "no-such-program"), (126, "/etc/passwd"), (126, "/")] {
        let error = stderr(
            &lab("ns_exec")
                .args([own, program])
                .command()
                .assert()
                .code(status),
        );
        assert!(
            error.contains("execvp") && error.contains("hint: "),
            "{error}"
        );
    }
}

#[test]
fn the_status_of_the_program_is_passed_on_exactly() {
    require!(is_root(), "calls setns with success");
    let script = "for i in $(seq 0 255); do ns_exec /proc/self/ns/uts sh -c \"exit $i\"; \
                  [ $? = $i ] || echo \"$i: $?\"; done
                  ns_exec /proc/self/ns/uts sh -c 'kill -TERM $$'; echo $?";
    host::on_own_host(script).stdout("143\n");
}

/// What a program can see of how it was started, as text.
const INHERITED: &str = "grep -E '^(Sig(Blk|Ign|Cgt)|Umask)' /proc/self/status; env | sort; pwd; \
                         ulimit -a; ls -l /proc/self/fd | sed 's/.*[0-9] \\([0-9]* ->\\)/\\1/'; echo \"$0 $@\"";

#[test]
fn the_program_inherits_what_the_caller_had() {
    require!(is_root(), "calls setns with success");
    for shell in [
        "cd /usr; umask 027; exec 9</dev/null",
        "trap '' PIPE CHLD INT",
        "exec <&-",
        "exec 0<&- 2>&-",
        "unset PATH; export ODD='a\nb'",
    ] {
        let through = |with: &str| {
            // /proc/self/fd's own descriptor and environment variables of the shell differ by name only.
            let script = format!("{shell}; {with} /bin/sh -c \"$2\" zero one '' 'a b'");
            let script = format!("PATH_TO=$1; set -- x \"$2\"; {script}");
            let run = lab("ns_exec")
                .shell(&script)
                .args([INHERITED])
                .command()
                .assert()
                .success();
            stdout(&run)
        };
        let (plain, lab) = (
            through("exec"),
            through("exec \"$PATH_TO\" /proc/self/ns/uts"),
        );
        let steady = |text: &str| {
            let changes = |line: &&str| {
                !line.starts_with('_') && !line.contains("pipe:[") && !line.contains("/proc/")
            };
            text.lines()
                .filter(changes)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(steady(&plain), steady(&lab), "{shell}");
        assert!(
            plain.contains("zero one  a b") && plain.contains("SigIgn"),
            "{plain}"
        );
    }
}

#[test]
fn the_descriptor_of_the_namespace_does_not_leak() {
    require!(is_root(), "calls setns with success");
    let list = lab("ns_exec").args(["/proc/self/ns/uts", "ls", "-l", "/proc/self/fd"]);
    let text = list.printed();
    assert!(!text.contains("uts:["), "{text}");
}

#[test]
fn the_narration_tells_what_happens() {
    require!(is_root(), "calls setns with success");
    let args = ["--explain", "/proc/self/ns/uts", "uname", "-n"];
    assert_transcript!("explain", lab("ns_exec").args(args).terminal());
}

#[test]
fn joins_and_runs() {
    require!(is_root(), "calls setns with success");
    let args = [
        "/proc/self/ns/uts",
        "sh",
        "-c",
        "echo \"my name is $(uname -n)\"",
    ];
    assert_transcript!("default", lab("ns_exec").args(args).transcript());
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    host::leaves_the_host_untouched(
        "ns_exec /proc/self/ns/net true; fails ns_exec /etc/passwd true",
    );
}

#[test]
fn a_user_joins_the_user_namespace_first() {
    require!(is_root(), "makes a host of its own");
    let script = "$user uts_ns bizarro --hold 30 >/tmp/said 2>/dev/null & lab=$!
         wait_for grep parent /tmp/said
         child=$(child_of $lab)
         $user ns_exec /proc/$child/ns/uts uname -n 2>&1 | sed 's/[0-9][0-9]*/N/; /hint/d'
         $user ns_exec /proc/$child/ns/user ns_exec /proc/$child/ns/uts uname -n
         kill $lab; fails wait $lab";
    host::on_own_host(script)
        .success()
        .stdout("ns_exec: setns /proc/N/ns/uts: EPERM: Operation not permitted\nbizarro\n");
}
