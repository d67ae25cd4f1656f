//! The claims of the section on the map, in scenes whose namespaces are known.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use regex::Regex;
use support::{assert_transcript, everyone, host, installed, is_root, lab, normalise, require};

/// What a script prints on a host of its own, with all that the maps need.
fn scene(script: &str) -> String {
    let script = format!(
        "export LC_ALL=C.UTF-8 COLUMNS=100
         sleeps() {{ [ \"$(pgrep -xc sleep)\" = \"$1\" ]; }}
         {script}"
    );
    let run = host::on_own_host(&script).success();
    assert_eq!(String::from_utf8_lossy(&run.get_output().stderr), "");
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

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
    assert!(
        indent(middle) == 3 && middle.contains("└─ user:["),
        "{tree}"
    );
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
    assert!(
        thread.contains("uts:[") && thread.contains("/ns/uts"),
        "{text}"
    );
}

#[test]
fn every_process_has_its_pid_at_each_level() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "unshare --pid --fork unshare --pid --fork sleep 100 & wait_for sleeps 1
         map --pids; grep NSpid /proc/$(pgrep -x sleep)/status",
    );
    let expected: Vec<_> = text
        .lines()
        .last()
        .unwrap()
        .split_whitespace()
        .skip(1)
        .collect();
    assert_eq!(expected.len(), 3, "{text}");
    let shown: Vec<_> = line(&text, "─ sleep").split_whitespace().take(3).collect();
    assert_eq!(shown, expected);
    assert!(line(&text, " map").ends_with("map (self)"), "{text}");
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
fn a_process_that_is_not_there_is_an_error_with_a_hint() {
    for &who in everyone() {
        let run = lab("map")
            .by(who)
            .args(["--pid", "4194303"])
            .command()
            .assert()
            .code(1);
        let error = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(
            error.starts_with("map: find process 4194303: ESRCH: "),
            "{error}"
        );
        assert!(error.contains("\nhint: it has ended"), "{error}");
    }
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
    assert!(
        text.ends_with(
            "\n\n4 processes could not be read, of other users or of user \
                            namespaces above: root sees more.\n"
        ),
        "{text}"
    );
    let json = scene("sleep 100 & wait_for sleeps 1; $user map --json");
    assert!(json.contains("\"unseen\": 2,"), "{json}");
}

#[test]
fn a_proc_that_hides_processes_is_told() {
    require!(is_root(), "makes a host of its own");
    for (hidepid, said) in [
        ("2", "This /proc hides processes"),
        ("1", "1 process could not"),
    ] {
        let text = scene(&format!(
            "mount -o remount,hidepid={hidepid} /proc; $user map"
        ));
        assert!(text.contains(said), "{hidepid}: {text}");
    }
}

#[test]
fn lsns_and_the_json_agree_where_both_know() {
    require!(is_root(), "makes a host of its own");
    require!(
        installed("jq") && installed("lsns"),
        "compares with lsns, by jq"
    );
    let text = scene(
        "ip netns add demo; unshare -Urpf unshare -Umpf sleep 100 & wait_for sleeps 1
         lsns --json --output NS,TYPE,NPROCS,PID >/tmp/lsns; map --json >/tmp/map
         jq -r '.namespaces[] | select(.nprocs > 0) | \"\\(.type) \\(.ns) \\(.nprocs) \\(.pid)\"' \
             /tmp/lsns | sort >/tmp/a
         jq -r '.namespaces[] | select(.processes != []) |
             \"\\(.type) \\(.inode) \\(.processes | length) \\(.processes[0])\"' /tmp/map | sort >/tmp/b
         diff /tmp/a /tmp/b && wc -l </tmp/a
         jq -r '.namespaces[] | select(.held_by[0] == \"/run/netns/demo\") | .type' /tmp/map
         jq -r '.processes[] | select(.pid == 1) | .pids[0], .namespaces.user == '$(stat -Lc %i \
             /proc/1/ns/user) /tmp/map",
    );
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].parse::<u32>().unwrap() >= 13, "{text}");
    assert_eq!(lines[1..], ["net", "1", "true"], "{text}");
}

#[test]
fn a_name_has_no_power_over_the_terminal_nor_over_the_formats() {
    require!(is_root(), "makes a host of its own");
    require!(
        installed("jq") && installed("python3"),
        "reads JSON and XML"
    );
    let text = scene(
        "cp \"$(command -v sleep)\" \"$(printf '/tmp/\\033[31m\"<&\\377')\"; /tmp/*31m* 100 &
         wait_for pgrep 31m; map --pids
         map --json | jq -r '.processes[].command' | grep 31m
         map --svg | python3 -c 'import sys, xml.dom.minidom as xml; xml.parse(sys.stdin)'",
    );
    assert!(!text.contains('\u{1b}'), "{text}");
    assert_eq!(text.matches("\\u{1b}[31m\"<&").count(), 2, "{text}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    require!(is_root(), "makes a host of its own");
    for locale in ["C", "C.UTF-8"] {
        let text = scene(&format!(
            "export LC_ALL={locale}
             command=; for i in $(seq 20); do command=\"$command unshare -Urpf\"; done
             $command sleep 100 & wait_for sleeps 1
             for columns in 1 20 50 80 120; do COLUMNS=$columns map --pid 1; echo; echo; done"
        ));
        for (columns, map) in [1, 20, 50, 80, 120].into_iter().zip(text.split("\n\n\n")) {
            let widest = map.lines().map(|line| line.chars().count()).max();
            assert!(widest.unwrap() <= columns, "{columns}: {map}");
        }
        assert_eq!(text.is_ascii(), locale == "C", "{text}");
    }
}

#[test]
fn a_terminal_is_measured_and_gets_colours() {
    require!(is_root(), "makes a host of its own");
    require!(installed("script"), "makes a terminal");
    let text = scene(
        "unset COLUMNS; TERM=xterm script -qec 'stty cols 31; map; NO_COLOR=1 map' /dev/null",
    );
    let (colours, plain) = text.split_at(text.rfind("NAMESPACE   ").unwrap());
    assert!(
        colours.contains("\u{1b}[36muser:[") && !plain.contains('\u{1b}'),
        "{text}"
    );
    let widest = plain
        .lines()
        .map(|line| line.trim_end().chars().count())
        .max();
    assert_eq!(widest, Some(31), "{text}");
}

#[test]
fn five_hundred_processes_are_counted_and_all_of_them_shown_on_demand() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "unshare -Urpf sh -c 'for i in $(seq 500); do sleep 100 & done; wait' &
         wait_for sleeps 500; map; echo; echo; map --all",
    );
    let (folded, all) = text.split_once("\n\n\n").unwrap();
    assert!(folded.contains("… and 495 more processes"), "{folded}");
    assert!(folded.lines().count() < 40, "{folded}");
    assert_eq!(all.matches("─ sleep").count(), 500);
    assert!(!all.contains('…'), "{all}");
}

