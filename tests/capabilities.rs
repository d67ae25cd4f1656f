//! The claims of the chapter on capabilities across execve().

use crate::support::{
    Who, assert_error, assert_says, assert_transcript, assert_transcripts, everyone, host, lab,
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
    let uid = text
        .rsplit("root is uid ")
        .next()
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    assert_eq!(outside, format!("3 net_raw yes {uid}"));
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

/// The caller's no_new_privs cannot be taken back.
#[test]
fn under_no_new_privs_only_cases_without_a_file_are_shown() {
    for &who in everyone() {
        let under = |args: &[&str]| {
            let script = "exec setpriv --no-new-privs \"$@\"";
            lab("capabilities").by(who).args(args).shell(script)
        };
        let error = under(&[]).refused();
        assert_error(&error, "capabilities: execve *EPERM: ", "no_new_privs");
        let text = stdout(&under(&["--case", "user"]).run().success());
        assert_says(
            &text,
            &["after   -            -          -          -        all"],
        );
    }
}

/// A user namespace begins with all sets full or empty, whatever the caller's are.
#[test]
fn the_callers_own_sets_do_not_matter() {
    if everyone().len() == 1 {
        return;
    }
    let script =
        "exec setpriv --bounding-set=-net_raw --inh-caps=+chown --securebits=+noroot \"$@\"";
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
