//! The map as text, JSON and picture: what fits, what agrees, what it survives, what it costs.

use crate::support::host::scene;
use crate::support::{
    assert_error, assert_says, everyone, host, installed, is_root, lab, require, stderr,
};
use regex::Regex;

/// Nested user and PID namespaces, and a bind mount that holds another.
const SCENE: &str = "ip netns add demo
    $user unshare -Urpf sh -c 'sleep 100 & exec unshare -Urpf sleep 100' & wait_for sleeps 2";

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
    assert_says(colours, &["\u{1b}[36muser:["]);
    assert!(!plain.contains('\u{1b}'), "{text}");
    let widths = plain.lines().map(|line| line.trim_end().chars().count());
    assert_eq!(widths.max(), Some(31), "{text}");
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
         map --json | jq -c '.processes[].command' | grep 31m
         map --svg | python3 -c 'import sys, xml.dom.minidom as xml; xml.parse(sys.stdin)'",
    );
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.contains("\\u{1b}[31m\"<&"), "{text}");
    assert!(text.contains("\"\\u001b[31m\\\"<&"), "{text}");
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
fn a_picture_is_well_formed_says_in_words_what_it_shows_and_no_text_meets_another() {
    require!(is_root(), "makes a host of its own");
    let deep = "command=; for i in $(seq 25); do command=\"$command unshare -Urpf\"; done
                $command sleep 100 & wait_for sleeps 1";
    let text = Regex::new(r#"<text x="(\d+)" y="(\d+)"( text-anchor="end")?[^>]*>([^<]*)</text>"#)
        .unwrap();
    for script in [SCENE, deep] {
        let check = "python3 -c 'import sys, xml.dom.minidom as xml; xml.parse(sys.stdin)'";
        let check = if installed("python3") {
            check
        } else {
            "cat >/dev/null"
        };
        let svg = scene(&format!(
            "{{ {script}\n}} 2>/dev/null; map --svg --pid 1 >/tmp/svg; {check} </tmp/svg; cat /tmp/svg"
        ));
        let labelled = "aria-labelledby=\"map-t map-d\"";
        assert_says(&svg, &["role=\"img\"", labelled, "<title ", "<desc "]);
        // A blank line would end a page's block of HTML.
        assert!(!svg.contains("\n\n"));
        let mut places: Vec<_> = text
            .captures_iter(&svg)
            .map(|found| {
                let x: usize = found[1].parse().unwrap();
                let shown = found[4].replace("&lt;", "<").replace("&amp;", "&");
                let long = shown.chars().count() * 8;
                let start = if found.get(3).is_some() { x - long } else { x };
                let y: usize = found[2].parse().unwrap();
                (y, start, start + long, shown)
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
fn processes_that_come_and_go_do_no_harm() {
    for &who in everyone() {
        let busy = "while :; do for i in 1 2 3 4; do true & done; wait; done & busy=$!
                    for i in $(seq 30); do \"$@\" >/dev/null || echo failed; done; kill $busy";
        let run = lab("map").by(who).shell(busy).run().success();
        run.stdout("").stderr("");
    }
}

#[test]
fn without_proc_it_says_what_is_missing() {
    require!(is_root(), "makes a host of its own");
    let run = host::on_own_host("while umount -l /proc; do :; done 2>/dev/null; map").code(1);
    let error = stderr(&run);
    assert_error(&error, "map: open /proc/self: ENOENT: ", "");
}

#[test]
fn a_process_that_is_not_there_is_an_error_with_a_hint() {
    for &who in everyone() {
        let error = lab("map").by(who).args(["--pid", "4194303"]).refused();
        assert_error(&error, "map: find process 4194303: ESRCH: ", "it has ended");
    }
}
