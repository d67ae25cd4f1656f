//! What must not pass, what must, and what is "cannot look".

use crate::support::host::{on_own_host, scene};
use crate::support::labs::LABS;
use crate::support::{installed, is_root, linux, require, stderr};

/// A learner, uid 1234, who types into a script: `begin NAME` prints the values that are
/// drawn, `answer NAME` the answer and the first condition that is not met.
pub(super) const LEARNER: &str = r#"
export HOME=/tmp; cd /tmp; unset XDG_STATE_HOME
begin() { $user exercise "$1" | sed -n 's/^  [a-z]* = //p'; }
answer() { $user exercise --check "$1" --json | jq -r '.answer + ": " + (.missing // "-")'; }
in_time() { for i in $(seq 100); do [ "$(answer $1)" = "$2" ] && break; sleep 0.05; done; answer $1; }
"#;

pub(super) fn learner(script: &str) -> String {
    scene(&format!("{LEARNER}{script}"))
}

pub(super) fn can_learn() -> bool {
    is_root() && installed("jq") && installed("python3")
}

/// An exercise of a test: its name is `own`.
pub(super) fn own(conditions: &str) -> String {
    let mut text = "page = \"x\"\nminutes = 1\nline = \"x\"\nhints = []\n".to_owned();
    for (number, condition) in conditions.lines().enumerate() {
        text += &format!("[[must]]\nname = \"c{number}\"\nbe = \"{condition}\"\nelse = \"no\"\n");
    }
    format!(
        "mkdir -p /tmp/exercises/own; cat >/tmp/exercises/own/exercise.toml <<'END'\n{text}END
         export EXERCISES=/tmp/exercises\n"
    )
}

const FIRST: &str = "p.ns.pid != me.ns.pid\np.pid_inside == 1";

#[test]
fn what_was_there_before_does_not_count() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let text = learner(&format!(
        "{}$user unshare -Urpf --kill-child sleep 100 & wait_for sleeps 1
         begin own; answer own; $user unshare -Urpf --kill-child sleep 101 & wait_for sleeps 2
         in_time own 'done: -'",
        own(FIRST)
    ));
    assert_eq!(text, "not yet: c0\ndone: -\n");
}

#[test]
fn a_zombie_does_not_count() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let text = learner(&format!(
        "{}begin own
         $user sh -c '/bin/true & exec sleep 9' &
         wait_for pgrep -r Z -x true; answer own",
        own("p.name == true")
    ));
    assert_eq!(text, "not yet: c0\n");
}

#[test]
fn a_pid_that_is_given_out_again_is_another_process() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    // The second one gets the PID of the first, which does not count.
    let text = learner(&format!(
        "{}start() {{ echo 5000 >/proc/sys/kernel/ns_last_pid
            $user unshare -Urpf --kill-child sleep 100 & wait_for sleeps 1; }}
         start; a=$(pgrep -x sleep); begin own; answer own
         b=$a; for i in $(seq 50); do
             kill -KILL $b; wait; start; b=$(pgrep -x sleep); [ $a = $b ] && break
         done; [ $a = $b ] || echo never
         in_time own 'done: -'",
        own(FIRST)
    ));
    assert_eq!(text, "not yet: c0\ndone: -\n");
}

#[test]
fn gone_counts_only_after_there_was_seen() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let text = learner(
        "name=$(begin kept)
         $user unshare -Uru sh -c \"hostname $name; exec sleep 100\" & wait_for sleeps 1
         exec 7</proc/$(pgrep -x sleep)/ns/uts
         kill $(pgrep -x sleep); wait_for fails pgrep -x sleep; answer kept",
    );
    assert_eq!(text, "not yet: another_namespace\n");
}

#[test]
fn an_inode_that_is_given_out_again_is_another_namespace() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    require!(linux() >= [6, 18], "NS_GET_ID tells them apart");
    let text = learner(
        "name=$(begin kept)
         start() { $user unshare -Uru sh -c \"hostname $1; exec sleep 100\" & wait_for runs $! sleep; }
         uts() { stat -Lc %i /proc/$!/ns/uts; }
         start $name; in_time kept 'not yet: handle' >/tmp/told; kill $!; wait
         # Which number is given out again is chance: what was noted gets that of another one.
         start another; other=$!
         sed -i \"s/uts:\\[[0-9]*\\]#/uts:[$(uts)]#/\" /tmp/.local/state/namespace-labs/exercises.json
         $user sh -c \"exec 7</proc/$other/ns/uts; exec sleep 88\" & wait_for runs $! sleep
         kill $other; wait $other 2>/dev/null; answer kept",
    );
    assert_eq!(text, "not yet: handle\n");
}

