//! The options of unshare(1): what the program finds. A line for each case: who,
//! the options, what the program prints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use support::{Who, host, installed, is_root, lab, require};

/// Runs `unshare OPTIONS sh -c PROGRAM`, and returns its status and all that it
/// prints; the program's lines become one.
fn run(who: Who, options: &str, program: &str) -> (Option<i32>, String) {
    let script = format!("\"$@\" {options} sh -c 'echo $({program})' 2>&1");
    let output = lab("unshare").by(who).shell(&script).command().output();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.code(), text)
}

fn assert_each(program: &str, cases: &[(Who, &str, &str)]) {
    for &(who, options, expected) in cases {
        if who == Who::Root && !is_root() {
            continue;
        }
        let (status, text) = run(who, options, program);
        assert_eq!(
            (status, text.as_str()),
            (Some(0), expected),
            "{who:?}: {options}"
        );
    }
}

#[test]
fn of_the_options_that_map_one_id_the_last_one_counts() {
    require!(is_root(), "knows the user's ID");
    let maps = "cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups";
    assert_each(
        maps,
        &[
            (Who::User, "-U", "allow"),
            (Who::User, "-r", "0 1234 1 0 1234 1 deny"),
            (Who::User, "-c", "1234 1234 1 1234 1234 1 deny"),
            (Who::User, "--map-root-user", "0 1234 1 0 1234 1 deny"),
            (
                Who::User,
                "--map-current-user",
                "1234 1234 1 1234 1234 1 deny",
            ),
            (Who::User, "--map-user=5", "5 1234 1 allow"),
            (Who::User, "--map-user 5 --map-user 6", "6 1234 1 allow"),
            (Who::User, "--map-group=5", "5 1234 1 deny"),
            (
                Who::User,
                "--map-user=root --map-group=root",
                "0 1234 1 0 1234 1 deny",
            ),
            (Who::User, "-r --map-user=5", "5 1234 1 0 1234 1 deny"),
            (Who::User, "--map-user=5 -r", "0 1234 1 0 1234 1 deny"),
            (
                Who::User,
                "--map-group=5 -c --map-group=6",
                "1234 1234 1 6 1234 1 deny",
            ),
            (Who::User, "-rc", "1234 1234 1 1234 1234 1 deny"),
            (Who::User, "-cr", "0 1234 1 0 1234 1 deny"),
            (Who::User, "-U --setgroups=deny", "deny"),
            (Who::User, "-U --setgroups allow", "allow"),
            (Who::User, "-r --setgroups=deny", "0 1234 1 0 1234 1 deny"),
            (Who::Root, "-r", "0 0 1 0 0 1 deny"),
            (Who::Root, "--map-user=0", "0 0 1 allow"),
        ],
    );
}

#[test]
fn the_program_is_who_it_shall_be() {
    let who = "id -u; id -g; id -G; pwd";
    assert_each(
        who,
        &[
            (Who::User, "-r -w /", "0 0 0 /"),
            (Who::User, "-r -S 0 --wd=/tmp", "0 0 0 /tmp"),
            (Who::Root, "-S 1234 -w /", "1234 0 0 /"),
            (Who::Root, "-G 1234 -w /", "0 1234 1234 /"),
            (
                Who::Root,
                "--setuid=1234 --setgid 5 -w /usr",
                "1234 5 5 /usr",
            ),
        ],
    );
    // Supplementary groups go with -G, and only with it.
    require!(is_root(), "changes groups");
    let groups = "setpriv --groups 7,8 \"$@\" -G 5 id -G; setpriv --groups 7,8 \"$@\" -S 5 id -G";
    let run = lab("unshare").shell(groups).command().assert();
    run.success().stdout("5\n0 7 8\n");
}

#[test]
fn capabilities_outlive_the_execution_with_keep_caps_only() {
    let ambient = "grep CapAmb /proc/self/status | tr -d 0 | cut -f2";
    let effective = "grep CapEff /proc/self/status | tr -d 0 | cut -f2";
    for (options, program, all) in [
        ("-c", effective, false),
        ("-c --keep-caps", effective, true),
        ("-c --keep-caps", ambient, true),
        ("-c --keep-caps --fork", ambient, true),
        ("-U --keep-caps", effective, true),
        ("-r", effective, true),
        ("-r", ambient, false),
        // Without a user namespace there are none to keep.
        ("--keep-caps", ambient, false),
    ] {
        let (status, text) = run(Who::User, options, program);
        assert_eq!(status, Some(0), "{options}");
        assert_eq!(!text.is_empty(), all, "{options}: {text}");
    }
}

