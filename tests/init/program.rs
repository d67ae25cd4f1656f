//! The claims of the chapter on PID 1's duties, where it runs a program.

use crate::support::{Who, assert_error, everyone, host, is_root, lab, require, stderr, storm};
use nix::libc::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
};

fn run(args: &[&str], who: Who) -> (i32, String) {
    lab("init").args(args).by(who).ended()
}

#[test]
fn the_program_is_pid_2_and_ps_shows_its_namespace_only() {
    for &who in everyone() {
        let script = "echo $$ $PPID; ps -eo pid=,ppid=,comm=";
        let (status, text) = run(&["sh", "-c", script], who);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((status, &*words), (0, "2 1 1 0 init 2 1 sh 3 2 ps"));
    }
}

#[test]
fn with_the_hosts_proc_ps_shows_the_host() {
    let args = ["--host-proc", "sh", "-c", "echo $$; ps -e | wc -l"];
    let (_, text) = run(&args, everyone()[0]);
    let (own, all) = text.split_once('\n').unwrap();
    assert_eq!(own, "2");
    assert!(all.trim().parse::<u32>().unwrap() > 4, "{text}");
}

#[test]
fn the_hosts_proc_is_for_a_program_alone() {
    for options in [
        &["--host-proc"][..],
        &["--host-proc", "--signals"],
        &["--subreaper", "--host-proc"],
    ] {
        lab("init").args(options).run().code(2).stdout("");
    }
}

#[test]
fn the_status_of_the_program_is_passed_on_exactly() {
    for &who in everyone() {
        let script = "for i in $(seq 0 255); do \"$@\" sh -c \"exit $i\"; [ $? = $i ] || echo $i $?; done
                      for i in $(seq 1 31) 34 50 64; do
                          case $i in 17|18|19|20|21|22|23|28) continue; esac
                          \"$@\" sh -c \"kill -$i \\$\\$\" 2>/dev/null; [ $? = $((128+i)) ] || echo signal $i
                      done
                      \"$@\" /no/such; echo $?; \"$@\" /etc/passwd; echo $?";
        let run = lab("init").by(who).shell(script).run();
        run.success().stdout("127\n126\n");
    }
}

/// Starts a program under init, waits until it says that it is ready, sends init
/// the signal, and returns init's status.
fn signalled(signal: i32, program: &str) -> Option<i32> {
    let lab = lab("init").args(["sh", "-c", program]);
    storm::end_when_ready(&lab, signal, |_| ())
}

/// Signals that a supervisor sends, by number: the last are real-time signals.
const SENT: [i32; 9] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, 35, 64,
];

#[test]
fn every_signal_is_passed_on_to_the_program() {
    for signal in SENT.into_iter().chain([SIGWINCH, SIGCONT]) {
        let program = format!("trap 'exit 42' {signal}; echo ready; while :; do sleep 0.02; done");
        assert_eq!(signalled(signal, &program), Some(42), "{signal}");
    }
}

#[test]
fn the_program_is_no_init_so_a_signal_without_a_handler_ends_it() {
    for signal in SENT {
        let status = signalled(signal, "echo ready; exec sleep 60");
        assert_eq!(status, Some(128 + signal), "{signal}");
    }
}

#[test]
fn a_signal_that_the_caller_ignores_stays_ignored() {
    let script = "trap '' HUP; \"$@\" sh -c 'grep SigIgn /proc/self/status' & wait";
    let text = lab("init").shell(script).printed();
    let ignored = u64::from_str_radix(text.trim().rsplit('\t').next().unwrap(), 16).unwrap();
    assert_eq!(ignored & 1, 1, "SIGHUP: {text}");
    assert_eq!(ignored & 1 << (SIGPIPE - 1), 0, "std's: {text}");
}

#[test]
fn five_hundred_orphans_leave_no_zombie() {
    for &who in everyone() {
        // Each subshell leaves an orphan behind; then the program waits until it is the
        // only child of PID 1, whose children also zombies are.
        let script = "for i in $(seq 500); do (true & true &); done
                      until [ \"$(ps -eo ppid= | grep -cw 1)\" = 1 ]; do :; done
                      ps -eo stat= | grep -c Z";
        assert_eq!(run(&["sh", "-c", script], who), (1, "0\n".into()));
    }
}

/// exec keeps children, so a `sleep` can have one that it never waits for.
#[test]
fn a_zombie_is_inherited_and_reaped_like_a_living_orphan() {
    for &who in everyone() {
        let script = "(sh -c 'true & exec sleep 60' &)
                      until pgrep -r Z -P \"$(pgrep -x sleep)\" >/dev/null 2>&1; do :; done
                      pkill -x sleep
                      while ps -eo stat= | grep -q Z; do :; done";
        assert_eq!(run(&["sh", "-c", script], who).0, 0);
    }
}

#[test]
fn a_program_under_no_reap_sees_its_orphans_as_zombies() {
    for &who in everyone() {
        let script = "(true &); until ps -eo ppid=,stat= | grep -q '^ *1 Z'; do :; done; exit 9";
        assert_eq!(run(&["--no-reap", "sh", "-c", script], who).0, 9);
    }
}

#[test]
fn what_the_program_leaves_running_ends_with_it() {
    require!(is_root(), "looks at a host of its own");
    let script = "init sh -c 'sleep 61 & (sleep 61 &); exit 3'; echo $?; pgrep -c sleep";
    host::on_own_host(script).stdout("3\n0\n");
}

#[test]
fn an_interactive_shell_has_job_control_and_gives_the_terminal_back() {
    let script = "export PS1='READY> '; \"$@\"; echo status $?; read line; echo \"read: $line\"";
    let lab = lab("init").by(Who::User).shell(script);
    let lab = lab.args(["bash", "--norc", "--noprofile", "-i"]);
    let mut shell = lab.on_terminal();
    shell.until("READY> ");
    let bash = shell.foreground();
    // What says that it begins is already the terminal's foreground process.
    shell.line("sh -c 'echo be\"\"gins; exec sleep 60'");
    shell.until("begins");
    shell.control(b'z');
    shell.until("Stopped");
    shell.line("fg");
    shell.until("sleep 60");
    shell.until("sleep 60");
    shell.wait_for_job(bash);
    shell.control(b'c');
    shell.until("READY> ");
    shell.line("exit 7");
    shell.until("status 7");
    shell.line("still here");
    shell.until("read: still here");
}

#[test]
fn ctrl_c_ends_a_program_that_has_no_handler() {
    let args = ["sh", "-c", "echo ready; exec sleep 60"];
    let mut program = lab("init").by(Who::User).args(args).on_terminal();
    program.until("ready");
    program.control(b'c');
    assert_eq!(program.status(), Some(130));
}

#[test]
fn runs_inside_itself() {
    let path = crate::support::directory().join("init");
    let inner = path.to_str().unwrap();
    let args = [inner, inner, "sh", "-c", "echo $$; exit 5"];
    assert_eq!(run(&args, everyone()[0]), (5, "2\n".into()));
}

#[test]
fn a_masked_proc_is_an_error_with_a_hint_and_host_proc_is_the_way_on() {
    require!(is_root(), "masks a part of /proc");
    let script = "mount -t tmpfs none /proc/sys; $user init true; echo $?; $user init --host-proc true; echo $?";
    let error = stderr(&host::on_own_host(script).stdout("1\n0\n"));
    assert_error(&error, "init: mount proc on /proc: EPERM", "--host-proc");
}
