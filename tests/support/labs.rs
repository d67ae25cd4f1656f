//! The labs that the tests of every lab's robustness run.

use super::{Lab, lab};

/// Every lab in a form that works for everyone and that ends by itself.
pub(crate) fn labs() -> Vec<Lab> {
    vec![
        lab("pid_ns"),
        lab("pid_ns").args(["--shared"]),
        lab("pid_ns").args(["--siblings"]),
        lab("pid_ns").args(["--nested", "5"]),
        lab("uts_ns").args(["bizarro"]),
        lab("net_ns"),
        lab("net_ns").args(["--list"]),
        lab("mount_proc").args(["true"]),
        lab("unshare").args([
            "-Urmpf",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-c",
            "echo $$",
        ]),
    ]
}

/// Those that write the transcript themselves.
pub(crate) fn writers() -> Vec<Lab> {
    labs()
        .into_iter()
        .filter(|lab| !format!("{lab:?}").contains("\"unshare\""))
        .collect()
}