#[test]
fn the_root_is_changed_before_the_directory_and_proc() {
    require!(is_root(), "makes a root");
    let script = "mkdir /tmp/root /tmp/root/proc /tmp/root/sub
        for folder in bin lib lib64 usr etc; do
            [ ! -e /$folder ] || { mkdir /tmp/root/$folder; mount --rbind /$folder /tmp/root/$folder; }
        done
        unshare -R /tmp/root /bin/pwd
        unshare --root=/tmp/root --wd=/sub /bin/pwd
        unshare -R /tmp/root -w sub /bin/pwd
        unshare -R /tmp/root --mount-proc -pf sh -c 'echo /proc/[0-9]*'
        unshare -R /tmp/root --mount-proc=/sub -pf sh -c 'echo /sub/[0-9]*'
        unshare -w /tmp sh -c 'pwd; ls'
        $user unshare -r -R /tmp/root /bin/pwd
        ls /tmp/root/proc";
    host::on_own_host(script)
        .success()
        .stdout("/\n/sub\n/sub\n/proc/1\n/sub/1\n/tmp\nroot\n/\n");
}

#[test]
fn the_clocks_have_their_offsets() {
    let offsets = "cat /proc/self/timens_offsets";
    let both = "monotonic 50 0 boottime 1000 0";
    assert_each(
        offsets,
        &[
            (Who::User, "-rT --monotonic 50 --boottime 1000", both),
            (Who::User, "-rTf --monotonic 50 --boottime 1000", both),
            (
                Who::User,
                "-rT --boottime=-1",
                "monotonic 0 0 boottime -1 0",
            ),
            (
                Who::User,
                "-rT --monotonic -1",
                "monotonic -1 0 boottime 0 0",
            ),
            (Who::Root, "--time --boottime 1000 --monotonic=50", both),
            (Who::Root, "--time", "monotonic 0 0 boottime 0 0"),
        ],
    );
    // The program itself lives by them, with and without a fork.
    for fork in ["", "-f"] {
        let options = format!("-rT {fork} --boottime 300000000");
        let (_, uptime) = run(Who::User, &options, "cut -d. -f1 /proc/uptime");
        assert!(uptime.parse::<u64>().unwrap() > 300_000_000, "{uptime}");
    }
}

#[test]
fn what_contradicts_is_refused_with_status_1_and_a_reason() {
    for (who, options, reason) in [
        (
            Who::User,
            "-r --setgroups=allow",
            "--setgroups=allow excludes",
        ),
        (
            Who::User,
            "-c --setgroups=allow",
            "--setgroups=allow excludes",
        ),
        (
            Who::User,
            "--map-group=1 --setgroups allow",
            "--setgroups=allow excludes",
        ),
        (Who::User, "-r --monotonic 5", "--time"),
        (Who::User, "-r --boottime 5", "--time"),
        (Who::User, "-rT --boottime five", "invalid value 'five'"),
        (Who::User, "-rp --pid=/tmp/none", "--pid=FILE needs --fork"),
        (
            Who::User,
            "--map-user=no-such-user",
            "there is no user no-such-user",
        ),
        (Who::User, "--map-group=-1", "there is no group -1"),
        (
            Who::User,
            "--map-user=4294967295",
            "there is no user 4294967295",
        ),
        (Who::User, "--map-users=1:2", "INNER:OUTER:COUNT"),
        (Who::User, "--map-users=1:2:3:4", "INNER:OUTER:COUNT"),
        (Who::User, "--map-groups=1,2:3", "INNER:OUTER:COUNT"),
        (Who::User, "--setgroups=odd", "allow, deny"),
        (
            Who::User,
            "--propagation odd",
            "private, shared, slave, unchanged",
        ),
        (Who::User, "--kill-child=ODD", "there is no signal ODD"),
        (Who::User, "--kill-child=65", "there is no signal 65"),
        (
            Who::User,
            "--kill-child=RTMIN+99",
            "there is no signal RTMIN+99",
        ),
        (Who::User, "-S x", "invalid value 'x'"),
        (Who::User, "-r -w /no/such", "chdir /no/such: ENOENT"),
        (Who::User, "-r -R /no/such", "chroot /no/such: ENOENT"),
        (Who::User, "-R /", "chroot /: EPERM"),
        (Who::User, "-r -G 0", "setgroups to none: EPERM"),
        (Who::User, "-r -S 5", "setuid 5: EINVAL"),
        (
            Who::User,
            "-rm --mount-proc=/no/such",
            "proc on /no/such: ENOENT",
        ),
        (Who::User, "-rT --boottime -999999999", "ERANGE"),
        (Who::User, "--setgroups=deny", "/setgroups: E"),
        (Who::User, "-ru --uts=/no/such", "on /no/such: ENOENT"),
        (Who::User, "-r --user=/etc/passwd", "on /etc/passwd: EPERM"),
    ] {
        let (status, text) = run(who, options, "true");
        assert_eq!(status, Some(1), "{options}: {text}");
        assert!(text.contains(reason), "{options}: {text}");
    }
}

