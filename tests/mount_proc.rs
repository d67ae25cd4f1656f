//! The claims of the chapter on the tiny container.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::{
    HOSTNAME, Who, assert_says, assert_transcript, assert_transcripts, directory, everyone, host,
    is_root, lab, require, session, stdout, storm,
};
use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};
use nix::sys::signal::kill;
use nix::unistd::Pid;

fn run(args: &[&str], who: Who) -> (i32, String) {
    lab("mount_proc").args(args).by(who).ended()
}

#[test]
fn the_container_has_its_own_name_pid_1_and_processes() {
    let args = ["sh", "-c", "uname -n; echo $$; ps -eo pid,args"];
    assert_transcripts!("default", lab("mount_proc").args(args));
}

#[test]
fn top_sees_only_the_containers_processes() {
    for &who in everyone() {
        let (_, text) = run(&["top", "-bn1"], who);
        assert!(text.contains("Tasks:   1 total,"), "{text}");
    }
}

#[test]
fn with_the_hosts_proc_ps_sees_the_hosts_processes() {
    for &who in everyone() {
        let script = "uname -n; echo $$; ps -e | wc -l";
        let (_, text) = run(&["--host-proc", "sh", "-c", script], who);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[1..4], ["Container pid: 1", "container", "1"]);
        assert!(lines[4].trim().parse::<u32>().unwrap() > 4, "{text}");
    }
}

#[test]
fn the_host_proc_version_is_the_articles_first() {
    let args = ["--host-proc", "sh", "-c", "uname -n; echo $$"];
    assert_transcript!("host_proc", lab("mount_proc").args(args).transcript());
}

#[test]
fn the_status_of_the_program_is_passed_on_exactly() {
    for &who in everyone() {
        let script = "for i in $(seq 0 255); do \"$@\" sh -c \"exit $i\" >/dev/null; \
                      [ $? = $i ] || echo $i $?; done
                      \"$@\" /no/such >/dev/null; echo $?; \"$@\" /etc/passwd >/dev/null; echo $?";
        let run = lab("mount_proc").by(who).shell(script).run();
        run.success().stdout("127\n126\n");
    }
}

/// Starts a program, waits until a process of that name is the container's PID 1
/// and says that it is ready, sends the lab a signal, and returns its status.
fn signalled(signal: Signal, program: &str, name: &str) -> Option<i32> {
    let lab = lab("mount_proc").args(["sh", "-c", program]);
    storm::end_when_ready(&lab, signal as i32, |lab| {
        let mut child = Command::new("pgrep");
        child.args(["--exact", "--parent", &lab.id().to_string(), name]);
        while !child.output().expect("pgrep").status.success() {
            sleep(Duration::from_millis(5));
        }
    })
}

#[test]
fn a_signal_with_a_handler_reaches_the_program() {
    for (signal, name) in [(SIGTERM, "TERM"), (SIGHUP, "HUP"), (SIGINT, "INT")] {
        let program = format!("trap 'exit 42' {name}; echo ready; while :; do sleep 0.02; done");
        assert_eq!(signalled(signal, &program, "sh"), Some(42), "{signal}");
    }
}

/// The kernel cuts the name of a process to 15 bytes, here inside a letter.
#[test]
fn a_signal_reaches_a_program_whose_name_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("программа");
    let text = "#!/bin/sh\ntrap 'exit 42' TERM; echo ready; while :; do sleep 0.02; done\n";
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let start = format!("exec {}", program.display());
    assert_eq!(signalled(SIGTERM, &start, "програм."), Some(42));
}

/// The inner lab blocks the signals and fetches them from a descriptor.
#[test]
fn a_signal_reaches_a_program_that_blocks_it_to_fetch_it() {
    let inner = directory().join("mount_proc");
    let inner = inner.display();
    let program = "trap 'exit 42' TERM; echo ready; while :; do sleep 0.02; done";
    let program = format!("exec {inner} sh -c \"{program}\"");
    assert_eq!(signalled(SIGTERM, &program, "mount_proc"), Some(42));
}

#[test]
fn a_signal_without_a_handler_ends_the_container() {
    for signal in [SIGTERM, SIGHUP, SIGINT] {
        let status = signalled(signal, "echo ready; exec sleep 60", "sleep");
        assert_eq!(status, Some(128 + signal as i32), "{signal}");
    }
}

