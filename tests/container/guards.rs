//! Each guard is in the kernel, and one that is not ends the container.

use crate::container::container;
use crate::support::{Who, everyone, is_root, lab, require, stderr};

fn said_inside(script: &str, who: Who) -> String {
    container(["sh", "-c", script]).by(who).printed()
}

#[test]
fn the_kernel_shows_each_guard() {
    for &who in everyone() {
        let fields =
            "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | cut -f2 | tr '\\n' ' '";
        let caps = "00000000000004fb";
        let none = "0000000000000000";
        let expected = format!("{none} {caps} {caps} {caps} {none} 1 2 ");
        assert_eq!(said_inside(fields, who), expected, "{who:?}");
        assert_eq!(
            said_inside("ulimit -n; ulimit -c; cat /proc/self/cgroup | tail -1", who),
            "1024\n0\n0::/\n"
        );
    }
}

#[test]
fn root_inside_is_nobody_outside() {
    require!(is_root(), "maps a range of IDs");
    let map = said_inside("cat /proc/self/uid_map /proc/self/gid_map", Who::Root);
    for line in map.lines() {
        let fields: Vec<u32> = line
            .split_whitespace()
            .map(|it| it.parse().expect("an ID"))
            .collect();
        assert!(
            fields[0] == 0 && fields[1] >= 65536 && fields[2] == 65536,
            "{line}"
        );
    }
}

#[test]
fn a_range_of_subuid_is_taken_first() {
    require!(is_root(), "writes /etc/subuid in a mount namespace");
    let script = "printf 'root:700000:65536\\n' >/mnt/subuid; \
                  mount --bind /mnt/subuid /etc/subuid && exec \"$@\"";
    let script = format!(
        "exec unshare -m sh -c \"mount -t tmpfs none /mnt; {}\" sh \"$@\"",
        script.replace('"', "\\\"").replace('$', "\\$")
    );
    let run = lab("container")
        .args(["cat", "/proc/self/uid_map"])
        .shell(&script);
    let map = run.printed();
    assert_eq!(
        map.split_whitespace().collect::<Vec<_>>(),
        ["0", "700000", "65536"]
    );
}

#[test]
fn a_second_user_and_signals_to_other_containers_are_out_of_reach() {
    require!(is_root(), "compares two ranges");
    let first = said_inside("awk '{print $2}' /proc/self/uid_map", Who::Root);
    let second = said_inside("awk '{print $2}' /proc/self/uid_map", Who::Root);
    assert_ne!(first, second);
}

/// A filter that has a system call answer 0 and do nothing.
const PRETENDS: &str = r#"
import ctypes, os, struct, sys
number, argument = int(sys.argv[1]), int(sys.argv[2])
code = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16), (0x15, 0, 1, argument), (6, 0, 0, 0x50000), (6, 0, 0, 0x7fff0000)]
if argument < 0: code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50000), (6, 0, 0, 0x7fff0000)]
text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
libc = ctypes.CDLL(None)
assert libc.prctl(22, 2, struct.pack("HxxxxxxP", len(code), ctypes.addressof(text))) == 0
os.execvp(sys.argv[3], sys.argv[3:])
"#;

#[test]
fn a_guard_that_the_kernel_does_not_show_ends_the_container() {
    require!(is_root(), "filters without no_new_privs");
    require!(
        crate::support::installed("python3"),
        "writes a filter in Python"
    );
    require!(
        std::env::consts::ARCH == "x86_64",
        "knows the numbers of x86_64"
    );
    // Without its name in /proc: the filter is there before the container is.
    for (number, argument, guard) in [
        (126, -1, "permitted"),
        (157, 24, "bounding set"),
        (157, 38, "no_new_privs"),
        (157, 28, "securebits"),
        (442, -1, "of /"),
    ] {
        let script = format!("exec python3 -S -c '{PRETENDS}' {number} {argument} \"$@\"");
        let run = lab("container")
            .args(["echo", "started"])
            .shell(&script)
            .run();
        let text = stderr(&run);
        assert!(
            text.contains("container: check ") && text.contains(guard),
            "{guard}: {text}"
        );
        run.code(1).stdout("");
    }
}
