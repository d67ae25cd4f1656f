//! What a lab could leave behind on the host that it runs on.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use crate::support::cgroups;

/// Links and namespaces of a process that has ended go when the kernel gets to it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Files of /proc that show mounts, links, addresses, names and queues of the host.
const FILES: &[&str] = &[
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/domainname",
    "/proc/sysvipc/msg",
    "/proc/net/route",
    "/proc/net/if_inet6",
    "/proc/net/fib_trie",
    "/proc/self/mounts",
];

const FOLDERS: &[&str] = &[
    "/tmp",
    "/run",
    "/run/netns",
    "/dev/shm",
    "/dev/mqueue",
    "/mnt/scratch",
];

/// The host, as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State(Vec<String>);

impl State {
    /// Cgroups are looked at for the lab that makes some: no namespace keeps those of
    /// other labs on this machine apart.
    pub(crate) fn now(line: &str) -> Self {
        let mut lines = Vec::new();
        for file in FILES {
            let text = fs::read_to_string(file).unwrap_or_default();
            // How the kernel divides its tree of routes depends on those that it once had.
            let inner_node = |line: &&str| line.trim_start().starts_with("+--");
            let told = text.lines().filter(|line| !inner_node(line));
            lines.extend(told.map(|line| format!("{file}: {}", line.trim())));
        }
        // The other columns count packets.
        let links = fs::read_to_string("/proc/net/dev").unwrap_or_default();
        let links = links.lines().filter_map(|line| line.split_once(':'));
        lines.extend(links.map(|(link, _)| format!("link {}", link.trim())));
        for folder in FOLDERS {
            lines.extend(
                names(folder)
                    .into_iter()
                    .map(|name| format!("{folder}/{name}")),
            );
        }
        if line.starts_with("cgroup_ns") {
            lines.extend(cgroups::of_labs());
        }
        Self(lines)
    }

    /// Waits until the host is as it was then.
    pub(crate) fn returns(&self, line: &str) -> Result<(), String> {
        let started = Instant::now();
        loop {
            let now = Self::now(line);
            let gone = self.0.iter().filter(|line| !now.0.contains(line));
            let new = now.0.iter().filter(|line| !self.0.contains(line));
            // A cgroup of somebody else's may end meanwhile.
            let changes: Vec<_> = gone
                .filter(|line| !line.contains("/cgroup_ns-"))
                .chain(new)
                .cloned()
                .collect();
            if changes.is_empty() {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(changes.join("; "));
            }
            sleep(Duration::from_millis(2));
        }
    }
}

fn names(folder: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The parent of a process, as /proc/PID/status has it.
pub(super) fn parent(pid: Pid) -> Option<Pid> {
    let parent = common::procfs::field(pid, "PPid").ok()??;
    parent.parse().ok().map(Pid::from_raw)
}
