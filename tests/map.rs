//! The claims of the section on the map, in scenes whose namespaces are known.

use crate::support::host::scene;
use crate::support::{
    assert_says, assert_transcript, everyone, host, installed, is_root, lab, normalise, require,
};

/// The one line with this text.
fn line<'a>(text: &'a str, part: &str) -> &'a str {
    let mut found = text.lines().filter(|line| line.contains(part));
    let line = found.next().unwrap_or_default();
    assert_ne!(line, "", "{part}: {text}");
    assert_eq!(found.next(), None, "{part}: {text}");
    line
}

/// How far a line of the tree is from the left, in columns.
fn indent(line: &str) -> usize {
    line.chars().take_while(|c| !c.is_alphanumeric()).count()
}

#[test]
fn nested_user_namespaces_have_the_parents_they_were_built_with() {
    require!(is_root(), "makes a host of its own");
    // The second one has no process: only NS_GET_PARENT of the third leads there.
    let text = scene(
        "unshare -Ur sleep 100 & a=$!
         unshare -Ur unshare -Ur sleep 100 & c=$!
         wait_for sleeps 2
         map --user; readlink /proc/$$/ns/user /proc/$a/ns/user /proc/$c/ns/user",
    );
    let links: Vec<_> = text.lines().rev().take(3).collect();
    let [c, a, root] = links[..] else {
        panic!("{text}")
    };
    let tree = text.trim_end().rsplitn(4, '\n').last().unwrap();
    assert_eq!(indent(line(tree, root)), 0);
    assert_eq!(indent(line(tree, a)), 3);
    assert_eq!(indent(line(tree, c)), 6);
    let middle = tree.lines().rev().nth(1).unwrap();
    assert_eq!(indent(middle), 3, "{tree}");
    assert_says(middle, &["└─ user:["]);
    assert!(middle.ends_with("what is below it"), "{tree}");
}

#[test]
fn a_bind_mounted_namespace_without_processes_is_found() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "ip netns add demo
         unshare --mount sh -c 'touch \"/tmp/a uts\"
             unshare --uts sh -c \"mount --bind /proc/self/ns/uts /tmp/a\\ uts\"; exec sleep 100' &
         wait_for sleeps 1
         map --user; echo $!",
    );
    let sleeper = text.trim_end().rsplit('\n').next().unwrap();
    assert!(line(&text, "/run/netns/demo").contains("net:["), "{text}");
    // In the mount namespace of another process, whose root is the way there.
    let uts = line(&text, &format!("/proc/{sleeper}/root/tmp/a uts"));
    assert!(uts.contains("uts:["), "{text}");
    assert_eq!(uts.split_whitespace().nth(2), Some("0"), "{text}");
}

#[test]
fn a_namespace_that_only_a_descriptor_or_a_thread_holds_is_found() {
    require!(is_root(), "makes a host of its own");
    require!(installed("python3"), "starts threads");
    let text = scene(
        "cat >/tmp/program <<'END'
import ctypes, os, threading, time
libc = ctypes.CDLL(None)
def thread():
    libc.unshare(0x04000000)
    ready.set()
    time.sleep(100)
ready = threading.Event()
threading.Thread(target=thread, daemon=True).start()
ready.wait()
child = os.fork()
if child == 0:
    libc.unshare(0x08000000)
    os.kill(os.getppid(), 18)
    time.sleep(100)
while os.readlink(f'/proc/{child}/ns/ipc') == os.readlink('/proc/self/ns/ipc'):
    time.sleep(0.01)
os.dup2(os.open(f'/proc/{child}/ns/ipc', os.O_RDONLY), 77)
os.kill(child, 9)
os.wait()
open('/tmp/ready', 'w')
time.sleep(100)
END
         python3 /tmp/program & wait_for test -e /tmp/ready
         map --user; echo $!",
    );
    let program = text.trim_end().rsplit('\n').next().unwrap();
    let held = line(&text, &format!("/proc/{program}/fd/"));
    assert!(held.contains("ipc:[") && held.contains(" 0 "), "{text}");
    let thread = line(&text, &format!("/proc/{program}/task/"));
    assert_says(thread, &["uts:[", "/ns/uts"]);
}

