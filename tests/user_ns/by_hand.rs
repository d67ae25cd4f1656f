//! The claims of the chapter on user namespaces that no form of the lab shows.

use crate::support::{host, is_root, require, stdout};

/// What a script prints as uid 1234, with a process in an unmapped user namespace
/// whose PID is `$asleep`, and `try`, which prints a command's errno in words.
fn as_user(script: &str) -> String {
    let script = format!(
        "cat >/tmp/script <<'END'
             try() {{ said=$(\"$@\" 2>&1) && echo done || echo \"${{said##*: }}\"; }}
             put() {{ cat map >/proc/$asleep/uid_map; }}
             unshare --user sleep 30 & asleep=$!
             while [ \"$(cat /proc/$asleep/comm)\" != sleep ]; do :; done
             cd /tmp
             {script}
             kill $asleep
END
         $user bash /tmp/script"
    );
    stdout(&host::on_own_host(&script).success())
}

#[test]
fn an_id_without_a_map_cannot_be_given_to_a_file() {
    require!(is_root(), "makes a host of its own");
    let said = as_user("touch mine; try unshare --user chown 0 mine");
    assert_eq!(said, "Invalid argument\n");
}

#[test]
fn root_inside_reads_its_own_file_whatever_its_mode() {
    require!(is_root(), "makes a host of its own");
    let said = as_user("umask 777; touch mine; try cat mine; try unshare -Ur cat mine");
    assert_eq!(said, "Permission denied\ndone\n");
}

#[test]
fn who_is_mapped_nowhere_makes_no_user_namespace() {
    require!(is_root(), "makes a host of its own");
    let script = "try /usr/bin/unshare --user /usr/bin/unshare --user true
                  try /usr/bin/unshare -Ur /usr/bin/unshare --user true";
    assert_eq!(as_user(script), "Operation not permitted\ndone\n");
}

#[test]
fn a_map_has_at_most_340_lines_and_is_less_than_a_page() {
    require!(is_root(), "makes a host of its own");
    // What is no map is EINVAL, what is one that this writer may not write EPERM.
    let script = "lines() { seq $1 | sed 's/.*/& & 1/' >map; }
                  text() { printf \"%$1s\" '0 1234 1' >map; }
                  lines 341; try put; lines 340; try put
                  page=$(getconf PAGESIZE); text $page; try put; text $((page - 1)); try put";
    let said = "Invalid argument\nOperation not permitted\nInvalid argument\ndone\n";
    assert_eq!(as_user(script), said);
}

#[test]
fn the_shell_cannot_write_the_hostname_that_hostname_sets() {
    require!(is_root(), "makes a host of its own");
    let script = "try unshare -Ur --uts bash -c 'echo x >/proc/sys/kernel/hostname'
                  try unshare -Ur --uts hostname x; uname -n";
    assert_eq!(as_user(script), "Permission denied\ndone\nantero\n");
}

#[test]
fn a_root_without_cap_setfcap_cannot_be_mapped() {
    require!(is_root(), "drops a capability");
    let script = "setpriv --bounding-set=-setfcap --inh-caps=-setfcap unshare -Ur true 2>&1";
    let said = stdout(&host::on_own_host(script).code(1));
    assert!(said.contains("uid_map: EPERM"), "{said}");
}
