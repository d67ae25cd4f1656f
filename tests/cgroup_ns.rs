//! The claims of the chapter on cgroup namespaces.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use crate::support::{
    Who, assert_error, assert_transcript, everyone, host, is_root, lab, linux, require, skip,
    stderr, stdout, storm,
};
use nix::sys::signal::Signal;

/// The mount point of the first mount of this type.
fn mount_of(kind: &str) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let of_kind = |line: &&str| line.contains(&format!(" - {kind} "));
    let line = mounts.lines().find(of_kind)?;
    line.split(' ').nth(4).map(str::to_owned)
}

/// A cgroup for one test, below that of the tests. Other tests run this lab at
/// the same time; what is in here is this test's alone.
struct Playground(PathBuf);

impl Playground {
    /// `None` where the machine allows none: the test is skipped.
    fn new(name: &str) -> Option<Self> {
        let ground = is_root().then(|| Self::make(name)).flatten();
        if ground.is_none() {
            skip("makes a sub-cgroup, as root, where the machine allows it");
        }
        ground
    }

    fn make(name: &str) -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap();
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let name = format!("test-{name}-{}", std::process::id());
        let path = PathBuf::from(mount_of("cgroup2")?).join(own).join(name);
        fs::create_dir(&path).ok().map(|()| Self(path))
    }

    /// Shell code that enters it.
    fn enter(&self) -> String {
        format!("cg={0}; echo 0 >$cg/cgroup.procs; ", self.0.display())
    }

    fn is_empty(&self) -> bool {
        let entries = fs::read_dir(&self.0).unwrap();
        !entries.flatten().any(|entry| entry.path().is_dir())
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        for _ in 0..500 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        assert!(std::thread::panicking(), "{} is in use", self.0.display());
    }
}

/// What follows the words, line by line: the six paths.
fn paths(text: &str) -> Vec<String> {
    let after = text.lines().filter_map(|line| line.split_once(": "));
    after
        .filter(|(words, _)| words.contains(", read by ") || words.contains(", for "))
        .map(|(_, path)| path.trim().to_owned())
        .collect()
}

fn run(args: &[&str], who: Who, script: &str) -> String {
    let lab = lab("cgroup_ns").args(args).by(who);
    lab.shell(&format!("{script}exec \"$@\"")).printed()
}

/// The transcript depends on one thing: whether the caller may make a cgroup.
fn either<'a>(text: &str, with: &'a str, without: &'a str) -> &'a str {
    match text.contains("No sub-cgroup") {
        true => without,
        false => with,
    }
}

#[test]
fn the_child_is_at_the_root_of_its_namespace_and_the_parent_above() {
    for &who in everyone() {
        let text = lab("cgroup_ns").by(who).transcript();
        let name = either(&text, "default", "refused");
        assert_transcript!(name, text);
    }
}

#[test]
fn without_clone_newcgroup_the_child_reads_what_the_parent_reads() {
    for &who in everyone() {
        let text = lab("cgroup_ns").by(who).args(["--shared"]).transcript();
        let name = either(&text, "shared", "shared_refused");
        assert_transcript!(name, text);
        let paths = paths(&run(&["--shared"], who, ""));
        let [parent, child, root] = [&paths[0], &paths[1], &paths[2]];
        assert_eq!([child, parent, root], [&paths[3], &paths[4], &paths[5]]);
    }
}

#[test]
fn a_child_that_is_born_in_its_cgroup_reads_the_same() {
    for &who in everyone() {
        let text = lab("cgroup_ns").by(who).args(["--into"]).transcript();
        let name = either(&text, "default", "refused");
        let moved = lab("cgroup_ns").by(who).transcript();
        assert_eq!(
            text.lines().skip(1).collect::<Vec<_>>(),
            moved.lines().skip(1).collect::<Vec<_>>(),
            "{name}"
        );
        let said = lab("cgroup_ns")
            .by(who)
            .args(["--into", "--explain"])
            .terminal();
        let is_born = said.contains("clone3(CLONE_INTO_CGROUP)") && !said.contains("write(\"0\")");
        assert_eq!(is_born, name == "default", "{said}");
    }
}

