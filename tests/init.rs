//! The claims of the chapter on PID 1's duties.

mod program;

use crate::support::{
    Who, assert_error, assert_transcript, assert_transcripts, everyone, host, installed, is_root,
    lab, require, stderr, stdout,
};

fn run(args: &[&str], who: Who) -> (i32, String) {
    lab("init").args(args).by(who).ended()
}

/// The numbers of the rows that begin with `name`.
fn rows(text: &str, name: &str) -> Vec<Vec<u32>> {
    let begin = format!("{name}  ");
    let rows = text.lines().filter(|line| line.starts_with(&begin));
    let cells = rows.map(|row| row.split_whitespace().skip(1).map(str::parse));
    cells.map(|row| row.map(Result::unwrap).collect()).collect()
}

#[test]
fn the_transcript_tells_of_an_orphan() {
    assert_transcripts!("default", lab("init"));
}

#[test]
fn an_orphans_new_parent_is_pid_1_of_its_namespace() {
    for &who in everyone() {
        let (_, text) = run(&[], who);
        let [init, parent, orphan] = ["init", "parent", "orphan"].map(|name| rows(&text, name));
        assert_eq!(init[0][2..], [1, 0], "PID and PPID inside");
        assert_eq!(orphan[0][1], parent[0][0], "its parent outside, before");
        assert_eq!(orphan[1][1], init[0][0], "and after");
        assert_eq!((orphan[0][3], orphan[1][3]), (2, 1), "the same inside");
        assert_eq!(orphan[0][0], orphan[1][0], "its PID does not change");
    }
}

#[test]
fn without_reaping_an_orphan_stays_a_zombie_until_pid_1_ends() {
    for &who in everyone() {
        let transcript = lab("init").by(who).args(["--no-reap"]).transcript();
        assert_eq!(transcript.matches("State: Z (zombie)").count(), 2);
        assert!(transcript.ends_with("status: gone\n"), "{transcript}");
        assert_transcript!("no_reap", transcript);
    }
}

#[test]
fn pid_1_hears_from_inside_only_what_it_has_a_handler_for() {
    assert_transcripts!("signals", lab("init").args(["--signals"]));
}

#[test]
fn a_subreaper_inherits_without_a_namespace_and_without_privilege() {
    assert_transcripts!("subreaper", lab("init").args(["--subreaper"]));
    for &who in everyone() {
        let run = lab("init").by(who).args(["--subreaper"]).run();
        let text = stdout(&run.success().stderr(""));
        let (heir, orphan) = (rows(&text, "subreaper"), rows(&text, "orphan"));
        assert_eq!(orphan[1][1], heir[0][0]);
    }
}

#[test]
fn an_orphan_goes_to_an_heir_in_its_parents_namespace() {
    assert_transcripts!("joined", lab("init").args(["--joined"]));
    for &who in everyone() {
        let (_, text) = run(&["--joined"], who);
        let process = |begin: &str| {
            let (_, after) = text.split_once(begin).expect(begin);
            let digits = after.split(|c: char| !c.is_ascii_digit()).next();
            digits.unwrap_or_default().parse().expect("a PID")
        };
        let lab: u32 = process("The lab, process ");
        let init = process("two processes:\nprocess ");
        let (joined, born) = (rows(&text, "joined"), rows(&text, "born"));
        assert_eq!(joined[1], [joined[0][0], lab, 2, 0], "to the lab, outside");
        assert_eq!(joined[0][3], 0, "and inside it sees no parent all along");
        assert_eq!(born[0][1..], [joined[0][0], 3, 2]);
        assert_eq!(born[1], [born[0][0], init, 3, 1], "to PID 1, inside");
    }
}

#[test]
fn pid_1_does_not_end_before_a_zombie_that_has_its_parent_outside() {
    require!(is_root(), "makes a host of its own");
    require!(installed("python3"), "joins with python3");
    let script = r#"init sleep 61 & pid_1=$(child_of $!); sleep=$(child_of $pid_1)
python3 -c 'import ctypes, os, signal, sys
pid_1, sleep = map(int, sys.argv[1:])
ctypes.CDLL(None).setns(os.open(f"/proc/{pid_1}/ns/pid", os.O_RDONLY), 0)
zombie = os.fork() or os._exit(0)
os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
os.kill(pid_1, signal.SIGKILL)
while os.path.exists(f"/proc/{sleep}"): pass
print(open(f"/proc/{pid_1}/stat").read().split()[2] in "RSD")
os.waitpid(zombie, 0)' $pid_1 $sleep
wait; [ -e /proc/$pid_1 ] || echo gone"#;
    host::on_own_host(script).success().stdout("True\ngone\n");
}

#[test]
fn a_fault_of_its_own_ends_pid_1_and_a_signal_that_a_process_sends_does_not() {
    assert_transcripts!("fault", lab("init").args(["--fault"]));
    let ignored = lab("init").args(["--fault"]).shell("trap '' SEGV; \"$@\"");
    assert_eq!(ignored.printed(), lab("init").args(["--fault"]).printed());
}

