//! unshare beside the unshare of util-linux: the same options, the same outcome.

use super::each;
use crate::support::{Who, everyone, is_root, lab, require};

const TWIN: &str = "/usr/bin/unshare";

/// What a program can tell of where it has come to: IDs, maps, capabilities,
/// signals, descriptors, environment, mounts, clocks.
const PROBE: &str = r#"sh -c '
    id -u; id -g; id -G; pwd; umask
    cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups /proc/self/timens_offsets
    grep -E "^(Cap|SigBlk|SigIgn|SigCgt|NoNewPrivs|Groups)" /proc/self/status
    readlink /proc/self/ns/* | grep -vxF "$OUTSIDE" | sed "s/:.*/ is new/"
    grep -c "shared:" /proc/self/mountinfo; grep -c "master:" /proc/self/mountinfo
    ls /proc/self/fd; env | grep -v -e "^_=" -e "^OUTSIDE=" -e "^[a-z_]*:\[" | sort
    [ $(echo /proc/[0-9]* | wc -w) -gt 5 ] || echo a proc of its own
    echo $PPID | grep -x 0'"#;

/// The caller's namespaces, so that the program can compare.
const OUTSIDE: &str = "export OUTSIDE=\"$(readlink /proc/self/ns/*)\";";

fn assert_twins(who: Who, around: &str, options: &str, program: &str) {
    let outcome = |unshare: &str| {
        let script = format!("{OUTSIDE} {around} {unshare} {options} {program} 2>/dev/null");
        let output = lab("unshare").by(who).shell(&script).command().output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text)
    };
    let ((ours, text), (theirs, twin)) = (outcome("\"$@\""), outcome(TWIN));
    let case = format!("{who:?}: {around}unshare {options}");
    for (line, twin) in text.lines().zip(twin.lines()) {
        assert_eq!(line, twin, "{case}");
    }
    let (lines, twin_lines) = (text.lines().count(), twin.lines().count());
    assert_eq!((ours, lines), (theirs, twin_lines), "{case}: {program}");
}

/// The tests' own machine decides: the manual of 2.38 has all these options.
fn is_installed() -> bool {
    let version = std::process::Command::new(TWIN).arg("--version").output();
    let text = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let minor = text.split("util-linux 2.").nth(1);
    let minor = minor.and_then(|rest| rest.split(['.', '-', '\n', ' ']).next());
    minor.is_some_and(|minor| minor.parse().is_ok_and(|minor: u32| minor >= 38))
}

#[test]
fn the_program_finds_the_same() {
    require!(is_installed(), "compares with util-linux 2.38 or later");
    for &who in everyone() {
        for options in each(
            "-r; -c; -U; -rCimnpTu; -rpf; -rpf --mount-proc; -c --keep-caps; -U --keep-caps;
            -r --keep-caps; --map-user=5; --map-group 5; -r --map-user=7; --map-user=7 -r; -rc;
            -cr --map-group=9; --map-user root --map-group root; -U --setgroups=deny;
            -U --setgroups=allow; -rm --propagation shared; -rm --propagation slave;
            -rm --propagation private; -rm --propagation unchanged; -r --propagation unchanged;
            -r -w /; -r --wd /tmp; -r -R /; -r -S 0; -rT --monotonic 100 --boottime 1000;
            -rTf --boottime=-1; -rf; -r --kill-child; -r --kill-child=SIGTERM;
            -r --kill-child=HUP; -rpf --mount-proc=/proc --propagation slave;
            --mount-proc -rpf --kill-child; -r --; -r -r --fork --fork",
        ) {
            assert_twins(who, "exec </dev/null;", options, PROBE);
        }
    }
}

#[test]
fn root_is_root_without_a_user_namespace() {
    require!(
        is_root() && is_installed(),
        "compares with util-linux 2.38 or later, as root"
    );
    for options in each(
        "-u; -CimnpTu; -pf; -pf --mount-proc; -S 1234; -G 1234; -S 1234 -G 5 -w /tmp;
            -c -S 0; -T --boottime 5; -Tf --monotonic=5; -R / -w /tmp; --setgroups=allow;
            -m --propagation shared; --keep-caps; -f --kill-child -G 5",
    ) {
        assert_twins(Who::Root, "", options, PROBE);
    }
}

#[test]
fn refusals_have_the_same_status() {
    require!(is_installed(), "compares with util-linux 2.38 or later");
    for &who in everyone() {
        for options in each(
            "--no-such; -Z; --propagation odd; --setgroups=odd; --kill-child=ODD;
            --kill-child=0; --kill-child=65; --kill-child=-1; --map-user=no-such-user;
            --map-users=1,2; --map-users=1,2,x; -r --setgroups=allow; --monotonic 3;
            --boottime 3; -rT --monotonic x; -rT --boottime -1000000000; -r -w /no/such;
            -r -R /no/such; -rm --mount-proc=/no/such; -r -G 0; -r -S 5; -S x; -G -1;
            --setgroups=deny; -r --uts=/no/such; -rp --pid=/no/such; --map; -r --w; -r -w",
        ) {
            assert_twins(who, "exec </dev/null;", options, "true");
        }
    }
}

#[test]
fn the_status_and_the_arguments_are_passed_on_alike() {
    require!(is_installed(), "compares with util-linux 2.38 or later");
    for &who in everyone() {
        for program in [
            "sh -c 'exit 77'",
            "/no/such",
            "/etc/passwd",
            "no-such-program",
            "/etc",
            "sh -c 'kill -TERM $$'",
            "echo -u --fork -- x",
            "-- echo -u",
            "sh -c 'trap' ",
            "sh -c 'echo \"$0\" \"$@\"' '' a '' 'b c'",
        ] {
            assert_twins(who, "", "-r", program);
            assert_twins(who, "", "-rf", program);
        }
    }
}

#[test]
fn what_the_caller_set_is_kept_alike() {
    require!(is_installed(), "compares with util-linux 2.38 or later");
    for &who in everyone() {
        for around in [
            "trap '' PIPE; ",
            "trap '' CHLD XFSZ HUP; ",
            "exec 7</dev/null 9>/dev/null; ",
            "exec <&-; ",
            "exec <&- 0<&-; umask 077; ",
            "export EMPTY= A=b; ",
            "cd /usr; ",
        ] {
            for options in ["-r", "-rf", "-rpf --mount-proc"] {
                assert_twins(who, around, options, PROBE);
            }
        }
    }
}
