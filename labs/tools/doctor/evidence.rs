//! What the machine says of itself. No cause is found by this alone, and a file that
//! cannot be read tells nothing.

use std::fs;
use std::path::Path;

use common::credentials::{Capability, is_capable};
use common::lab::printable;
use common::ns::{self, Type, covers_of_proc};
use common::procfs::{self, Mount, check_proc, mounts_of, proc_mount};
use nix::libc::SECCOMP_MODE_FILTER;
use nix::unistd::{geteuid, getpid, getppid};

/// This process is under a seccomp filter.
pub(crate) fn has_filter() -> bool {
    let mode = procfs::field("self", "Seccomp").ok().flatten();
    mode.is_some_and(|mode| mode.parse() == Ok(SECCOMP_MODE_FILTER))
}

/// There is a /proc.
pub(crate) fn has_proc() -> bool {
    fs::symlink_metadata("/proc/self").is_ok()
}

/// It belongs to another PID namespace, or there is none.
pub(crate) fn is_foreign_proc() -> bool {
    check_proc().is_err()
}

/// What covers a part of /proc.
pub(crate) fn masks() -> Vec<String> {
    let covers = covers_of_proc();
    covers
        .iter()
        .map(|cover| printable(cover.as_os_str()))
        .collect()
}

/// /proc shows processes only.
pub(crate) fn is_subset_proc() -> bool {
    proc_mount().is_some_and(|proc| proc.options.split(',').any(|option| option == "subset=pid"))
}

/// Whether the root directory is another than that of the mount namespace.
///
/// A mount has one number in the whole machine, and its place in mountinfo is
/// relative to the reader's root: for a process in a chroot the mount on / is
/// another, or there is none on it.
pub(crate) fn in_chroot() -> Option<bool> {
    let mounts = own_mounts();
    if mounts.is_empty() {
        return None;
    }
    let Some(root) = mounts.iter().rfind(|mount| mount.point == Path::new("/")) else {
        return Some(true);
    };
    let others = [1, getppid().as_raw()].map(|pid| mounts_of(pid).unwrap_or_default());
    let same = others.iter().flatten().filter(|other| other.id == root.id);
    // A parent may be in the same chroot, so one that is outside decides.
    same.map(|other| other.point != Path::new("/")).max()
}

/// The PID namespace for children is another than that of this process, and it has no
/// first process any more.
pub(crate) fn children_have_no_init() -> bool {
    let [own, childrens] = ["pid", "pid_for_children"].map(|link| ns::link(getpid(), link).ok());
    own.is_some() && own != childrens
}

/// The kernel knows the type of namespace.
pub(crate) fn has_type(kind: &Type) -> bool {
    fs::symlink_metadata(format!("/proc/self/ns/{kind}")).is_ok()
}

/// The limit of a type of namespace in the caller's user namespace.
pub(crate) fn limit(kind: Type) -> Option<i64> {
    number(&format!("/proc/sys/user/max_{kind}_namespaces"))
}

/// The caller's ID has no place in its own user namespace.
pub(crate) fn is_unmapped() -> bool {
    let (file, uid) = ("/proc/self/uid_map", u64::from(geteuid().as_raw()));
    let holds = |line: &str| {
        let numbers: Vec<u64> = line.split_whitespace().flat_map(str::parse).collect();
        matches!(numbers[..], [first, _, count] if (first..first + count).contains(&uid))
    };
    Path::new(file).exists() && !text(file).lines().any(holds)
}

/// uid 0 that may not be mapped to another user namespace.
pub(crate) fn is_root_without_setfcap() -> bool {
    geteuid().is_root() && !is_capable(&[Capability::CAP_SETFCAP])
}

/// Debian's switch stands at 0.
pub(crate) fn userns_switched_off() -> bool {
    number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0)
}

/// Ubuntu's rule is on: user namespaces give no capabilities.
pub(crate) fn apparmor_restricts() -> bool {
    number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").is_some_and(|value| value != 0)
}

/// The AppArmor profile that this process runs under, if it is confined.
pub(crate) fn apparmor_profile() -> Option<String> {
    let mut label = text("/proc/self/attr/apparmor/current");
    // Before Linux 5.8 there is only the file that it shares with the other modules.
    if label.is_empty() && Path::new("/sys/module/apparmor").exists() {
        label = text("/proc/self/attr/current");
    }
    let label = label.trim();
    (!label.is_empty() && label != "unconfined").then(|| label.to_owned())
}

/// SELinux is there and refuses, not only warns.
pub(crate) fn selinux_enforces() -> bool {
    number("/sys/fs/selinux/enforce") == Some(1)
}

/// The file that gives a container away.
pub(crate) fn container() -> Option<&'static str> {
    let files = [
        "/.dockerenv",
        "/run/.containerenv",
        "/run/systemd/container",
    ];
    files.into_iter().find(|file| Path::new(file).exists())
}

fn own_mounts() -> Vec<Mount> {
    mounts_of("self").unwrap_or_default()
}

fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn number(path: &str) -> Option<i64> {
    text(path).trim().parse().ok()
}
