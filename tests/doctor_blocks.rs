//! The doctor's word against the labs: in each sandbox, what it says of every lab is
//! compared with what that lab then does.

use crate::support::sandbox::{
    NO_CAPABILITIES, compare, require_64_bits, require_a_sandbox, with_limit, with_mounts,
};
use crate::support::{installed, is_root, require};

#[test]
fn an_open_machine_runs_every_lab() {
    require_a_sandbox!();
    compare(&[
        (
            r#""$@""#,
            "status 0
             : all run
             cgroup_not_writable: all run",
        ),
        (
            r#"$user1234 "$@""#,
            "status 0
             cgroup_not_writable: all run",
        ),
    ]);
}

#[test]
fn a_seccomp_filter_is_told_from_the_kernel() {
    require_a_sandbox!();
    require_64_bits!();
    compare(&[
        (
            r#"$seccomp refuse "$@""#,
            "status 1
             seccomp: none runs
             seccomp: none runs",
        ),
        (
            r#"$seccomp docker $user1234 "$@""#,
            "status 1
             seccomp: none runs",
        ),
        (
            r#"$seccomp unshare "$@""#,
            "status 1
             seccomp: not enter join mount idmap leave ipc net ping port bridge cgroup time container every
             seccomp: not enter uts pid join mount idmap proc leave ipc net ping port bridge cgroup sub_cgroup time container every",
        ),
        (
            r#"$seccomp clone $user1234 "$@""#,
            "status 1
             cgroup_not_writable seccomp: not user uts pid mount idmap proc ipc net sub_cgroup container",
        ),
        (
            r#"$seccomp mount "$@""#,
            "status 1
             seccomp: not mount idmap proc leave ipc container
             cgroup_not_writable seccomp: not mount idmap proc leave ipc sub_cgroup container",
        ),
        (
            r#"$seccomp setns,sethostname $user1234 "$@""#,
            "status 1
             cgroup_not_writable seccomp: not uts join bridge sub_cgroup container",
        ),
    ]);
}

#[test]
fn a_limit_is_told_by_its_name() {
    require_a_sandbox!();
    for (limit, expected) in [
        (
            "0 >/proc/sys/user/max_user_namespaces",
            "limit_zero: not enter user idmap sub_cgroup container every",
        ),
        (
            "0 >/proc/sys/user/max_uts_namespaces",
            "limit_zero: not uts join sub_cgroup container every",
        ),
        (
            "0 >/proc/sys/user/max_mnt_namespaces",
            "limit_zero: not mount idmap proc leave ipc sub_cgroup container every",
        ),
        (
            "0 >/proc/sys/user/max_pid_namespaces",
            "limit_zero: not pid proc leave sub_cgroup container every",
        ),
        (
            "0 >/proc/sys/user/max_net_namespaces",
            "limit_zero: not net ping port bridge sub_cgroup container every",
        ),
        (
            "1 >/proc/sys/user/max_net_namespaces",
            "limit_reached: not net bridge sub_cgroup every",
        ),
        (
            "0 >/proc/sys/user/max_ipc_namespaces",
            "limit_zero: not ipc sub_cgroup container every",
        ),
        (
            "0 >/proc/sys/user/max_cgroup_namespaces",
            "limit_zero: not cgroup sub_cgroup container every",
        ),
        (
            "0 >/proc/sys/user/max_time_namespaces",
            "limit_zero: not sub_cgroup time every",
        ),
    ] {
        let expected = format!("status 1\ncgroup_not_writable {expected}");
        compare(&[(&with_limit(limit), &expected)]);
    }
    let around = with_limit("0 >/proc/sys/user/max_net_namespaces");
    let inside = around.replace("exec ", "exec /usr/bin/unshare -r ");
    compare(&[(
        &inside,
        "status 1\ncgroup_not_writable outer_limit: not net ping port bridge sub_cgroup container every",
    )]);
}

/// As many levels as this machine has left; `OPTIONS` is one level.
const NEST: &str = r#"
printf '#!/bin/sh\nif unshare OPTIONS true 2>/dev/null
    then exec unshare OPTIONS "$0" "$@"; fi; exec "$@"\n' >/tmp/nest; chmod 755 /tmp/nest
PATH=/usr/bin:$PATH $user1234 "#;