#[test]
fn a_fault_of_pid_1_leaves_no_core_dump() {
    require!(is_root(), "makes a host of its own");
    let script = "state >/before; ulimit -c unlimited; cd /tmp; init --fault; $user init --fault";
    host::leaves_the_host_untouched(script);
}

/// Its signal is dropped, and the C library goes on to an instruction that faults.
#[cfg(target_arch = "x86_64")]
#[test]
fn abort_ends_pid_1_by_sigsegv_and_others_by_sigabrt() {
    require!(is_root(), "makes a host of its own");
    require!(installed("python3"), "calls abort() with python3");
    let script = "ulimit -c 0; for pid in '' '--pid --fork'; do
                      /usr/bin/unshare --uts $pid python3 -c 'import os; os.abort()'; echo $?
                  done";
    host::on_own_host(script).stdout("134\n139\n");
}

#[test]
fn reboot_ends_the_namespace_and_tells_the_parent_the_command() {
    assert_transcripts!("reboot", lab("init").args(["--reboot"]));
}

/// On a host of its own, whose end would be noticed.
#[test]
fn the_kernel_refuses_reboot_from_a_user_namespace_that_does_not_own_the_pid_namespace() {
    require!(is_root(), "makes a host of its own");
    require!(installed("python3"), "calls reboot() with python3");
    let script = "/usr/bin/unshare --user python3 -c 'import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
print(libc.reboot(0x01234567), errno.errorcode[ctypes.get_errno()])'";
    host::on_own_host(script).success().stdout("-1 EPERM\n");
}

/// On a host of its own: the lab is to be nowhere near the machine's reboot(2).
#[test]
fn the_lab_does_not_call_reboot_outside_of_its_own_namespaces() {
    require!(is_root(), "makes a host of its own");
    require!(installed("strace"), "lies to the lab with strace");
    for (lie, file) in [
        ("unshare:retval=0", "/proc/self/ns/user"),
        ("getpid:retval=2", "/proc/self/ns/pid"),
    ] {
        let script = format!(
            "strace -f -qq -o /tmp/calls -e trace=unshare,getpid,reboot -e inject={lie} \
                 init --reboot >/dev/null; echo \"status $?\"; grep -c reboot /tmp/calls"
        );
        let run = host::on_own_host(&script).stdout("status 1\n0\n");
        let error = format!("init: reboot {file}: EPERM");
        assert_error(&stderr(&run), &error, "a defect of the lab");
    }
}

#[test]
fn sigkill_from_outside_ends_every_process_of_the_namespace() {
    require!(is_root(), "looks at a host of its own");
    let script = "init sh -c 'sleep 61 & sleep 61 & echo >/tmp/ready; wait' & lab=$!
                  wait_for test -e /tmp/ready; init=$(child_of $lab)
                  wait_for eval '[ $(pgrep -c sleep) = 2 ]'
                  pgrep -c sleep; kill -KILL $init; wait $lab; echo $?; pgrep -c sleep";
    host::on_own_host(script).stdout("2\n137\n0\n");
    let script = script
        .replace("kill -KILL $init", "kill -KILL $lab")
        .replace("echo $?", "wait_for sh -c '! pgrep sleep'");
    host::on_own_host(&script).stdout("2\n0\n");
}

#[test]
fn an_orphan_without_a_subreaper_goes_to_the_hosts_init() {
    require!(is_root(), "makes a host of its own");
    let script = "(sh -c 'sleep 61 & echo $! >/tmp/orphan'); ps -o ppid= $(cat /tmp/orphan); kill $(cat /tmp/orphan)";
    let run = host::on_own_host(script);
    assert_eq!(stdout(&run).trim(), "1");
}

#[test]
fn the_narration_tells_what_happens() {
    let lab = lab("init").by(Who::User).args(["--explain"]);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn the_narration_of_the_variants_is_in_order() {
    for (name, option) in [
        ("explain_fault", "--fault"),
        ("explain_joined", "--joined"),
        ("explain_reboot", "--reboot"),
    ] {
        let lab = lab("init").by(Who::User).args([option, "--explain"]);
        assert_transcript!(name, lab.terminal());
    }
}

#[test]
fn the_narration_of_a_program_tells_how_it_ends() {
    require!(is_root(), "a user's begins with a user namespace");
    let args = ["--explain", "sh", "-c", "(exit 3)"];
    assert_transcript!("program", lab("init").args(args).terminal());
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    let script = "mount --make-rshared /; state >/before; init; init --no-reap; init --signals; init --subreaper
                  init true; fails init /no; $user init; init --joined; $user init --joined
                  init --reboot; $user init --reboot; $user init --subreaper; $user init sh -c 'sleep 9 & true'";
    host::leaves_the_host_untouched(script);
}
