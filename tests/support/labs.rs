//! The labs that the tests of every lab's robustness run.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Lab, lab};

#[path = "../../labs/table.rs"]
#[expect(dead_code, reason = "what the doctor reads is no matter of the tests")]
mod table;

pub(crate) use table::{LABS, Lab as Row};

/// The example lines of every lab: each works for everyone and ends by itself.
pub(crate) fn lines() -> Vec<&'static str> {
    LABS.iter().flat_map(|lab| lab.lines).copied().collect()
}

/// The lab of a command line whose words hold no blanks.
pub(crate) fn of(line: &str) -> Lab {
    let mut words = line.split(' ');
    lab(words.next().unwrap_or_default()).args(words)
}

/// The lab of a command line.
pub(crate) fn lab_of(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// Whether the line is the first one of its lab: one is enough for what all do alike.
pub(crate) fn is_first(line: &str) -> bool {
    lines()
        .into_iter()
        .find(|other| lab_of(other) == lab_of(line))
        == Some(line)
}

/// Every lab and tool that there is: NAME.rs or NAME/main.rs in `labs` or `labs/tools`.
pub(crate) fn names() -> Vec<String> {
    let labs = Path::new(env!("CARGO_MANIFEST_DIR")).join("labs");
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries(labs.clone()).chain(entries(labs.join("tools")));
    let names = files.filter_map(|file| {
        let path = file.path();
        let name = path.file_stem()?.to_str()?.to_owned();
        // `table.rs` is about all of them.
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        let is_lab = path.join("main.rs").exists() || is_source && name != "table";
        is_lab.then_some(name)
    });
    names.collect()
}