#[test]
fn the_hosts_proc_is_untouched_also_where_root_is_shared() {
    require!(is_root(), "makes a host of its own");
    let script = "mount --make-rshared /; state >/before; mount_proc true; $user mount_proc true; mount_proc --host-proc true";
    host::leaves_the_host_untouched(script);
    let script = "mount --make-rshared /; mount_proc sleep 60 >/dev/null & lab=$!
         child=$(child_of $lab); wait_for runs $child sleep
         [ -d /proc/$lab ] && grep -c ' /proc proc' /proc/self/mounts; uname -n; kill $lab; wait $lab";
    // One proc on /proc is the machine's, one that of the host made here.
    let own = host::on_own_host("grep -c ' /proc proc' /proc/self/mounts; uname -n").success();
    let own = stdout(&own);
    assert!(own.ends_with(&format!("{HOSTNAME}\n")));
    host::on_own_host(script).stdout(own);
}

#[test]
fn the_shell_is_the_default_program() {
    let script = "echo 'echo shell $$' | SHELL=/bin/sh \"$@\"";
    let text = lab("mount_proc").by(Who::User).shell(script).printed();
    assert_says(&text, &["shell 1\n"]);
}

#[test]
fn an_interactive_shell_has_job_control_and_ctrl_c() {
    let lab = lab("mount_proc").by(Who::User);
    let lab = lab.args(["bash", "--norc", "--noprofile", "-i"]);
    let lab = lab.shell("export PS1='READY> '; exec \"$@\"");
    let mut shell = lab.on_terminal();
    shell.until("READY> ");
    shell.control(b'c');
    shell.until("READY> ");
    // What says that it begins is already the terminal's foreground process.
    shell.line("sh -c 'echo be\"\"gins; exec sleep 60'");
    shell.until("begins");
    shell.control(b'c');
    shell.until("READY> ");
    shell.line("echo status $?; sleep 50 & jobs");
    shell.until("status 130");
    shell.until("Running");
    shell.line("exit 7");
    shell.until("Parent: container stopped!");
    assert_eq!(shell.status(), Some(7));
}

#[test]
fn ctrl_c_ends_a_program_that_has_no_handler() {
    // Nor has it one before an exec, as a shell may: PID 1 would not notice the signal.
    let args = ["tail", "-f", "/proc/version"];
    let mut program = lab("mount_proc").by(Who::User).args(args).on_terminal();
    program.until("Linux version");
    program.control(b'c');
    program.until("Parent: container stopped!");
    assert_eq!(program.status(), Some(130));
}

/// The terminal tells the lab's process group only, which the program has left.
#[test]
fn ctrl_c_reaches_a_program_in_a_session_of_its_own() {
    let program = "trap 'exit 42' INT; echo ready; while :; do sleep 0.02; done";
    let lab = lab("mount_proc").args(["setsid", "sh", "-c", program]);
    let mut program = lab.by(Who::User).on_terminal();
    program.until("ready");
    program.control(b'c');
    program.until("Parent: container stopped!");
    assert_eq!(program.status(), Some(42));
}

#[test]
fn a_script_has_its_terminal_back_after_an_interactive_shell() {
    session::assert_terminal_comes_back(lab("mount_proc"));
}

#[test]
fn the_narration_tells_what_happens() {
    let args = ["--explain", "sh", "-c", "echo $$"];
    let lab = lab("mount_proc").by(Who::User).args(args);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn runs_inside_itself() {
    let path = directory().join("mount_proc");
    let inner = path.to_str().unwrap();
    let outer = [inner, inner, "sh", "-c", "echo inside $$"];
    let (status, text) = run(&outer, everyone()[0]);
    let stopped = text.matches("container stopped!").count();
    assert_eq!((status, stopped), (0, 3), "{text}");
    assert_says(&text, &["inside 1\n"]);
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "mount_proc true; mount_proc --host-proc true; $user mount_proc true; fails mount_proc /no",
    );
}

#[test]
fn a_signal_that_the_program_ignores_does_not_end_it() {
    let program = "trap '' HUP; trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done";
    for &who in everyone() {
        let lab = lab("mount_proc").by(who).args(["sh", "-c", program]);
        let mut lab = lab.std_command().stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(lab.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "ready"));
        let pid = Pid::from_raw(lab.id() as i32);
        kill(pid, Signal::SIGHUP).unwrap();
        // The lab takes one signal after the other, so this one comes second.
        kill(pid, Signal::SIGTERM).unwrap();
        assert_eq!(lab.wait().unwrap().code(), Some(3), "{who:?}");
    }
}