#[test]
fn the_signal_for_the_child_may_be_a_name_or_a_number() {
    for (name, caught) in [
        ("TERM", "TERM"),
        ("SIGTERM", "TERM"),
        ("term", "TERM"),
        ("10", "USR1"),
        ("RTMIN+1", "RTMIN+1"),
        ("SIGRTMAX-1", "RTMAX-1"),
    ] {
        let script = format!(
            "{{ \"$@\" -r --kill-child={name} bash -c 'trap \"echo caught; exit\" {caught}; echo $PPID
                 for i in $(seq 500); do sleep 0.01; done; echo in vain' & }} |
             {{ read parent; kill -KILL $parent; cat; }}"
        );
        let run = lab("unshare")
            .by(Who::User)
            .shell(&script)
            .command()
            .assert();
        run.success().stdout("caught\n");
    }
}

#[test]
fn with_another_user_the_child_still_ends_with_its_parent() {
    require!(is_root(), "changes the user");
    // setuid() takes the wish for a signal away, so it is made afterwards.
    let script = "{ \"$@\" --kill-child -S 1234 -G 1234 sh -c 'echo $PPID; exec sleep 60' & } |
         { read parent; kill -KILL $parent; cat; echo closed; }";
    let run = lab("unshare").shell(script).command().assert();
    run.success().stdout("closed\n");
}

/// A copy of /etc in which uid 1234 is ada, to whom blocks of IDs are delegated.
const ACCOUNTS: &str = "cp -a /etc /mnt/etc && mount --bind /mnt/etc /etc
    echo 'ada:x:1234:1234::/:/bin/sh' >>/etc/passwd
    printf 'eve:7:7\\nada:100000:65536\\nada:300000:10\\n' >/etc/subuid
    printf '1234:200000:65536\\n' >/etc/subgid
    echo 'root:400000:100' | tee -a /etc/subuid >>/etc/subgid
    maps() { \"$@\" sh -c 'echo $(cat /proc/self/uid_map), $(cat /proc/self/gid_map),' \\
        $(cat /proc/self/setgroups) 2>&1; }\n";

fn assert_maps(who: &str, cases: &[(&str, &str)]) {
    require!(
        is_root() && installed("newuidmap"),
        "delegates IDs, and needs uidmap"
    );
    let line = |(options, _): &(&str, &str)| format!("maps {who} unshare {options}\n");
    let script: String = cases.iter().map(line).collect();
    let run = host::on_own_host(&format!("{ACCOUNTS}{script}"));
    let text = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), cases.len(), "{text}");
    for ((options, expected), line) in cases.iter().zip(lines) {
        assert_eq!(line, format!("{expected},"), "{options}");
    }
}

