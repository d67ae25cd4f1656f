//! What a lab could leave behind on the host that it runs on.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::cgroups;

/// Links and namespaces of a process that has ended go when the kernel gets to it.
const PATIENCE: Duration = Duration::from_secs(5);

const FILES: &[&str] = &[
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/domainname",
    "/proc/sysvipc/msg",
    "/proc/net/route",
    "/proc/net/if_inet6",
    "/proc/net/fib_trie",
    "/proc/self/mountinfo",
];

const FOLDERS: &[&str] = &[
    // The links of this network namespace.
    "/proc/sys/net/ipv4/conf",
    "/tmp",
    "/run",
    "/run/netns",
    "/dev/shm",
    "/dev/mqueue",
    "/mnt/scratch",
];

/// The host, as lines of text.
pub(super) struct State(BTreeSet<String>);

impl State {
    pub(super) fn now(line: &str) -> Self {
        let mut lines = BTreeSet::new();
        for file in FILES {
            let text = read_to_string(file).unwrap_or_default();
            // How the kernel divides its tree of routes depends on those that it once had.
            let told = text.lines().filter(|line| !line.contains("+--"));
            lines.extend(told.map(|line| format!("{file}: {}", line.trim())));
        }
        for folder in FOLDERS {
            let entries = read_dir(folder).into_iter().flatten().flatten();
            lines.extend(entries.map(|entry| entry.path().display().to_string()));
        }
        if makes_cgroups(line) {
            lines.extend(cgroups::of_labs());
        }
        Self(lines)
    }

    /// Waits until the host is as it was then.
    pub(super) fn returns(&self, line: &str) -> Result<(), String> {
        let started = Instant::now();
        loop {
            let Self(now) = Self::now(line);
            let mut changes = &self.0 ^ &now;
            // A cgroup of somebody else's may end meanwhile.
            changes.retain(|line| now.contains(line) || !line.contains("/cgroup_ns-"));
            if changes.is_empty() {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("the host has changed: {changes:?}"));
            }
            sleep(Duration::from_millis(2));
        }
    }
}

/// Cgroups are looked at for the lab that makes some: no namespace keeps those of
/// other labs on this machine apart.
pub(super) fn makes_cgroups(line: &str) -> bool {
    line.starts_with("cgroup_ns")
}
