//! A held lab prints commands for another terminal: each of them works while it holds.

use crate::support::host::scene;
use crate::support::{installed, is_root, require};

const LINES: &[&str] = &[
    "uts_ns bizarro",
    "pid_ns",
    "pid_ns --shared",
    "pid_ns --siblings",
    "pid_ns --nested 3",
    "pid_ns --credentials",
    "user_ns",
    "ipc_ns",
    "cgroup_ns",
    "time_ns",
    "init",
    "init --no-reap",
    "init --subreaper",
];

#[test]
fn what_a_held_lab_prints_can_be_pasted() {
    require!(is_root() && installed("pstree"), "makes a host of its own");
    for line in LINES {
        let lab = line.split(' ').next().expect("a lab");
        for user in ["", "$user"] {
            let text = scene(&format!(
                "{user} {line} --hold 60 </dev/null >/dev/null 2>/tmp/said & lab=$!
                 wait_for grep -q 'In another terminal' /tmp/said; wait_for grep -q '^$' /tmp/said
                 sed -n 's/^  //p' /tmp/said >/tmp/commands; [ -s /tmp/commands ] || echo none
                 while read -r command; do
                     {user} sh -c \"$command\" </dev/null >/dev/null 2>&1 || echo \"$command\"
                 done </tmp/commands; kill $lab; wait 2>/dev/null
                 # A guardian that ends with this host removes no cgroup.
                 wait_for fails pgrep -x {lab}"
            ));
            assert_eq!(text, "", "{user} {line}");
        }
    }
}
