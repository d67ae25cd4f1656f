//! Every session that the book shows is typed here into a real shell.

use std::fs;
use std::path::Path;

use crate::support::run::in_parallel;
use crate::support::{alone, assert_transcript, is_root, require, session};

#[test]
fn every_session_of_the_book_says_what_the_book_shows() {
    require!(is_root(), "each session has a host of its own");
    for program in ["python3", "pgrep", "pstree", "ping", "ip"] {
        require!(
            crate::support::installed(program),
            "sessions type python3, pgrep, pstree, ping, ip"
        );
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("book/sessions");
    let only = std::env::var("SESSION").ok();
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let name = |file: &Path| file.file_stem().unwrap().to_string_lossy().into_owned();
    files.retain(|file| only.as_ref().is_none_or(|only| name(file).contains(only)));

    let _turn = alone();
    // A session spends its time waiting for prompts, so several share the machine.
    let transcripts = in_parallel(&files, 3, |file| {
        let text = fs::read_to_string(file).expect("a session");
        let transcript = session::transcript(&text);
        // Whoever reads has another uid, and another home, or is root, and types it once more.
        let (who, lines) = session::parts(&text);
        let (by, as_typist): (&[_], fn(&str) -> String) = match who {
            "root" => (&["root"], str::to_owned),
            "user" => (&["another", "root"], as_nobody_in_particular),
            _ => (&["another"], as_nobody_in_particular),
        };
        for by in by {
            for (run, typed) in (1..).zip(session::transcripts_of_two_runs(lines, by)) {
                let (typed, shown) = (as_typist(&typed), as_typist(&transcript));
                assert_eq!(typed, shown, "{}, by {by}, run {run}", name(file));
            }
        }
        transcript
    });
    for (file, transcript) in files.iter().zip(transcripts) {
        assert_transcript!(name(file), transcript);
    }
}

/// Without what tells uid 1234, uid 4000 and root apart.
fn as_nobody_in_particular(transcript: &str) -> String {
    let home = transcript.replace("/tmp/homes/ada", "/tmp");
    let lines = home
        .lines()
        .filter(|line| !line.contains(": no root needed: "));
    let lines = lines.map(|line| match line.strip_prefix("$ ") {
        Some(typed) => format!("# {typed}\n"),
        None => format!("{line}\n"),
    });
    regex::Regex::new(r"\b(?:0|1000|1234|4000|4001)\b")
        .expect("a pattern")
        .replace_all(&lines.collect::<String>(), "ID")
        .into_owned()
}