/// It stays in its time namespace; execve() would move it.
const PYTHON: &str = "import ctypes, time; c = ctypes.CDLL(None); c.unshare(0x10000000); c.unshare(0x80)
open(\"/proc/self/timens_offsets\", \"w\").write(\"boottime 86400 0\"); open(\"/tmp/ready\", \"w\"); time.sleep(100)";

#[test]
fn offsets_count_for_a_process_that_is_in_the_time_namespace() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let text = learner(&format!(
        "{}begin own
         $user /usr/bin/python3 -c '{PYTHON}' & wait_for test -e /tmp/ready; answer own
         $user unshare -UrT --fork --boottime 86400 sleep 100 & wait_for sleeps 1
         in_time own 'done: -'",
        own("p.ns.user != me.ns.user\np.boottime == 86400")
    ));
    assert_eq!(text, "not yet: c1\ndone: -\n");
}

#[test]
fn a_map_is_read_as_its_reader_has_it() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    // To the learner the inner map says 1234, to a process between the two 5000.
    let text = learner(
        "uid=$(begin id_map)
         $user unshare -U --map-user=5000 --map-group=5000 unshare -U --map-user=$uid sleep 100 & wait_for sleeps 1
         in_time id_map 'done: -'",
    );
    assert_eq!(text, "done: -\n");
}

#[test]
fn who_owns_a_namespace_decides_and_not_whose_the_process_is() {
    require!(can_learn() && installed("newuidmap"), "needs uidmap");
    let text = learner(
        "cp -a /etc /mnt/etc && mount --bind /mnt/etc /etc
         echo 'ada:x:1234:1234::/:/bin/sh' >>/etc/passwd
         echo 'ada:100000:65536' | tee /etc/subuid >/etc/subgid
         name=$(begin hostname)
         $user unshare -u --map-users=0:1234:1 --map-users=1:100000:10 \
             sh -c \"hostname $name; exec setpriv --reuid=5 sleep 100\" & wait_for sleeps 1
         ps -o uid= -p $(pgrep -x sleep) | tr -d ' '; in_time hostname 'done: -'",
    );
    assert_eq!(text, "100004\ndone: -\n");
}

#[test]
fn what_may_not_be_looked_at_is_never_a_no() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let python = "import ctypes, time; c = ctypes.CDLL(None); c.unshare(0x14000000);
c.prctl(4, 0); open(\"/tmp/ready\", \"w\"); time.sleep(100)";
    let hidden = learner(&format!(
        "name=$(begin hostname); $user /usr/bin/python3 -c '{python}' & wait_for test -e /tmp/ready; answer hostname
         $user exercise --check hostname >/tmp/told; echo $?; tr -s '\n ' ' ' </tmp/told | grep -o 'may be it, but may not be looked at'"
    ));
    let expected = "cannot look: another_namespace\n3\nmay be it, but may not be looked at\n";
    assert_eq!(hidden, expected);
    // It is no `q`, by its argument; it may be `p`.
    let one_of_two = learner(&format!(
        "{}begin own; $user /usr/bin/python3 -c '{python}' & wait_for test -e /tmp/ready; answer own",
        own("p.ns.uts != me.ns.uts\nq.argument == 77")
    ));
    assert_eq!(one_of_two, "cannot look: c0\n");
    // As with sudo: root's process is the child of one of the learner's.
    let sudo = learner(
        "install -m 4755 $(command -v setpriv) /tmp/become; mount -o remount,suid /tmp 2>/dev/null
         name=$(begin hostname)
         $user sh -c 'sleep 99 & /tmp/become --reuid=0 sleep 100' & wait_for sleeps 2; answer hostname",
    );
    assert_eq!(sudo, "cannot look: another_namespace\n");
}

#[test]
fn another_users_processes_do_not_count_and_fifty_learners_do_not_disturb() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let text = learner(
        "name=$(begin hostname)
         for i in $(seq 50); do
             setpriv --reuid=$((2000 + i)) --regid=2000 --clear-groups \
                 unshare -Uru sh -c \"hostname $name; exec sleep 100\" &
         done; wait_for sleeps 50; answer hostname
         $user unshare -Uru sh -c \"hostname $name; exec sleep 100\" & in_time hostname 'done: -'",
    );
    assert_eq!(text, "not yet: another_namespace\ndone: -\n");
}

