//! Files of the repository that are made from others.

use std::path::Path;
use std::{env, fs};

/// Holds a file to what it is made from; `just bless` writes it anew.
pub(crate) fn assert_file(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("INSTA_UPDATE").is_some_and(|update| update == "new" || update == "always") {
        fs::write(&file, text).expect(path);
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == text,
        "{path} is not what it is made from: `just bless` writes it"
    );
}
