//! The claims of the chapter on setns().

use crate::support::{
    assert_error, assert_says, assert_transcript, host, is_root, lab, require, stderr, stdout,
};

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
    host::on_own_host(script).stdout("bizarro\nbizarro\n");
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
    let with_type = |name| ["--type", name, "/proc/self/ns/uts", "true"];
    let wrong = lab("ns_exec").args(with_type("net")).refused();
    assert_says(&wrong, &["setns /proc/self/ns/uts: EINVAL"]);
    let unknown = lab("ns_exec").args(with_type("nett")).refused();
    assert_says(&unknown, &["possible values: cgroup, ipc, mnt"]);
}

#[test]
fn each_failure_has_its_status_and_a_hint() {
    for args in [
        &["/proc/self/ns/nothing", "true"][..],
        &["/etc/passwd", "true"],
        &["/proc/self/ns/uts"],
        &["--type", "uts"],
        &["--target", "1", "true"],
        &[],
    ] {
        let run = lab("ns_exec").args(args).run();
        assert_error(&stderr(&run.code(1).stdout("")), "ns_exec: ", "");
    }
    // Without --type a caller may join the namespace that it is in, given the capability.
    require!(is_root(), "calls setns with success");
    for (status, program) in [(127, "no-such-program"), (126, "/etc/passwd"), (126, "/")] {
        let run = lab("ns_exec").args(["/proc/self/ns/uts", program]).run();
        assert_error(&stderr(&run.code(status)), "ns_exec: execvp", "");
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
            lab("ns_exec").shell(&script).args([INHERITED]).printed()
        };
        let plain = through("exec");
        let lab = through("exec \"$PATH_TO\" /proc/self/ns/uts");
        let changes = |line: &&str| line.contains("pipe:[") || line.contains("/proc/");
        let steady = |text: &str| {
            let lines = text
                .lines()
                .filter(|line| !line.starts_with('_') && !changes(line));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(steady(&plain), steady(&lab), "{shell}");
        assert_says(&plain, &["zero one  a b", "SigIgn"]);
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
    let script = "echo \"my name is $(uname -n)\"";
    let args = ["/proc/self/ns/uts", "sh", "-c", script];
    assert_transcript!("default", lab("ns_exec").args(args).transcript());
}

#[test]
fn leaves_the_host_untouched() {
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