#[test]
fn a_descriptor_that_was_opened_through_a_mount_holds_as_well() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "ip netns add demo; touch /tmp/f; unshare --uts=/tmp/f true
         sh -c 'exec 7</tmp/f 8</run/netns/demo; exec sleep 100' &
         wait_for sleeps 1; map; umount -l /tmp/f; ip netns del demo
         echo gone; map; echo $!",
    );
    let (mounted, gone) = text.split_once("gone\n").expect("both maps");
    let sleeper = gone.trim_end().rsplit('\n').next().expect("a PID");
    // `ip netns` has the mount come to its own peer: two lines of mountinfo, one mount.
    assert!(
        line(mounted, "/run/netns/demo").ends_with("/run/netns/demo +1"),
        "{text}"
    );
    assert!(line(mounted, "/tmp/f").ends_with("/tmp/f +1"), "{text}");
    assert_says(line(gone, &format!("/proc/{sleeper}/fd/7")), &["uts:["]);
    assert_says(line(gone, &format!("/proc/{sleeper}/fd/8")), &["net:["]);
}

#[test]
fn every_byte_of_a_mounts_name_is_told_and_json_has_it_plain() {
    require!(
        is_root() && installed("jq"),
        "makes a host of its own, reads JSON"
    );
    let text = scene(
        r#"name=$(printf 'a b\tc\nd\\e'); touch "/tmp/$name" '/tmp/a b\tc\nd\\e'
           unshare -u mount --bind /proc/self/ns/uts "/tmp/$name"
           unshare -u mount --bind /proc/self/ns/uts '/tmp/a b\tc\nd\\e'
           map --json | jq -c '.namespaces[].held_by[]' | grep 'a b' | sort"#,
    );
    assert_eq!(
        text,
        "\"/tmp/a b\\\\tc\\\\nd\\\\\\\\e\"\n\"/tmp/a b\\tc\\nd\\\\e\"\n"
    );
}

#[test]
fn every_process_has_its_pid_at_each_level() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "unshare --pid --fork unshare --pid --fork sleep 100 & wait_for sleeps 1
         map --pids; grep NSpid /proc/$(pgrep -x sleep)/status",
    );
    let pids = text.lines().last().unwrap().split_whitespace();
    let expected: Vec<_> = pids.skip(1).collect();
    assert_eq!(expected.len(), 3, "{text}");
    let shown: Vec<_> = line(&text, "─ sleep").split_whitespace().take(3).collect();
    assert_eq!(shown, expected);
    assert!(line(&text, " map").ends_with("map (self)"), "{text}");
}

