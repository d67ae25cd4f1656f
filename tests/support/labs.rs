//! The labs that the tests of every lab's robustness run.

use std::fs;
use std::path::Path;

use super::{Lab, lab};

#[path = "../../labs/table.rs"]
#[allow(dead_code, reason = "what the doctor reads is no matter of the tests")]
mod table;

pub(crate) use table::{LABS, Lab as Row};

/// The example lines of every lab: each works for everyone and ends by itself.
pub(crate) fn lines() -> Vec<&'static str> {
    LABS.iter().flat_map(|lab| lab.lines).copied().collect()
}

/// The labs of these lines.
pub(crate) fn labs() -> Vec<Lab> {
    lines().into_iter().map(of).collect()
}

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
            let name = path.file_stem().expect("a name").to_string_lossy();
            if (file && name != "table") || path.join("main.rs").is_file() {
                names.push(name.into_owned());
            }
        }
    }
    names
}