/// Both worlds are tried: `just kernels` runs this where the option is set.
#[test]
fn with_nsdelegate_the_namespace_is_a_wall_and_cgroup_kill_ends_all() {
    require!(linux() >= [5, 14], "cgroup.kill came with Linux 5.14");
    require!(mount_of("cgroup2").is_some(), "cgroup.kill is of version 2");
    let mounts = fs::read_to_string("/proc/mounts").expect("/proc/mounts");
    for &who in everyone() {
        let text = lab("cgroup_ns").by(who).args(["--delegation"]).transcript();
        if text.contains("No sub-cgroup") {
            assert!(who == Who::User || !is_root(), "{text}");
        } else if mounts.contains("nsdelegate") {
            assert_transcript!("delegation_nsdelegate", text);
        } else {
            assert_transcript!("delegation", text);
        }
    }
}

#[test]
fn version_1_shows_the_same() {
    require!(mount_of("cgroup").is_some(), "no cgroup v1 is mounted here");
    for &who in everyone() {
        let text = lab("cgroup_ns").by(who).args(["--v1"]).transcript();
        let name = either(&text, "v1", "v1_refused");
        assert_transcript!(name, text);
    }
}

#[test]
fn the_narration_goes_to_stderr_and_leaves_the_transcript_alone() {
    for &who in everyone() {
        let text = lab("cgroup_ns").by(who).args(["--explain"]).terminal();
        let name = either(&text, "explain", "explain_refused");
        assert_transcript!(name, text);
        let lines = |args| run(args, who, "").lines().count();
        assert_eq!(lines(&["--explain"]), lines(&[]));
    }
}

#[test]
fn from_inside_the_mounts_root_lies_one_step_up_for_each_level() {
    let Some(ground) = Playground::new("levels") else {
        return;
    };
    let paths = paths(&run(&[], Who::Root, &ground.enter()));
    assert_eq!(paths.len(), 6, "{paths:?}");
    let (parent, child, root) = (&paths[0], &paths[1], &paths[5]);
    assert!(child.starts_with(&format!("{parent}/cgroup_ns-")));
    assert_eq!(paths[3..5], ["/", "/.."]);
    let levels = child.matches('/').count();
    assert!(levels >= 2);
    assert_eq!(*root, "/..".repeat(levels));
    assert!(ground.is_empty(), "removed before the lab ends");
}

#[test]
fn a_user_to_whom_a_cgroup_is_delegated_makes_a_sub_cgroup() {
    let Some(ground) = Playground::new("delegated") else {
        return;
    };
    let script = "chown 1234 $cg $cg/cgroup.procs; $user cgroup_ns 2>/dev/null";
    let text = stdout(&host::on_own_host(&format!("{}{script}", ground.enter())).success());
    assert_eq!(paths(&text)[3..5], ["/", "/.."], "{text}");
    assert!(ground.is_empty());
}

#[test]
fn below_a_mount_of_another_namespace_the_lab_works_with_the_cgroup_it_is_in() {
    let Some(ground) = Playground::new("foreign") else {
        return;
    };
    let script = "/usr/bin/unshare --cgroup cgroup_ns";
    let text = stdout(&host::on_own_host(&format!("{}{script}", ground.enter())).success());
    let plainly = "No sub-cgroup allowed here: find cgroup /: ENOENT: No such file or directory\n";
    assert!(text.contains(plainly), "{text}");
}

#[test]
fn a_lab_that_is_killed_leaves_no_cgroup() {
    let Some(ground) = Playground::new("storm") else {
        return;
    };
    let lab = lab("cgroup_ns").shell(&format!("{}exec \"$@\"", ground.enter()));
    let signals = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT];
    for round in 0..90 {
        storm::end_at_random(&lab, signals[round % 3], Duration::from_millis(25));
        assert!(ground.is_empty(), "round {round}");
    }
}