#[test]
fn nesting_too_deep_is_told_from_a_limit() {
    require_a_sandbox!();
    let user = NEST.replace("OPTIONS", "-r");
    let pid = NEST.replace("OPTIONS", "-pf --mount-proc") + "/usr/bin/unshare -r ";
    // /tmp/nest finds the unshare of the system first; the labs find their own.
    let own = r#"env PATH="/mnt/labs:$PATH" "$@""#;
    compare(&[
        (
            &format!("{user} /tmp/nest {own}"),
            "status 1\ncgroup_not_writable nesting: not enter user idmap sub_cgroup container every",
        ),
        (
            &format!("{user} /tmp/nest {NO_CAPABILITIES} {own}"),
            "status 1\nnesting: none runs",
        ),
        (
            &format!("{pid} /tmp/nest {own}"),
            "status 1\ncgroup_not_writable nesting: not pid proc leave sub_cgroup container every",
        ),
    ]);
}

#[test]
fn a_root_without_capabilities_is_worse_off_than_a_user() {
    require_a_sandbox!();
    compare(&[
        (
            &format!(r#"{NO_CAPABILITIES} "$@""#),
            "status 1\nmissing_capability: none runs",
        ),
        (
            &format!(r#"$user1234 {NO_CAPABILITIES} "$@""#),
            "status 0\ncgroup_not_writable: all run",
        ),
        (
            // In a user namespace without maps: the capabilities end at execve().
            r#"$user1234 /usr/bin/unshare -U "$@""#,
            "status 1\nunmapped_id: none runs",
        ),
    ]);
}

#[test]
fn a_chroot_is_recognised() {
    require_a_sandbox!();
    let mount_point = "mkdir -p /tmp/root && mount --rbind / /tmp/root";
    // A directory that is no mount point, as most chroots are.
    let directory = "cd /tmp && mkdir -p root/usr root/proc root/tmp root/dev root/mnt/labs &&
        for f in bin sbin lib lib64; do [ -e root/$f ] || ln -s usr/$f root; done
        mount --rbind /usr root/usr && mount --bind /mnt/labs root/mnt/labs";
    let with_proc = format!("{directory} && mount --rbind /proc root/proc");
    compare(&[
        (
            &with_mounts(mount_point, "chroot /tmp/root"),
            "status 1
             chroot: not enter user idmap container every
             chroot: none runs",
        ),
        (
            &with_mounts(&with_proc, "chroot /tmp/root"),
            "status 1
             chroot no_cgroup_mount root_is_no_mount_point: not enter user mount idmap proc leave ipc cgroup sub_cgroup container every
             chroot: none runs",
        ),
        (
            &with_mounts(directory, "chroot /tmp/root $user1234"),
            "status 1\nchroot no_proc: none runs",
        ),
    ]);
}

#[test]
fn a_cgroup_that_may_not_be_made_is_no_obstacle_and_none_mounted_is() {
    require_a_sandbox!();
    compare(&[
        (
            &with_mounts(
                "for mount in $(grep -o \"/sys/fs/cgroup/[^ ]*\" /proc/mounts); do
                     mount -o remount,bind,ro $mount; done; mount -o remount,bind,ro /sys/fs/cgroup",
                "",
            ),
            "status 0
             cgroup_not_writable: all run
             cgroup_not_writable: all run",
        ),
        (
            &with_mounts("umount -R -l /sys/fs/cgroup", ""),
            "status 1
             no_cgroup_mount: not cgroup sub_cgroup
             no_cgroup_mount: not cgroup sub_cgroup",
        ),
    ]);
}

/// Ubuntu's rule by its symptom, since only such a kernel has the rule itself: the file
/// that the labs open first after unshare() is refused, and the switch says why.
#[test]
fn ubuntus_apparmor_restriction_is_named() {
    require_a_sandbox!();
    require!(installed("strace"), "strace plays AppArmor");
    let rule = "mount -t tmpfs none /proc/sys/kernel &&
        echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns &&
        echo 40 >/proc/sys/kernel/cap_last_cap";
    let strace = "strace -f -qq -o /dev/null -P /proc/self/setgroups \
                  -e trace=%file -e inject=%file:error=EACCES $user1234";
    compare(&[(
        &with_mounts(rule, strace),
        "status 1
         apparmor_restrict_unprivileged_userns: \
         not enter uts pid join mount idmap proc leave ipc net ping port bridge cgroup sub_cgroup time container every",
    )]);
}
