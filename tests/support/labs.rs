//! The labs that the tests of every lab's robustness run.

use std::fs;
use std::path::Path;

use super::{Lab, lab};

/// Every lab in a form that works for everyone and that ends by itself.
pub(crate) fn labs() -> Vec<Lab> {
    LINES.iter().map(|line| of(line)).collect()
}

pub(crate) const LINES: &[&str] = &[
    "pid_ns",
    "pid_ns --shared",
    "pid_ns --siblings",
    "pid_ns --nested 5",
    "user_ns",
    "user_ns --refused",
    "user_ns --exec",
    "uts_ns bizarro",
    "net_ns",
    "net_ns --list",
    "ipc_ns",
    "ipc_ns --shared",
    "cgroup_ns",
    "cgroup_ns --shared",
    "mount_proc true",
    "mount_ns",
    "mount_ns --mqueue",
    "mount_ns --pivot-root",
    "mount_ns --chroot",
    "mount_ns --refusals",
    "time_ns",
    "time_ns --by-clone",
    "init",
    "init --no-reap",
    "init --signals",
    "init --subreaper",
    "init readlink -v /proc/self",
    "ns_exec --wd=/ readlink -v /proc/self/cwd",
    "map",
    "map --json",
    "ns_cost --rounds 1",
    "doctor",
    "unshare -Urmpf --kill-child --mount-proc readlink -v /proc/self",
];

/// The lab of a command line whose words hold no blanks.
pub(crate) fn of(line: &str) -> Lab {
    let mut words = line.split(' ');
    lab(words.next().unwrap_or_default()).args(words)
}

/// Those that write the transcript themselves.
pub(crate) fn writers() -> Vec<Lab> {
    labs()
        .into_iter()
        .filter(|lab| !format!("{lab:?}").contains("\"readlink\""))
        .collect()
}

/// Every lab that there is: `labs/NAME.rs` and `labs/NAME/main.rs`.
pub(crate) fn names() -> Vec<String> {
    let labs = Path::new(env!("CARGO_MANIFEST_DIR")).join("labs");
    let files = fs::read_dir(labs).expect("the folder of the labs");
    let names = files.map(|file| {
        file.expect("a lab")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    names
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect()
}