/// In /proc/PID/status the line of the groups stands before those of threads and PIDs.
#[test]
fn a_thousand_groups_hide_neither_pids_nor_threads() {
    require!(is_root(), "makes a host of its own");
    require!(installed("python3"), "starts a thread");
    let text = scene(
        "groups=\"setpriv --groups=$(seq -s, 100001 101000)\"
         $groups unshare --pid --fork sleep 100 & wait_for sleeps 1
         $groups python3 -c 'import ctypes, threading, time
def thread():
    ctypes.CDLL(None).unshare(0x04000000)
    open(\"/tmp/ready\", \"w\")
    time.sleep(100)
threading.Thread(target=thread).start()' & wait_for test -e /tmp/ready
         map; grep NSpid /proc/$(pgrep -x sleep)/status",
    );
    let expected: Vec<_> = text.lines().last().unwrap().split_whitespace().collect();
    let shown: Vec<_> = line(&text, "─ sleep").split_whitespace().take(2).collect();
    assert_eq!(shown, expected[1..], "{text}");
    let thread = line(&text, "/task/");
    assert!(thread.contains("uts:["), "{text}");
}

#[test]
fn pid_marks_the_place_of_a_process_in_both_trees() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "unshare -Urpf sleep 100 & wait_for sleeps 1; p=$(pgrep -x sleep)
         map --pid $p; readlink /proc/$p/ns/* | sort -u",
    );
    let trees = text.split("\n\n").take(2).collect::<Vec<_>>().join("\n");
    let marked: Vec<_> = trees
        .lines()
        .filter(|line| line.starts_with("> "))
        .collect();
    let own: Vec<_> = text.lines().filter(|line| line.ends_with(']')).collect();
    assert_eq!(own.len(), 8, "{text}");
    for id in own {
        assert!(marked.iter().any(|line| line.contains(id)), "{id}: {text}");
    }
    // The eight, its PID namespace once more in the second tree, and the process.
    assert_eq!(marked.len(), 10, "{text}");
    assert!(marked[9].ends_with("─ sleep"), "{text}");
}

#[test]
fn an_ordinary_user_sees_only_its_own_and_how_many_it_does_not_see() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "for i in 1 2 3; do sleep 100 & done; $user sleep 100 & wait_for sleeps 4
         $user map --pids",
    );
    let shown = text.lines().filter(|line| line.contains("─ sleep")).count();
    assert_eq!(shown, 1, "{text}");
    // The shell of the host, and its three.
    let unseen =
        "\n\nNot to be read, of other users or of user namespaces above: 4. Root sees more.\n";
    assert!(text.ends_with(unseen), "{text}");
    let json = scene("sleep 100 & wait_for sleeps 1; $user map --json");
    assert!(json.contains("\"unseen\":2,"), "{json}");
}

#[test]
fn a_proc_that_hides_processes_is_told() {
    require!(is_root(), "makes a host of its own");
    for (hidepid, said) in [("2", "This /proc hides processes"), ("1", "Not to be read")] {
        let text = scene(&format!(
            "mount -o remount,hidepid={hidepid} /proc; $user map"
        ));
        assert!(text.contains(said), "{hidepid}: {text}");
    }
}

#[test]
fn the_proc_of_another_pid_namespace_is_shown_as_it_is() {
    require!(is_root(), "makes a host of its own");
    let text = scene("unshare --pid --fork map --pids");
    let mut own = line(&text, "map (self)").split_whitespace();
    assert!(own.next().unwrap().parse::<u32>().unwrap() > 1, "{text}");
    assert_eq!(own.next(), Some("1"), "{text}");
}

/// Nested user and PID namespaces, a bind mount and a descriptor that hold one each.
const EVERYTHING: &str = "ip netns add demo
    unshare --uts sleep 100 & wait_for runs $! sleep; exec 7</proc/$!/ns/uts; kill $!; wait $!
    sh -c 'exec sleep 100' & exec 7<&-; wait_for sleeps 1
    $user unshare -Urpf sh -c 'sleep 100 & exec unshare -Urpf sleep 100' &
    wait_for sleeps 3";

/// The picture of a scene, below the command that makes it.
fn picture(scene_script: &str, options: &str) -> String {
    let text = scene(&format!(
        "{{ {scene_script}\n}} 2>/dev/null; map --svg {options}"
    ));
    let twice = scene(&format!(
        "{{ {scene_script}\n}} 2>/dev/null; map --svg {options}"
    ));
    let command = format!("$ map --svg {options}").trim_end().to_owned();
    let text = normalise::normalise(&format!("{command}\n{text}"));
    let twice = normalise::normalise(&format!("{command}\n{twice}"));
    assert_eq!(text, twice, "the same scene, the same picture");
    text
}

#[test]
fn the_books_pictures_show_what_the_kernel_says() {
    require!(is_root(), "makes a host of its own");
    assert_transcript!("picture", picture(EVERYTHING, ""));
    let nested = "$user unshare -Ur sh -c 'sleep 100 & exec unshare -Ur sh -c \"sleep 100 & \
                  exec unshare -Ur sleep 100\"' & wait_for sleeps 3";
    assert_transcript!("picture_user", picture(nested, "--user"));
    let nested = "$user unshare -Urpf sh -c 'sleep 100 & exec unshare -pf sh -c \"sleep 100 & \
                  exec unshare -pf sleep 100\"' & wait_for sleeps 3";
    assert_transcript!("picture_pids", picture(nested, "--pids"));
}

#[test]
fn the_narration_goes_to_stderr_and_leaves_the_map_alone() {
    require!(is_root(), "makes a host of its own");
    let text = scene(&format!(
        "{{ {EVERYTHING}\n}} 2>/dev/null; map --explain --user 2>&1"
    ));
    let text = format!("$ map --explain --user\n{}", normalise::normalise(&text));
    assert_transcript!("explain", text);
    for &who in everyone() {
        let text = lab("map").by(who).args(["--explain"]).printed();
        assert!(text.starts_with("NAMESPACE "));
    }
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    host::leaves_the_host_untouched("map; map --json; map --svg; $user map; map --pid 1");
}
