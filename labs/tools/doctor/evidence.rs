//! What the machine says of itself, read once. No cause is found by this alone.

use std::fs;
use std::path::Path;

use common::mounts::{self, Mount};
use common::namespace::check_proc;
use common::proc_status;
use common::rootless::{Capability, is_capable};
use nix::libc::SECCOMP_MODE_FILTER;
use nix::unistd::{geteuid, getppid};

/// What is known. A file that cannot be read tells nothing.
pub(crate) struct Evidence {
    /// This process is under a seccomp filter.
    pub(crate) has_filter: bool,
    /// There is a /proc.
    pub(crate) has_proc: bool,
    /// It belongs to another PID namespace.
    pub(crate) is_foreign_proc: bool,
    /// Whether the root directory is another than that of the mount namespace.
    pub(crate) in_chroot: Option<bool>,
    /// What is mounted below /proc and covers a part of it.
    pub(crate) masks: Vec<String>,
    /// Debian's switch stands at 0.
    pub(crate) userns_switched_off: bool,
    /// Ubuntu's rule is on: user namespaces give no capabilities.
    pub(crate) apparmor_restricts: bool,
    /// The AppArmor profile that this process runs under, if it is confined.
    pub(crate) apparmor_profile: Option<String>,
    /// SELinux is there and refuses, not only warns.
    pub(crate) selinux_enforces: bool,
    /// The caller's ID has no place in its own user namespace.
    pub(crate) is_unmapped: bool,
    /// uid 0 that may not be mapped to another user namespace.
    pub(crate) is_root_without_setfcap: bool,
    /// What gives a container away.
    pub(crate) container: Option<&'static str>,
}

impl Evidence {
    pub(crate) fn collect() -> Self {
        let mounts = mounts::of("self").unwrap_or_default();
        let uid = geteuid().as_raw();
        Self {
            has_filter: field("Seccomp").parse() == Ok(SECCOMP_MODE_FILTER),
            has_proc: fs::symlink_metadata("/proc/self").is_ok(),
            is_foreign_proc: check_proc().is_err(),
            in_chroot: is_chroot(&mounts),
            masks: masks(&mounts),
            userns_switched_off: number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0),
            apparmor_restricts: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
                .is_some_and(|value| value != 0),
            apparmor_profile: apparmor_profile(),
            selinux_enforces: number("/sys/fs/selinux/enforce") == Some(1),
            is_unmapped: is_unmapped(uid),
            is_root_without_setfcap: uid == 0 && !is_capable(&[Capability::CAP_SETFCAP]),
            container: container(),
        }
    }
}

/// The limit of a type of namespace in the caller's user namespace.
pub(crate) fn limit(kind: &str) -> Option<i64> {
    number(&format!("/proc/sys/user/max_{kind}_namespaces"))
}

fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn number(path: &str) -> Option<i64> {
    text(path).trim().parse().ok()
}

fn field(name: &str) -> String {
    let value = proc_status::field("self", name);
    value.ok().flatten().unwrap_or_default()
}

/// A mount has one number in the whole machine, and its place in mountinfo is
/// relative to the reader's root: for a process in a chroot the mount on / is
/// another, or there is none on it.
fn is_chroot(mounts: &[Mount]) -> Option<bool> {
    if mounts.is_empty() {
        return None;
    }
    let Some(root) = mounts.iter().rfind(|mount| mount.point == "/") else {
        return Some(true);
    };
    let others = [1, getppid().as_raw()].map(|pid| mounts::of(pid).unwrap_or_default());
    let same = others.iter().flatten().filter(|other| other.id == root.id);
    let answers: Vec<_> = same.map(|other| other.point != "/").collect();
    // A parent may be in the same chroot, so one that is outside decides.
    answers.iter().copied().max()
}

/// Mount points below /proc, but for binfmt_misc, which covers an empty directory.
fn masks(mounts: &[Mount]) -> Vec<String> {
    let below = mounts.iter().filter(|mount| {
        mount.point.starts_with("/proc/") && mount.point != "/proc/sys/fs/binfmt_misc"
    });
    below.map(|mount| mount.point.clone()).collect()
}

fn apparmor_profile() -> Option<String> {
    let mut label = text("/proc/self/attr/apparmor/current");
    // Before Linux 5.8 there is only the file that it shares with the other modules.
    if label.is_empty() && Path::new("/sys/module/apparmor").exists() {
        label = text("/proc/self/attr/current");
    }
    let label = label.trim();
    (!label.is_empty() && label != "unconfined").then(|| label.to_owned())
}

fn is_unmapped(uid: u32) -> bool {
    let map = text("/proc/self/uid_map");
    let holds = |line: &str| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        match (numbers.next(), numbers.nth(1)) {
            (Some(Ok(first)), Some(Ok(count))) => (first..first + count).contains(&u64::from(uid)),
            _ => false,
        }
    };
    Path::new("/proc/self/uid_map").exists() && !map.lines().any(holds)
}

fn container() -> Option<&'static str> {
    let files = [
        "/.dockerenv",
        "/run/.containerenv",
        "/run/systemd/container",
    ];
    files.into_iter().find(|file| Path::new(file).exists())
}
