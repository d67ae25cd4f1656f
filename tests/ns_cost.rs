//! The claims of the chapter on what a namespace costs.

use std::time::Duration;

use crate::support::{
    Who, assert_transcript, everyone, host, installed, is_root, lab, require, stderr, stdout, storm,
};
use nix::sys::signal::Signal;

fn run(args: &[&str], who: Who) -> String {
    lab("ns_cost").args(args).by(who).printed()
}

/// What jq makes of the lab's JSON.
fn jq(args: &[&str], filter: &str) -> String {
    let script = format!("\"$@\" --json | jq -r '{filter}'");
    lab("ns_cost").args(args).shell(&script).printed()
}

#[test]
fn the_transcript_is_a_table_of_types_sets_and_processes() {
    for &who in everyone() {
        let lab = lab("ns_cost")
            .by(who)
            .args(["--rounds", "3", "--seconds", "60"]);
        assert_transcript!("default", lab.transcript());
    }
}

#[test]
fn the_table_fits_eighty_columns() {
    for args in [
        &["--rounds", "2"][..],
        &["--alive", "20"],
        &["--nesting", "--rounds", "1"],
        &["--mounts", "--rounds", "1"],
    ] {
        let text = run(args, Who::User);
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest.unwrap() <= 80, "{text}");
    }
}

#[test]
fn the_narration_tells_how_it_is_measured() {
    let lab = lab("ns_cost").by(Who::User);
    assert_transcript!(
        "explain",
        lab.args(["--rounds", "3", "--seconds", "60", "--explain"])
            .terminal()
    );
}

#[test]
fn a_network_namespace_costs_more_than_a_uts_namespace_in_time_and_memory() {
    require!(installed("jq"), "reads JSON with jq");
    let median = |kind: &str, field: &str| -> f64 {
        let filter = format!(".types[] | select(.name == \"{kind}\") | {field}");
        jq(&["--rounds", "7"], &filter).trim().parse().unwrap()
    };
    let (net, uts) = (
        median("net", ".create_us.median"),
        median("uts", ".create_us.median"),
    );
    assert!(net > 2.0 * uts, "{net} {uts}");
    // On a busy machine the memory of others moves by more than UTS namespaces hold, and
    // that of a test beside this one may be freed meanwhile.
    let net = (0..3).map(|_| median("net", ".memory_kib"));
    let net = net.fold(f64::MIN, f64::max);
    assert!(net > 20.0, "{net}");
}

#[test]
fn json_holds_all_eight_types_and_stable_keys() {
    require!(installed("jq"), "reads JSON with jq");
    let args = ["--rounds", "2"];
    let names = jq(
        &args,
        "[.types[].name, .sets[].name, .processes[].name] | join(\" \")",
    );
    assert_eq!(
        names,
        "cgroup ipc mnt net pid time user uts container all eight \
         vfork fork posix_spawn fork + exec\n"
    );
    let keys = jq(
        &args,
        "(keys, (.types[0] | keys), (.types[0].create_us | keys)) | join(\" \")",
    );
    assert_eq!(
        keys,
        "cpus kernel processes rounds sets types\n\
         close_us create_us flags gone_us join_us memory_kib name\n\
         high low median\n"
    );
    let keys = jq(
        &["--alive", "10"],
        "(keys, (.points[9] | keys)) | join(\" \")",
    );
    assert_eq!(
        keys,
        "cpus gone_ms kernel memory_kib points unit\n\
         alive cgroup ipc mnt net pid time user uts\n"
    );
}

#[test]
fn a_median_lies_in_its_interval_and_no_time_is_zero() {
    require!(installed("jq"), "reads JSON with jq");
    let filter = "[.. | objects | select(has(\"median\"))] | \
                  all(.low <= .median and .median <= .high and .low > 0), length";
    assert_eq!(jq(&["--rounds", "4"], filter), "true\n44\n");
}

#[test]
fn a_copy_of_the_mounts_takes_longer_the_more_there_are() {
    require!(installed("jq"), "reads JSON with jq");
    let filter = ".points | (.[0], .[3]) | .mounts, .mnt.median";
    let text = jq(&["--mounts", "--rounds", "7"], filter);
    let numbers: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert!((numbers[2] - numbers[0] - 2000.0).abs() < 0.1, "{text}");
    assert!(numbers[3] > 2.0 * numbers[1], "{text}");
}

#[test]
fn nesting_goes_down_to_the_limit() {
    let text = run(&["--nesting", "--rounds", "1"], everyone()[0]);
    let depths: Vec<_> = text
        .lines()
        .skip(4)
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    // A machine that is itself in PID namespaces has fewer left.
    assert!((4..=33).contains(&depths.len()), "{text}");
    assert_eq!(depths[..3], ["0", "1", "2"]);
}