#[test]
fn fewer_system_calls_than_lsns() {
    require!(is_root(), "makes a host of its own");
    require!(installed("strace") && installed("lsns"), "counts lsns's");
    let text = scene(
        "unshare -Urpf sh -c 'for i in $(seq 100); do sleep 100 & done; wait' &
         wait_for sleeps 100
         for tool in map lsns; do
             strace -qqco /tmp/calls $tool >/dev/null; awk 'END { print $(NF > 4 ? NF - 2 : 3) }' /tmp/calls
         done",
    );
    let calls: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert!(calls[0] > 1000 && calls[0] < calls[1], "{calls:?}");
}

#[test]
fn processes_that_come_and_go_do_no_harm() {
    for &who in everyone() {
        let busy = "while :; do for i in 1 2 3 4; do true & done; wait; done & busy=$!
                    for i in $(seq 30); do \"$@\" >/dev/null || echo failed; done; kill $busy";
        lab("map")
            .by(who)
            .shell(busy)
            .command()
            .assert()
            .success()
            .stdout("")
            .stderr("");
    }
}

#[test]
fn without_proc_it_says_what_is_missing() {
    require!(is_root(), "makes a host of its own");
    let run = host::on_own_host("while umount -l /proc; do :; done 2>/dev/null; map").code(1);
    let error = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(
        error.starts_with("map: open /proc/self: ENOENT: "),
        "{error}"
    );
    assert!(
        error.contains("\nhint: ") && error.lines().count() == 2,
        "{error}"
    );
}

#[test]
fn the_proc_of_another_pid_namespace_is_shown_as_it_is() {
    require!(is_root(), "makes a host of its own");
    let text = scene("unshare --pid --fork map --pids");
    let own: Vec<_> = line(&text, "map (self)")
        .split_whitespace()
        .take(2)
        .collect();
    assert!(
        own[0].parse::<u32>().unwrap() > 1 && own[1] == "1",
        "{text}"
    );
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
fn a_picture_is_well_formed_says_in_words_what_it_shows_and_no_text_meets_another() {
    require!(is_root(), "makes a host of its own");
    let deep = "command=; for i in $(seq 25); do command=\"$command unshare -Urpf\"; done
                $command sleep 100 & wait_for sleeps 1";
    let text = Regex::new(r#"<text x="(\d+)" y="(\d+)"( text-anchor="end")?[^>]*>([^<]*)</text>"#)
        .unwrap();
    for script in [EVERYTHING, deep] {
        let check = "python3 -c 'import sys, xml.dom.minidom as xml; xml.parse(sys.stdin)'";
        let check = if installed("python3") {
            check
        } else {
            "cat >/dev/null"
        };
        let svg = scene(&format!(
            "{{ {script}\n}} 2>/dev/null; map --svg --pid 1 >/tmp/svg; {check} </tmp/svg; cat /tmp/svg"
        ));
        for part in [
            "role=\"img\"",
            "aria-labelledby=\"map-t map-d\"",
            "<title ",
            "<desc ",
        ] {
            assert!(svg.contains(part), "{part}");
        }
        assert!(
            !svg.contains("\n\n"),
            "a blank line would end a page's block of HTML"
        );
        let mut places: Vec<_> = text
            .captures_iter(&svg)
            .map(|found| {
                let x: usize = found[1].parse().unwrap();
                let shown = found[4].replace("&lt;", "<").replace("&amp;", "&");
                let long = shown.chars().count() * 8;
                let start = if found.get(3).is_some() { x - long } else { x };
                (
                    found[2].parse::<usize>().unwrap(),
                    start,
                    start + long,
                    shown,
                )
            })
            .collect();
        assert!(places.len() > 30, "{svg}");
        places.sort();
        for pair in places.windows(2) {
            let same_line = pair[0].0 == pair[1].0;
            assert!(!same_line || pair[0].2 <= pair[1].1, "{pair:?}");
        }
        assert!(places.iter().all(|place| place.2 <= 720), "{places:?}");
    }
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
        let run = lab("map")
            .by(who)
            .args(["--explain"])
            .command()
            .assert()
            .success();
        assert!(run.get_output().stdout.starts_with(b"NAMESPACE "));
    }
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    host::leaves_the_host_untouched("map; map --json; map --svg; $user map; map --pid 1");
}
