//! The maps that the options of unshare(1) write: a line for each case.

use super::cases;
use crate::support::{assert_error, host, installed, is_root, lab, require, stderr, stdout};

#[test]
fn of_the_options_that_map_one_id_the_last_one_counts() {
    require!(is_root(), "knows the user's ID");
    let table = "
        user -U => allow
        user -r => 0 1234 1 0 1234 1 deny
        user -c => 1234 1234 1 1234 1234 1 deny
        user --map-root-user => 0 1234 1 0 1234 1 deny
        user --map-current-user => 1234 1234 1 1234 1234 1 deny
        user --map-user=5 => 5 1234 1 allow
        user --map-user 5 --map-user 6 => 6 1234 1 allow
        user --map-group=5 => 5 1234 1 deny
        user --map-user=root --map-group=root => 0 1234 1 0 1234 1 deny
        user -r --map-user=5 => 5 1234 1 0 1234 1 deny
        user --map-user=5 -r => 0 1234 1 0 1234 1 deny
        user --map-group=5 -c --map-group=6 => 1234 1234 1 6 1234 1 deny
        user -rc => 1234 1234 1 1234 1234 1 deny
        user -cr => 0 1234 1 0 1234 1 deny
        user -U --setgroups=deny => deny
        user -U --setgroups allow => allow
        user -r --setgroups=deny => 0 1234 1 0 1234 1 deny
        root -r => 0 0 1 0 0 1 deny
        root --map-user=0 => 0 0 1 allow";
    let maps = "cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups";
    for (who, options, expected) in cases(table) {
        let script = format!("\"$@\" {options} sh -c 'echo $({maps})'");
        let run = lab("unshare").by(who).shell(&script).command().output();
        let text = String::from_utf8_lossy(&run.unwrap().stdout).into_owned();
        assert_eq!(text.trim_end(), expected, "{who:?}: {options}");
    }
}

/// A copy of /etc in which uid 1234 is ada, to whom blocks of IDs are delegated.
const ACCOUNTS: &str = "cp -a /etc /mnt/etc && mount --bind /mnt/etc /etc
    echo 'ada:x:1234:1234::/:/bin/sh' >>/etc/passwd
    printf 'eve:7:7\\nada:100000:65536\\nada:300000:10\\n' >/etc/subuid
    printf '1234:200000:65536\\n' >/etc/subgid
    echo 'root:400000:100' | tee -a /etc/subuid >>/etc/subgid
    maps() { \"$@\" sh -c 'echo $(cat /proc/self/uid_map), $(cat /proc/self/gid_map),' \\
        $(cat /proc/self/setgroups) 2>&1; }\n";

/// Rows of `OPTIONS => MAPS`; `-` is an empty map.
fn assert_maps(who: &str, table: &str) {
    require!(is_root() && installed("newuidmap"), "needs uidmap");
    let rows = table
        .lines()
        .map(str::trim)
        .filter(|row| !row.starts_with('#'));
    let rows: Vec<_> = rows
        .map(|row| row.split_once(" => ").expect("=>"))
        .collect();
    let lines = rows
        .iter()
        .map(|(options, _)| format!("maps {who} unshare {options}\n"));
    let script = format!("{ACCOUNTS}{}", lines.collect::<String>());
    let text = stdout(&host::on_own_host(&script));
    let found: Vec<_> = text.lines().collect();
    assert_eq!(found.len(), rows.len(), "{text}");
    for ((options, expected), found) in rows.iter().zip(found) {
        assert_eq!(
            found,
            format!("{},", expected.replace('-', "")),
            "{options}"
        );
    }
}

#[test]
fn a_user_maps_delegated_ranges_by_newuidmap() {
    assert_maps(
        "$user",
        "--map-auto => 0 100000 65536, 0 200000 65536
         --map-auto -r => 0 1234 1 1 100000 65536, 0 1234 1 1 200000 65536
         -r --map-users=auto => 0 1234 1 1 100000 65536, 0 1234 1
         --map-groups auto => -, 0 200000 65536
         --map-subids => 100000 100000 65536, 200000 200000 65536
         --map-users=subids -c => 1234 1234 1 100000 100000 65536, 1234 1234 1
         --map-auto -c => 1234 1234 1 0 100000 1234 1235 101234 64302, 1234 1234 1 0 200000 1234 1235 201234 64302
         # The order of /proc/PID/uid_map, and the older one.
         --map-users=5:100000:10 => 5 100000 10, -
         --map-users=100000,5,10 => 5 100000 10, -
         --map-users=0:100000:2 --map-users 7:100010:3 => 0 100000 2 7 100010 3, -
         --map-users=0:1234:1 --map-groups=3:1234:1 => 0 1234 1, 3 1234 1
         # The hole: in the middle, at both ends, beside the range.
         --map-user=5 --map-users=0:100000:10 => 5 1234 1 0 100000 5 6 100005 4, -
         --map-user=0 --map-users=0:100000:10 => 0 1234 1 1 100000 9, -
         --map-user=9 --map-users=0:100000:10 => 9 1234 1 0 100000 9, -
         --map-user=10 --map-users=0:100000:10 => 10 1234 1 0 100000 10, -",
    );
}

#[test]
fn root_writes_ranges_without_a_delegation() {
    assert_maps(
        "",
        "--map-users=0:500000:10 --map-groups=0:600000:5 => 0 500000 10, 0 600000 5
         # The hole is outside here, and in both at different places.
         --map-user=100 --map-users=10:0:5 => 100 0 1 10 1 4, -
         --map-user=12 --map-users=10:0:5 => 12 0 1 10 1 2 13 3 2, -
         --map-auto => 0 400000 100, 0 400000 100
         --map-auto -r => 0 0 1 1 400000 100, 0 0 1 1 400000 100
         --map-users=all --map-groups=all => 0 0 4294967295, 0 0 4294967295",
    );
}

#[test]
fn ranges_leave_setgroups_allowed_unless_it_is_denied() {
    require!(is_root() && installed("newuidmap"), "needs uidmap");
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
    require!(is_root() && installed("newuidmap"), "needs uidmap");
    let script = "for options in --map-users=0:99999:10 --map-users=0:0:1 --map-users=0:100000:0; do
             $user unshare $options true 2>/dev/null; echo $?
         done
         $user unshare --map-users=0:99999:10 true 2>&1 | grep -c 'hint: .*/etc/subuid'
         $user env PATH=/mnt/labs unshare --map-users=0:100000:1 /bin/true 2>&1 | grep -o 'apt install uidmap'
         : >/etc/subuid
         $user unshare --map-auto true; echo $?";
    let run = host::on_own_host(&format!("{ACCOUNTS}{script}"));
    let error = stderr(&run.stdout("1\n1\n1\n1\napt install uidmap\n1\n"));
    let begin = "unshare: find uid 1234 in /etc/subuid: ENOENT";
    assert_error(&error, begin, "ada:100000:65536");
}
