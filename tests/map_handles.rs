//! What the newer requests tell of a namespace: numbers, lists, sockets, PIDs.

use std::fs;

use crate::support::host::scene;
use crate::support::{
    assert_error, assert_says, assert_transcript, everyone, installed, is_root, lab, linux,
    normalise, require, stderr,
};

/// The one line with this text.
fn line<'a>(text: &'a str, part: &str) -> &'a str {
    let mut found = text.lines().filter(|line| line.contains(part));
    let line = found.next().unwrap_or_default();
    assert!(found.next().is_none() && !line.is_empty(), "{part}: {text}");
    line
}

#[test]
fn a_socket_holds_the_network_namespace_that_it_was_made_in() {
    require!(is_root(), "makes a host of its own");
    require!(installed("python3"), "makes a socket");
    let text = scene(
        "python3 -c 'import ctypes, socket, time
libc = ctypes.CDLL(None)
libc.unshare(0x40000000)
kept = socket.socket()
libc.unshare(0x40000000)
open(\"/tmp/ready\", \"w\")
time.sleep(100)' & wait_for test -e /tmp/ready
         map; echo $!",
    );
    let program = text.lines().last().expect("a PID");
    let held = line(&text, &format!("/proc/{program}/fd/"));
    assert!(held.contains("net:[") && held.contains(" 0 "), "{text}");
}

fn in_initial_pid_namespace() -> bool {
    let link = fs::read_link("/proc/self/ns/pid").expect("a link");
    link.as_os_str() == "pid:[4026531836]"
}

/// A descriptor of a mount namespace is on its way through a socket when its only process
/// has ended.
const IN_FLIGHT: &str = "import array, os, socket, subprocess
a, b = socket.socketpair()
child = subprocess.Popen(['unshare', '-m', 'sh', '-c', 'readlink /proc/self/ns/mnt; read wait'],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
link = child.stdout.readline().decode().strip()
fd = os.open(f'/proc/{child.pid}/ns/mnt', os.O_RDONLY)
a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))])
os.close(fd); child.communicate(); print(link, flush=True)
for end in a, b: os.set_inheritable(end.fileno(), True)
os.execvp('$1', ['map', '--user', '--all'])";

#[test]
fn a_mount_namespace_that_only_the_kernel_knows_of_is_listed() {
    require!(linux() >= [6, 12], "the list came with Linux 6.12");
    require!(installed("python3"), "sends a descriptor");
    require!(
        is_root() && in_initial_pid_namespace(),
        "the list is for root in the initial PID namespace"
    );
    let map = lab("map").shell(&format!("exec python3 -c \"{IN_FLIGHT}\""));
    let text = map.printed();
    let (link, map) = text.split_once('\n').expect("a map");
    let found = line(map, link);
    assert!(found.ends_with("nothing in sight"), "{text}");
}

/// The values of the lines that `map --ask` prints for a request.
fn told<'a>(text: &'a str, request: &str) -> Vec<&'a str> {
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix(request));
    lines.map(str::trim).collect()
}

/// Other tests take and free numbers, too.
#[test]
fn an_inode_number_is_given_out_again_and_an_id_is_not() {
    require!(linux() >= [6, 18], "NS_GET_ID came with Linux 6.18");
    for &who in everyone() {
        let is_given_again = (0..300).any(|_| {
            let script = "for i in 1 2; do unshare -Uru \"$1\" --ask /proc/self/ns/uts; done";
            let text = lab("map").by(who).shell(script).printed();
            let ids = told(&text, "NS_GET_ID");
            assert_ne!(ids[0], ids[1], "{text}");
            let inodes = told(&text, "/proc/self/ns/uts:");
            inodes[0] == inodes[1]
        });
        assert!(is_given_again);
    }
}

#[test]
fn the_initial_namespaces_are_known_by_their_numbers() {
    require!(
        is_root() && in_initial_pid_namespace(),
        "looks at a kernel thread"
    );
    let ask = |of: &str, kind: &str| {
        let map = lab("map").args(["--ask", &format!("/proc/{of}/ns/{kind}")]);
        let text = map.shell("exec unshare -mniu \"$@\"").printed();
        text.contains(", the initial one\n")
    };
    for kind in "cgroup ipc mnt net pid time user uts".split(' ') {
        let is_fixed = linux() >= [6, 18] || !["mnt", "net"].contains(&kind);
        assert_eq!(ask("2", kind), is_fixed, "{kind}");
    }
    for kind in "ipc mnt net uts".split(' ') {
        assert!(!ask("self", kind), "{kind}");
    }
}

#[test]
fn a_handle_of_a_pid_namespace_translates_pids() {
    require!(linux() >= [6, 11], "NS_GET_TGID_IN_PIDNS came with 6.11");
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "unshare --pid --fork sleep 100 & wait_for sleeps 1; p=$(pgrep -x sleep)
         map --ask /proc/$p/ns/pid /proc/self/ns/pid --pid $p
         map --ask /proc/$p/ns/pid --pid $$; echo $p",
    );
    let outside = text.lines().last().expect("a PID");
    let translated = told(&text, "NS_GET_TGID_IN_PIDNS");
    let expected = ["1", outside, "ESRCH: No such process"];
    assert_eq!(translated, expected, "{text}");
}

#[test]
fn what_a_handle_tells_is_the_kernels_word() {
    require!(linux() >= [6, 18], "the last request came with Linux 6.18");
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "$user unshare --user --map-root-user --pid --fork --kill-child sleep 100 &
         wait_for sleeps 1; pid=$(pgrep -x sleep)
         map --ask /proc/$pid/ns/pid /proc/$pid/ns/user /proc/self/ns/time --pid $pid",
    );
    let typed = "# map --ask /proc/PID/ns/pid /proc/PID/ns/user /proc/self/ns/time --pid PID";
    let pid = text.split('/').nth(2).expect("a PID");
    let text = format!("{}\n{text}", typed.replace("PID", pid));
    assert_transcript!("ask", normalise::normalise(&text));
}

#[test]
fn what_is_no_handle_is_told() {
    for &who in everyone() {
        let run = lab("map").by(who).args(["--ask", "/etc/passwd"]).run();
        let error = stderr(&run.code(1).stdout(""));
        let begin = "map: NS_GET_NSTYPE /etc/passwd: ENOTTY: ";
        assert_error(&error, begin, "/proc/PID/ns");
    }
}

#[test]
fn the_kernels_own_threads_are_shown_on_demand() {
    require!(is_root(), "looks at the machine itself");
    require!(in_initial_pid_namespace(), "no kernel threads here");
    let map = |args: &[&str]| lab("map").args(args).printed();
    let (usual, all) = (map(&["--pids"]), map(&["--pids", "--all"]));
    assert!(
        !usual.contains("─ kthreadd") && !usual.contains("- kthreadd"),
        "{usual}"
    );
    assert_says(
        &usual,
        &["threads of the kernel are left out: --all shows them."],
    );
    assert_says(&all, &[" kthreadd\n"]);
    assert!(!map(&["--user"]).contains("root sees more"));
}
