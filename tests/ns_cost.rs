//! The lab ns_cost: what it measures, as the chapter says it, and what it leaves behind.
use std::time::Duration;

use crate::support::{
    Lab, Who, alone, assert_transcript, everyone, host, is_root, lab, require, stdout, storm,
};
use nix::sys::signal::Signal;
use serde_json::Value;

fn json(lab: Lab) -> Value {
    serde_json::from_str(&lab.args(["--json"]).printed()).unwrap()
}

/// A value of a type, a set or a process; of a time the median.
fn value(run: &Value, name: &str, key: &str) -> f64 {
    let lists = ["types", "sets", "processes"].map(|list| run[list].as_array().unwrap());
    let mut rows = lists.into_iter().flatten();
    let value = &rows.find(|row| row["name"] == name).unwrap()[key];
    value.as_f64().or(value["median"].as_f64()).unwrap()
}

/// Tries a few times: other tests have the CPUs as well, and free memory meanwhile.
fn eventually(claim: impl Fn() -> Result<(), String>) {
    const TRIES: usize = 15;
    let _turn = alone();
    let tries = (0..TRIES).map(|_| claim());
    let failures: Vec<_> = tries.map_while(Result::err).collect();
    assert!(failures.len() < TRIES, "{failures:?}");
}

fn more(name: &str, one: f64, other: f64) -> Result<(), String> {
    (one > other)
        .then_some(())
        .ok_or(format!("{name}: {one} against {other}"))
}

#[test]
fn the_transcript_is_a_table_of_types_sets_and_processes() {
    for &who in everyone() {
        let lab = lab("ns_cost").by(who).args(["--rounds", "3"]);
        assert_transcript!("default", lab.transcript());
    }
}

#[test]
fn the_narration_tells_how_it_is_measured() {
    let lab = lab("ns_cost").by(Who::User);
    let lab = lab.args(["--rounds", "3", "--explain"]);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn tables_fit_eighty_columns() {
    for args in [["--rounds", "2"], ["--alive", "20"]] {
        let text = lab("ns_cost").by(Who::User).args(args).printed();
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest.unwrap() <= 80, "{text}");
    }
}

#[test]
fn a_network_namespace_costs_more_than_any_other_type_and_than_a_fork() {
    eventually(|| {
        let run = json(lab("ns_cost").args(["--rounds", "5"]));
        let of = |name, key| value(&run, name, key);
        for kind in ["cgroup", "ipc", "mnt", "pid", "time", "user", "uts"] {
            more(kind, of("net", "create_us"), 2.0 * of(kind, "create_us"))?;
            more(kind, of("fork", "start_us"), of(kind, "create_us"))?;
        }
        more("fork", of("net", "create_us"), of("fork", "start_us"))?;
        let set = of("container", "create_us");
        more("container", set, of("net", "create_us") / 2.0)
    });
}

#[test]
fn a_network_namespace_holds_the_most_memory() {
    eventually(|| {
        let run = json(lab("ns_cost").args(["--rounds", "8"]));
        let of = |name| value(&run, name, "memory_kib");
        more("net", of("net"), 20.0)?;
        more("net", of("net"), of("uts").max(of("user")))
    });
}

#[test]
fn joining_is_cheap_and_four_types_end_long_after_close() {
    eventually(|| {
        let run = json(lab("ns_cost").args(["--rounds", "5"]));
        let of = |name, key| value(&run, name, key);
        more("join", of("net", "create_us"), 10.0 * of("net", "join_us"))?;
        let long_after = |kind| 20.0 * of(kind, "close_us");
        for kind in ["ipc", "net", "pid", "user"] {
            more(kind, of(kind, "gone_us"), long_after(kind))?;
        }
        more("mnt", long_after("mnt"), of("mnt", "gone_us"))
    });
}

