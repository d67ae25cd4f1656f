//! What is pasted for a maintainer says what is asked for, and nothing personal.

use crate::support::host::scene;
use crate::support::{assert_says, directory, is_root, require};

#[test]
fn a_report_names_machine_and_failure_and_nobody() {
    require!(is_root(), "makes a host of its own");
    let script = include_str!("../labs/tools/report.sh");
    let text = scene(&format!(
        "cat >/tmp/report.sh <<'SCRIPT'\n{script}SCRIPT
         chmod 755 /tmp/report.sh; mkdir -p /tmp/evelyn/clone
         echo evelyns-laptop >/proc/sys/kernel/hostname; cd /tmp/evelyn/clone
         HOME=/tmp/evelyn LABS=/mnt/labs /tmp/report.sh uts_ns a-name-that-is-longer-than-the-sixty-four-bytes-that-a-host-can-have
         HOME=/tmp/evelyn LABS=/mnt/labs /tmp/report.sh uts_ns bizarro
         HOME=/tmp/evelyn LABS=/mnt/labs /tmp/report.sh ns_exec /tmp/evelyn/clone/nothing true"
    ));
    assert_says(
        &text,
        &[
            "version: ",
            "kernel: Linux ",
            "doctor: {\"version\":1,",
            "status: 1",
        ],
    );
    assert_says(
        &text,
        &["uts_ns: ", "EINVAL", "ns_exec: open ./nothing: ENOENT"],
    );
    for personal in ["evelyn", "/tmp/", directory().to_str().expect("a path")] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    assert_says(&text, &["uts.nodename in parent: HOST"]);
}
