//! Every session that the book shows is typed here into a real shell.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::path::Path;

use support::{assert_transcript, is_root, require, session};

#[test]
fn every_session_of_the_book_says_what_the_book_shows() {
    require!(is_root(), "each session has a host of its own");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("book/sessions");
    let only = std::env::var("SESSION").ok();
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_none_or(|only| name.contains(only)) {
            eprintln!("session {name}");
            let text = fs::read_to_string(&file).unwrap();
            assert_transcript!(name, session::transcript(&text));
        }
    }
}
