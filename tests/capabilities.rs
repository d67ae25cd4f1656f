//! The claims of the chapter on capabilities across execve().

use std::path::Path;

use crate::support::{
    Who, assert_says, assert_transcript, assert_transcripts, everyone, host, is_root, lab, require,
    stdout,
};

/// The sets of a case before and after execve(), in the order of the table's columns.
fn case(name: &str) -> [String; 2] {
    let both = everyone().iter().map(|&who| {
        let lab = lab("capabilities").by(who).args(["--case", name]);
        let text = lab.printed();
        let lines: Vec<_> = text.lines().skip(1).collect();
        let [before, after] = lines[..] else {
            panic!("not two lines:\n{text}");
        };
        let before = before.strip_prefix(name).unwrap_or_default();
        [(before, "before"), (after, "after")].map(|(line, moment)| {
            let sets = line.trim_start().strip_prefix(moment).expect(moment);
            sets.split_whitespace().collect::<Vec<_>>().join(" ")
        })
    });
    let both: Vec<_> = both.collect();
    assert!(both.iter().all(|sets| *sets == both[0]), "{both:?}");
    both[0].clone()
}

#[test]
fn the_table_is_one_for_root_and_user() {
    assert_transcripts!("default", lab("capabilities"));
}

#[test]
fn root_keeps_everything() {
    assert_eq!(case("root"), ["- all all - all", "- all all - all"]);
}

#[test]
fn roots_new_sets_are_cut_to_the_bounding_set() {
    let [before, after] = case("root-bounding");
    assert_eq!(before, "- all all - net_raw");
    assert_eq!(after, "- net_raw net_raw - net_raw");
}

#[test]
fn under_noroot_uid_0_is_nobody_special() {
    assert_eq!(case("root-noroot"), ["- all all - all", "- - - - all"]);
}

#[test]
fn whoever_is_not_root_inside_loses_everything() {
    for name in ["user", "unmapped"] {
        assert_eq!(case(name), ["- all all - all", "- - - - all"], "{name}");
    }
}

#[test]
fn an_ambient_capability_goes_through() {
    let [before, after] = case("user-ambient");
    assert_eq!(before, "net_raw all all net_raw all");
    assert_eq!(after, "net_raw net_raw net_raw net_raw all");
}

#[test]
fn a_file_gives_capabilities_to_whom_has_none() {
    assert_eq!(case("file"), ["- - - - all", "- net_raw net_raw - all"]);
}

#[test]
fn neither_no_new_privs_nor_nosuid_lets_a_file_give_anything() {
    for name in ["file-no-new-privs", "file-nosuid"] {
        assert_eq!(case(name), ["- - - - all", "- - - - all"], "{name}");
    }
}

#[test]
fn a_file_that_would_get_less_than_it_wants_is_not_executed() {
    let refused = "execve(): EPERM: Operation not permitted";
    assert_eq!(case("file-bounding"), ["- - - - -", refused]);
}

#[test]
fn inheritable_takes_two() {
    let [before, after] = case("file-inheritable");
    assert_eq!(before, "net_raw - - - all");
    assert_eq!(after, "net_raw net_raw net_raw - all");
}

#[test]
fn a_file_with_capabilities_empties_the_ambient_set() {
    let [before, after] = case("file-ambient");
    assert_eq!(before, "net_raw all all net_raw all");
    assert_eq!(after, "net_raw chown chown - all");
}

#[test]
fn the_attribute_is_read_in_two_versions() {
    assert_transcripts!("xattr", lab("capabilities").args(["--xattr"]));
    let text = lab("capabilities")
        .by(Who::User)
        .args(["--xattr"])
        .printed();
    let version = |reader: &str| {
        let row = text.lines().find(|line| line.starts_with(reader));
        let words = row.expect(reader)[36..].split_whitespace();
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(version("in its own"), "2 net_raw yes -");
    assert_eq!(version("in one inside"), "3 net_raw yes 5");
    let outside = version("outside, where root is uid");
    let (_, after) = text.rsplit_once("root is uid ").expect("the last row");
    let (uid, _) = after.split_once(' ').expect("its columns");
    assert_eq!(outside, format!("3 net_raw yes {uid}"));
}

/// The 20 bytes of version 2 become 24.
#[test]
fn on_a_file_system_of_the_hosts_root_inside_writes_version_3() {
    require!(
        is_root() && Path::new("/usr/bin/python3").exists(),
        "makes a host of its own"
    );
    let script = r#"python=/usr/bin/python3
        echo >/tmp/file; chown 1234:1234 /tmp/file
        $user /usr/bin/unshare -r $python -c 'import os, struct
value = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)
os.setxattr("/tmp/file", "security.capability", value)
print(len(os.getxattr("/tmp/file", "security.capability")))'
        $user $python -c 'import os, struct
value = os.getxattr("/tmp/file", "security.capability")
print(len(value), struct.unpack("<6I", value)[5])'"#;
    let run = host::on_own_host(script).success();
    assert_eq!(stdout(&run), "20\n24 1234\n");
}

#[test]
fn a_case_is_narrated() {
    let lab = lab("capabilities").by(Who::User);
    assert_transcript!("case", lab.args(["--case", "file-nosuid"]).terminal());
}

#[test]
fn the_narration_leaves_the_transcript_alone() {
    let lab = lab("capabilities").by(Who::User);
    let explained = lab.clone().args(["--explain"]).printed();
    assert_eq!(explained, lab.printed());
}

#[test]
fn a_case_that_there_is_not_is_a_usage_error_that_names_those_that_are() {
    let run = lab("capabilities").args(["--case", "odd"]).run().code(2);
    let error = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert_says(&error, &["root-bounding", "file-ambient"]);
}

#[test]
fn under_the_callers_no_new_privs_no_file_gives_anything() {
    for &who in everyone() {
        let lab = lab("capabilities").by(who);
        let text = lab.shell("exec setpriv --no-new-privs \"$@\"").printed();
        assert!(text.starts_with("Under no_new_privs, "), "{text}");
        let mut lines = text.lines().skip_while(|line| !line.starts_with("file "));
        let after = lines.nth(1).unwrap_or_default().trim_start();
        assert_eq!(
            after,
            "after   -            -          -          -        all"
        );
    }
}

/// A user namespace begins with all sets full or empty, whatever the caller's are.
#[test]
fn the_callers_own_sets_do_not_matter() {
    require!(is_root(), "drops capabilities");
    let script = "exec setpriv --bounding-set=-net_raw --inh-caps=+chown \"$@\"";
    let odd = lab("capabilities").by(Who::Root).shell(script).printed();
    assert_eq!(odd, lab("capabilities").printed());
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "for option in '' --xattr '--case file-nosuid' '--case file-bounding'; do
             capabilities $option; $user capabilities $option
         done",
    );
}