#[test]
fn a_name_of_the_shells_own_namespace_or_a_word_in_the_arguments_does_not_pass() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let text = learner(
        "name=$(begin hostname); hostname $name
         $user unshare -Uru sleep 100 & wait_for sleeps 1; answer hostname; hostname antero
         seconds=$(begin own_proc)
         $user unshare -Urpf --kill-child --mount-proc sh -c \"sleep 5$seconds; : $seconds\" & wait_for sleeps 2
         answer own_proc",
    );
    assert_eq!(text, "not yet: own_name_kept\nnot yet: arguments\n");
}

#[test]
fn no_example_line_of_a_lab_passes_an_exercise() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let lines = LABS.iter().flat_map(|lab| lab.lines);
    let lines = lines.map(|line| format!("$user {line} --hold 30\n$user {line}\n"));
    let script = format!(
        "for name in $(exercise --json | jq -r '.[].name'); do begin $name >/dev/null; done; cd /tmp
         while read -r line; do
             eval \"$line\" </dev/null >/dev/null 2>&1 &
             for i in 1 2 3; do $user exercise --check --json | jq -r '.[] | select(.state == \"done\").name'; done
         done <<'END'\n{}END\nkill -KILL -1",
        lines.collect::<String>()
    );
    let text = on_own_host(&format!("{LEARNER}{script}"));
    let output = text.get_output();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[test]
fn hidepid_another_proc_and_a_container_around_are_told_or_work() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let text = learner(
        "mount -o remount,hidepid=2 /proc; name=$(begin hostname)
         $user unshare -Uru sh -c \"hostname $name; exec sleep 100\" & in_time hostname 'done: -'
         unshare --pid --fork exercise --check hostname 2>&1 >/dev/null | head -n 1
         mount_proc 2>/dev/null sh -c 'export HOME=/tmp/inside; mkdir $HOME
             name=$(exercise hostname | sed -n \"s/^  name = //p\")
             unshare -Uru sh -c \"hostname $name; exec sleep 100\" &
             for i in $(seq 100); do exercise --check hostname >/tmp/told && break; sleep 0.05; done
             head -c 15 /tmp/told'",
    );
    let other = "exercise: readlink /proc/self: ESRCH: No such process\n";
    assert!(text.starts_with(&format!("done: -\n{other}")), "{text}");
    assert!(text.contains("\nhostname: done "), "{text}");
}

#[test]
fn a_memory_that_is_broken_or_has_no_room_is_told_of() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let script = "begin hostname >/dev/null; file=/tmp/.local/state/namespace-labs/exercises.json
         echo '{' >$file; $user exercise 2>&1 >/dev/null | grep -o 'beginning anew.*'; ls $file.broken
         mkdir /tmp/full; mount -t tmpfs -o size=4k,mode=1777 none /tmp/full
         head -c 4096 /dev/zero >/tmp/full/zeroes; export XDG_STATE_HOME=/tmp/full; exec $user exercise kept";
    let run = on_own_host(&format!("{LEARNER}{script}")).code(1);
    let said = stderr(&run);
    assert!(
        said.starts_with("exercise: write /tmp/full/namespace-labs/exercises.json: ENOSPC"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn five_hundred_processes_are_checked_in_two_seconds() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let text = learner(
        "for name in $(exercise --json | jq -r '.[].name'); do begin $name >/dev/null; done
         $user sh -c 'for i in $(seq 500); do sleep 100 & done; wait' & wait_for sleeps 500
         $user exercise --check --json | jq length
         TIMEFORMAT='%U %S'; export TIMEFORMAT
         bash -c \"time $user exercise --check --json >/dev/null\" 2>&1; :",
    );
    let (count, seconds) = text.split_once('\n').expect("a count");
    assert!(count.parse::<u32>().expect("a count") >= 10, "{text}");
    // Of the processor: others use the machine, too.
    let seconds = seconds.split_whitespace().flat_map(str::parse::<f32>);
    let milliseconds = (seconds.sum::<f32>() * 1_000.0) as u32;
    println!("all of them: {milliseconds} ms");
    assert!(milliseconds < 2_000, "{text}");
}