#[test]
fn pictures_are_well_formed_and_take_the_colour_of_the_page() {
    require!(installed("python3"), "parses XML with python3");
    for args in [
        &["--rounds", "2"][..],
        &["--nesting", "--rounds", "1"],
        &["--mounts", "--rounds", "1"],
    ] {
        let parse = "\"$@\" --svg >$file && python3 -c 'import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
print(root.tag, root.get(\"fill\"), root[0].tag, root[1].tag)' $file; rm $file";
        let script = format!("file=$(mktemp); {parse}");
        let name = |tag: &str| format!("{{http://www.w3.org/2000/svg}}{tag}");
        let expected = format!(
            "{} currentColor {} {}\n",
            name("svg"),
            name("title"),
            name("desc")
        );
        let run = lab("ns_cost").args(args).shell(&script).command().assert();
        run.success().stdout(expected);
    }
}

#[test]
fn a_hundred_alive_leave_none() {
    require!(is_root(), "makes a host of its own");
    host::leaves_the_host_untouched("ns_cost --alive 100");
    host::leaves_the_host_untouched("$user ns_cost --alive 20; ns_cost --alive 10");
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    let rounds = "ns_cost --rounds 1; $user ns_cost --rounds 1; ns_cost --nesting --rounds 1";
    host::leaves_the_host_untouched(rounds);
    let shared = "mount --make-rshared /; state >/before; ns_cost --mounts --rounds 1";
    host::leaves_the_host_untouched(shared);
}

#[test]
fn a_limit_of_namespaces_is_an_error_that_says_how_far_it_came() {
    require!(is_root(), "sets limits in a user namespace of its own");
    let script = "$user /usr/bin/unshare -r sh -c '
         echo 50 >/proc/sys/user/max_ipc_namespaces; exec ns_cost --alive 100' 2>&1";
    let text = stdout(&host::on_own_host(script).code(1));
    let expected = "ns_cost: unshare CLONE_NEWIPC, with 50 alive: ENOSPC";
    assert!(
        text.contains(expected) && text.contains("\nhint: "),
        "{text}"
    );
}

#[test]
fn a_limit_of_descriptors_is_an_error_that_says_how_far_it_came() {
    for &who in everyone() {
        let lab = lab("ns_cost").by(who).args(["--alive", "100"]);
        let run = lab
            .shell("ulimit -n 50; exec 2>&1 \"$@\"")
            .command()
            .assert()
            .code(1);
        let text = stdout(&run);
        let said = text.contains(" alive: EMFILE") && text.contains("\nhint: ");
        assert!(said, "{text}");
    }
}

#[test]
fn where_limits_cannot_be_written_the_end_is_not_seen_and_the_table_says_so() {
    require!(is_root(), "makes /proc/sys read-only, on a host of its own");
    let script = "mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys
                  ns_cost --rounds 1 | grep -c -e ' -  ' -e '^-: not seen'";
    host::on_own_host(script).stdout("11\n");
}

#[test]
fn progress_is_for_terminals_only() {
    let quiet = lab("ns_cost").by(everyone()[0]).args(["--rounds", "1"]);
    let run = quiet.command().env("TERM", "xterm").assert().success();
    assert!(!stderr(&run).contains('\r'));
    require!(installed("script"), "makes a terminal with script(1)");
    for (term, rewrites) in [("xterm", true), ("dumb", false)] {
        let script = format!("TERM={term} script -qec \"$* 2>&1 >/dev/null\" /dev/null </dev/null");
        let text = quiet.clone().shell(&script).printed();
        assert_eq!(text.contains("\x1b[K"), rewrites, "{text:?}");
        assert!(!rewrites || text.ends_with("\r\x1b[K"), "{text:?}");
    }
}

#[test]
fn a_kill_at_a_random_moment_leaves_nothing() {
    let forms: [&[&str]; 4] = [
        &["--rounds", "3"],
        &["--alive", "50"],
        &["--nesting"],
        &["--mounts"],
    ];
    for round in 0..40 {
        let lab = lab("ns_cost")
            .args(forms[round % 4])
            .by(everyone()[round / 4 % everyone().len()]);
        let signal = [Signal::SIGKILL, Signal::SIGTERM][round / 8 % 2];
        storm::end_at_random(&lab, signal, Duration::from_millis(150));
    }
}

#[test]
fn no_round_begins_when_the_time_is_over() {
    let begun = std::time::Instant::now();
    let endless = ["--rounds", "100000", "--seconds", "1", "--nesting"];
    lab("ns_cost").args(endless).command().assert().success();
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn options_that_exclude_each_other_are_a_usage_error() {
    for args in [
        &["--alive", "10", "--mounts"][..],
        &["--nesting", "--mounts"],
        &["--json", "--svg"],
        &["--alive", "10", "--svg"],
        &["--alive", "9"],
        &["--rounds", "0"],
    ] {
        lab("ns_cost")
            .args(args)
            .command()
            .assert()
            .code(2)
            .stdout("");
    }
}