#[test]
fn json_holds_all_eight_types_and_stable_keys() {
    let keys = |value: &Value| {
        let keys = value.as_object().unwrap().keys();
        keys.cloned().collect::<Vec<_>>().join(" ")
    };
    let run = json(lab("ns_cost").args(["--rounds", "2"]));
    let names = ["types", "sets", "processes"].map(|list| {
        let rows = run[list].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(
        names[0],
        ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]
    );
    assert_eq!(names[1], ["container", "all eight"]);
    assert_eq!(names[2], ["vfork", "fork", "posix_spawn", "fork + exec"]);
    assert_eq!(keys(&run), "cpus kernel processes rounds sets types");
    let uts = &run["types"][7];
    assert_eq!(
        keys(uts),
        "close_us create_us gone_us join_us memory_kib name"
    );
    for time in ["create_us", "join_us", "close_us", "gone_us"].map(|key| &uts[key]) {
        assert_eq!(keys(time), "high low median");
        let [low, median, high] = ["low", "median", "high"].map(|key| time[key].as_f64().unwrap());
        assert!(0.0 < low && low <= median && median <= high, "{time}");
    }
    let alive = json(lab("ns_cost").args(["--alive", "10"]));
    assert_eq!(keys(&alive), "cpus gone_ms kernel memory_kib points unit");
    let point = &alive["points"][9];
    assert_eq!(keys(point), "alive cgroup ipc mnt net pid time user uts");
    assert_eq!(point["alive"], 10);
}

#[test]
fn a_copy_of_the_mounts_takes_longer_the_more_there_are() {
    let mounts = "mount -t tmpfs tmpfs /var/tmp
        for i in $(seq 1000); do mount --bind /var/tmp /var/tmp; done; exec \"$@\"";
    eventually(|| {
        let lab = || lab("ns_cost").by(Who::User).args(["--rounds", "5"]);
        let script = format!("exec /usr/bin/unshare -rm sh -c '{mounts}' sh \"$@\"");
        let (few, many) = (json(lab()), json(lab().shell(&script)));
        let of = |run| value(run, "mnt", "create_us");
        more("mounts", of(&many), 2.0 * of(&few))
    });
}

#[test]
fn a_new_process_takes_longer_the_more_pid_namespaces_it_is_in() {
    require!(is_root(), "mounts a proc for each PID namespace");
    let levels = "/usr/bin/unshare -pf ".repeat(24);
    let nested = format!("exec {levels} /usr/bin/unshare -pf --mount-proc \"$@\"");
    eventually(|| {
        let lab = || lab("ns_cost").args(["--rounds", "5"]);
        let (outside, inside) = (json(lab()), json(lab().shell(&nested)));
        // The least of the five: a microsecond for a level is less than others disturb.
        let least = |run: &Value| run["processes"][0]["start_us"]["low"].as_f64().unwrap();
        more("nesting", least(&inside), 1.1 * least(&outside))
    });
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    host::leaves_the_host_untouched("ns_cost --rounds 1; $user ns_cost --rounds 1");
    host::leaves_the_host_untouched("ns_cost --alive 100; $user ns_cost --alive 20");
}

#[test]
fn a_limit_of_namespaces_is_an_error_that_says_how_far_it_came() {
    require!(is_root(), "sets limits in a user namespace of its own");
    let script = "$user /usr/bin/unshare -r sh -c '
         echo 50 >/proc/sys/user/max_ipc_namespaces; exec ns_cost --alive 100' 2>&1";
    let text = stdout(&host::on_own_host(script).code(1));
    let expected = "ns_cost: unshare CLONE_NEWIPC, with 50 alive: ENOSPC";
    let told = text.contains(expected) && text.contains("\nhint: ");
    assert!(told, "{text}");
}

#[test]
fn a_limit_of_descriptors_is_an_error_that_says_how_far_it_came() {
    for &who in everyone() {
        let lab = lab("ns_cost").by(who).args(["--alive", "100"]);
        let lab = lab.shell("ulimit -n 50; exec 2>&1 \"$@\"");
        let text = stdout(&lab.command().assert().code(1));
        let told = text.contains(" alive: EMFILE") && text.contains("\nhint: ");
        assert!(told, "{text}");
    }
}

#[test]
fn where_limits_cannot_be_written_the_end_is_not_seen() {
    require!(is_root(), "makes /proc/sys read-only, on a host of its own");
    let script = "mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys
                  ns_cost --rounds 1 | grep -cE ' -[- ]*[0-9.]+$'";
    host::on_own_host(script).stdout("10\n");
}

#[test]
fn a_kill_at_a_random_moment_leaves_nothing() {
    for round in 0..40 {
        let args = [["--rounds", "3"], ["--alive", "50"]][round % 2];
        let who = everyone()[round / 2 % everyone().len()];
        let signal = [Signal::SIGKILL, Signal::SIGTERM][round / 4 % 2];
        let lab = lab("ns_cost").args(args).by(who);
        storm::end_at_random(&lab, signal, Duration::from_millis(150));
    }
}