#[test]
fn a_user_maps_delegated_ranges_by_newuidmap() {
    assert_maps(
        "$user",
        &[
            ("--map-auto", "0 100000 65536, 0 200000 65536"),
            (
                "--map-auto -r",
                "0 1234 1 1 100000 65535, 0 1234 1 1 200000 65535",
            ),
            ("-r --map-users=auto", "0 1234 1 1 100000 65535, 0 1234 1"),
            ("--map-groups auto", ", 0 200000 65536"),
            ("--map-subids", "100000 100000 65536, 200000 200000 65536"),
            (
                "--map-users=subids -c",
                "1234 1234 1 100000 100000 65536, 1234 1234 1",
            ),
            (
                "--map-auto -c",
                "1234 1234 1 0 100000 1234 1235 101234 64301, 1234 1234 1 0 200000 1234 1235 201234 64301",
            ),
            // The order of /proc/PID/uid_map, and the older one.
            ("--map-users=5:100000:10", "5 100000 10, "),
            ("--map-users=100000,5,10", "5 100000 10, "),
            (
                "--map-users=0:100000:2 --map-users 7:100010:3",
                "0 100000 2 7 100010 3, ",
            ),
            (
                "--map-users=0:1234:1 --map-groups=3:1234:1",
                "0 1234 1, 3 1234 1",
            ),
            // The hole: in the middle, at both ends, beside the range.
            (
                "--map-user=5 --map-users=0:100000:10",
                "5 1234 1 0 100000 5 6 100005 4, ",
            ),
            (
                "--map-user=0 --map-users=0:100000:10",
                "0 1234 1 1 100000 9, ",
            ),
            (
                "--map-user=9 --map-users=0:100000:10",
                "9 1234 1 0 100000 9, ",
            ),
            (
                "--map-user=10 --map-users=0:100000:10",
                "10 1234 1 0 100000 10, ",
            ),
        ],
    );
}

#[test]
fn root_writes_ranges_without_a_delegation() {
    assert_maps(
        "",
        &[
            (
                "--map-users=0:500000:10 --map-groups=0:600000:5",
                "0 500000 10, 0 600000 5",
            ),
            // The hole is outside here, and in both at different places.
            ("--map-user=100 --map-users=10:0:5", "100 0 1 10 1 4, "),
            ("--map-user=12 --map-users=10:0:5", "12 0 1 10 1 2 13 3 2, "),
            ("--map-auto", "0 400000 100, 0 400000 100"),
            ("--map-auto -r", "0 0 1 1 400000 99, 0 0 1 1 400000 99"),
            (
                "--map-users=all --map-groups=all",
                "0 0 4294967295, 0 0 4294967295",
            ),
        ],
    );
}

#[test]
fn ranges_leave_setgroups_allowed_unless_it_is_denied() {
    require!(
        is_root() && installed("newuidmap"),
        "delegates IDs, and needs uidmap"
    );
    let script = "for options in '' --setgroups=allow --setgroups=deny; do
             $user unshare --map-auto -r $options cat /proc/self/setgroups
             unshare --map-auto -r $options cat /proc/self/setgroups
         done
         $user unshare --map-auto -r -S 5 -G 6 sh -c 'echo $(id -u; id -G)'
         $user unshare --map-auto -r sh -c 'touch /tmp/file; chown 1:1 /tmp/file'
         stat -c '%u %g' /tmp/file";
    host::on_own_host(&format!("{ACCOUNTS}{script}"))
        .stdout("allow\nallow\nallow\nallow\ndeny\ndeny\n5 6\n100000 200000\n");
}

#[test]
fn a_range_that_nobody_delegated_is_refused_with_a_hint() {
    require!(
        is_root() && installed("newuidmap"),
        "delegates IDs, and needs uidmap"
    );
    let script = "for options in --map-users=0:99999:10 --map-users=0:0:1 --map-users=0:100000:0; do
             $user unshare $options true 2>/dev/null; echo $?
         done
         $user unshare --map-users=0:99999:10 true 2>&1 | grep -c 'hint: .*/etc/subuid'
         $user env PATH=/mnt/labs unshare --map-users=0:100000:1 /bin/true 2>&1 | grep -o 'apt install uidmap'
         : >/etc/subuid
         $user unshare --map-auto true; echo $?";
    let run = host::on_own_host(&format!("{ACCOUNTS}{script}"));
    let run = run.stdout("1\n1\n1\n1\napt install uidmap\n1\n");
    let error = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(
        error.contains("find uid 1234 in /etc/subuid: ENOENT"),
        "{error}"
    );
    assert!(
        error.contains("hint: ") && error.contains("ada:100000:65536"),
        "{error}"
    );
}
