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

/// Every lab that there is: `labs/NAME.rs`, `labs/NAME/main.rs` and `labs/tools/NAME/main.rs`.
pub(crate) fn names() -> Vec<String> {
    let labs = Path::new(env!("CARGO_MANIFEST_DIR")).join("labs");
    let mut names = Vec::new();
    for folder in [labs.join("tools"), labs] {
        for lab in fs::read_dir(folder).expect("the folder of the labs") {
            let path = lab.expect("a lab").path();
            let file = path.extension().is_some_and(|extension| extension == "rs");
            if file || path.join("main.rs").is_file() {
                let name = path.file_stem().expect("a name");
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names
}
