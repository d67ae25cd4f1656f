//! What unshare(1) and the machine around it have come to have.

use crate::support::{Who, everyone, host, installed, is_root, lab, require, stderr, stdout};

#[test]
fn the_environment_is_handed_on_as_far_as_asked_for() {
    for (options, kept) in [
        ("--clear-env", ""),
        ("--whitelist-env A", "A=1"),
        ("--whitelist-env A,C --whitelist-env=NONE", "A=1 C=3"),
        ("--clear-env --whitelist-env C", "C=3"),
    ] {
        for &who in everyone() {
            let script = format!("export A=1 B=2 C=3; exec \"$@\" {options} /usr/bin/env");
            let text = lab("unshare").by(who).shell(&script).printed();
            let mut lines: Vec<_> = text.lines().collect();
            lines.sort_unstable();
            assert_eq!(lines.join(" "), kept, "{options}");
        }
    }
}

#[test]
fn a_user_namespace_can_be_made_on_behalf_of_another_user() {
    require!(is_root(), "becomes another user");
    // Its file belongs to who owns it, and its maps are written by who called.
    let script =
        "unshare --owner 1234:5 -r --map-users 1:100000:9 sh -c 'id -u; cat /proc/self/uid_map
                      grep Uid /proc/self/status; sleep 60' & lab=$!
                  wait_for runs $lab sh; sleep 0.2; stat -c %u:%g /proc/$lab/root; kill $lab
                  $user unshare --owner 0:0 true";
    let run = host::on_own_host(script).failure();
    let text = stdout(&run);
    let words: Vec<_> = text.split_whitespace().collect();
    assert_eq!(
        words[..7],
        ["65534", "0", "0", "1", "1", "100000", "9"],
        "{text}"
    );
    assert!(text.ends_with("1234:5\n"), "{text}");
    assert!(
        stderr(&run).contains("setgroups to none: EPERM"),
        "{}",
        stderr(&run)
    );
}

/// newuidmap's rights come from its set-user-ID bit, and there are three ways to lose them.
#[test]
fn a_program_that_vouches_without_rights_is_told_from_a_range_that_is_not_delegated() {
    require!(
        is_root() && installed("newuidmap"),
        "takes newuidmap its rights"
    );
    let map = "-r --map-users 1:100000:1 true";
    for (around, hint) in [
        (format!("$user unshare {map}"), "a line of /etc/subuid"),
        (
            format!("$user setpriv --no-new-privs unshare {map}"),
            "no_new_privs",
        ),
        (
            format!(
                "cp \"$(command -v newuidmap)\" /tmp/newuidmap; chmod 755 /tmp/newuidmap
                 export PATH=\"/tmp:$PATH\"; $user unshare {map}"
            ),
            "/tmp/newuidmap has no set-user-ID bit",
        ),
        (
            format!(
                "mkdir /tmp/bin; mount -t tmpfs -o nosuid,mode=755 none /tmp/bin
                 cp -p \"$(command -v newuidmap)\" /tmp/bin
                 export PATH=\"/tmp/bin:$PATH\"; $user unshare {map}"
            ),
            "/tmp/bin/newuidmap is on a mount with nosuid",
        ),
    ] {
        let script = format!("echo nobody:100000:5 >/etc/subuid; {around}");
        let error = host::refused(&script);
        assert!(error.contains(hint), "{hint}: {error}");
    }
}

#[test]
fn a_pid_namespace_of_others_is_told_as_what_stands_in_the_way_of_a_proc() {
    for (options, hint) in [
        ("-rm --mount-proc", "add --pid --fork"),
        ("-rp --mount-proc", "add --pid --fork"),
    ] {
        let script = format!("exec \"$@\" {options} true");
        let error = lab("unshare").by(Who::User).shell(&script).refused();
        assert!(error.contains(hint), "{options}: {error}");
    }
}
