//! The labs that the tests of every lab's robustness run.

use std::fs;
use std::path::Path;

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
        lab("time_ns"),
        lab("time_ns").args(["--by-clone"]),
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

/// Every lab that there is.
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