/// A lab that has entered its sub-cgroup and stops there, because stdout takes its
/// first line and no second one. A shell has its background jobs ignore SIGINT.
const HALF_WAY: &str = "mkfifo /tmp/out; exec 3<>/tmp/out; head -c 65450 /dev/zero >&3
    sub() { find $cg -mindepth 1 -type d; }
    there() { [ -n \"$(sub)\" ] && [ -n \"$(cat $(sub)/cgroup.procs)\" ]; }; gone() { [ -z \"$(sub)\" ]; }
    setsid env --default-signal=INT cgroup_ns >&3 2>/dev/null & lab=$!; wait_for there; ";

#[test]
fn the_guardian_waits_until_the_cgroup_is_empty() {
    let Some(ground) = Playground::new("guest") else {
        return;
    };
    let script = "sleep 30 & guest=$!; echo $guest >$(sub)/cgroup.procs
        kill -KILL $lab; wait $lab 2>/dev/null; sleep 0.2; gone || echo waits
        kill $guest; wait_for gone; echo removed";
    let run = host::on_own_host(&format!("{}{HALF_WAY}{script}", ground.enter()));
    run.success().stdout("waits\nremoved\n");
}

#[test]
fn no_signal_of_a_terminal_and_no_pkill_ends_the_guardian() {
    let Some(ground) = Playground::new("signals") else {
        return;
    };
    for kill in [
        "kill -INT -$lab",
        "kill -HUP -$lab",
        "kill -KILL -$lab",
        "pkill cgroup_ns",
    ] {
        let script = format!("{kill}; wait $lab 2>/dev/null; wait_for gone; echo removed");
        let run = host::on_own_host(&format!("{}{HALF_WAY}{script}", ground.enter()));
        run.success().stdout("removed\n");
    }
}

#[test]
fn a_mount_points_name_is_taken_as_it_is() {
    let Some(mount) = mount_of("cgroup2").filter(|_| is_root()) else {
        return skip("has a mount of cgroup2 on another folder, as root");
    };
    let script = format!(
        "mkdir -p '/tmp/a b\\c'; mount --bind {mount} '/tmp/a b\\c'; umount -l {mount}; cgroup_ns"
    );
    let text = stdout(&host::on_own_host(&script).success().stderr(""));
    assert!(text.contains("mounted on /tmp/a b\\c\n"), "{text}");
}

#[test]
fn a_machine_without_a_cgroup_mount_is_an_error_with_a_hint() {
    require!(is_root(), "unmounts in a mount namespace of its own");
    let script = "umount -l /sys/fs/cgroup; cgroup_ns";
    let error = stderr(&host::on_own_host(script).code(1).stdout(""));
    assert_error(&error, "cgroup_ns: find a cgroup mount: ENOENT: ", "");
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        // Few machines have version 1.
        "cgroup_ns; cgroup_ns --shared; cgroup_ns --delegation; cgroup_ns --v1 || :; $user cgroup_ns",
    );
}

#[test]
fn a_cgroup_that_stays_in_use_is_told_of_and_left() {
    require!(is_root(), "makes cgroups");
    let ground = Playground::new("squatter");
    require!(ground.is_some(), "this machine allows no sub-cgroup");
    let ground = ground.unwrap();
    let script = "sleep 60 & guest=$!; echo $guest >$(sub)/cgroup.procs
        head -c 65450 <&3 >/dev/null; wait $lab; echo \"status $?\"
        grep -c 'rmdir .*: EBUSY' /tmp/said; grep -c '^hint: .*cgroup.procs' /tmp/said
        kill $guest; wait $guest; rmdir $(sub)";
    let half_way = HALF_WAY.replace("2>/dev/null", "2>/tmp/said");
    let run = host::on_own_host(&format!("{}{half_way}{script}", ground.enter()));
    run.success().stdout("status 1\n1\n1\n");
}
