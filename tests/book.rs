//! Holds the book to the code, to the transcripts of the tests, and to itself.
//!
//! mdBook only warns about an include that points at nothing, and knows nothing of
//! links or of where a transcript comes from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::labs::{LABS, Row};
use regex::Regex;

pub(crate) fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("book/src")
}

/// Every page but the summary, by file name.
pub(crate) fn pages() -> BTreeMap<String, String> {
    let files = fs::read_dir(source())
        .unwrap()
        .map(|file| file.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|end| end == "md"));
    pages
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .filter(|(name, _)| name != "SUMMARY.md")
        .collect()
}

pub(crate) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

/// The fenced blocks of a page: the word after the fence, and the lines inside.
pub(crate) fn blocks(text: &str) -> Vec<(String, Vec<String>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, Vec<String>)> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some((info.to_owned(), Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, lines))) => lines.push(line.trim().to_owned()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block without an end");
    blocks
}

#[test]
fn the_summary_names_every_page_and_every_page_exists() {
    let summary = fs::read_to_string(source().join("SUMMARY.md")).unwrap();
    let named: Vec<_> = regex(r"\]\(([^)]+)\)")
        .captures_iter(&summary)
        .map(|link| link[1].to_owned())
        .collect();
    let pages = pages();
    for page in pages.keys() {
        assert!(named.contains(page), "{page} is not in the summary");
    }
    assert_eq!(named.len(), pages.len(), "{named:?}");
}

#[test]
fn every_lab_has_a_page_that_shows_its_code_and_its_transcript() {
    for Row {
        name: lab, page, ..
    } in LABS
    {
        let page = &pages()[*page];
        let is_tool = source().join(format!("../../labs/tools/{lab}")).exists();
        if is_tool {
            let is_named = page.contains(&format!("`just {lab}`"));
            let is_shown = page.contains(&format!("tests/snapshots/{lab}__"));
            assert!(is_named || is_shown, "{lab}");
            continue;
        }
        let code = format!("{{{{#include ../../labs/{lab}");
        assert!(page.contains(&code), "{lab}: code");
        assert!(
            page.contains(&format!("tests/snapshots/{lab}__")),
            "{lab}: transcript"
        );
        assert!(page.contains("<details>"), "{lab}: nothing to think of");
        assert!(page.contains("## Pitfalls"), "{lab}: pitfalls");
    }
}

#[test]
fn every_include_points_at_something() {
    let include = regex(r"\{\{#include ([^}:]+)(?::([^}]*))?\}\}");
    let mut count = 0;
    for (page, text) in pages() {
        for found in include.captures_iter(&text) {
            count += 1;
            let path = source().join(&found[1]);
            let included = fs::read_to_string(&path).unwrap_or_default();
            assert!(!included.is_empty(), "{page}: {} is not there", &found[1]);
            match found.get(2).map(|part| part.as_str()) {
                // A transcript, or what stands below its command line.
                None | Some("4:" | "5:") => {}
                Some(anchor) => {
                    let start = format!("ANCHOR: {anchor}");
                    let lines = included
                        .lines()
                        .filter(|line| line.trim_end().ends_with(&start));
                    assert_eq!(lines.count(), 1, "{page}: {}:{anchor}", &found[1]);
                    assert!(
                        included.contains(&format!("ANCHOR_END: {anchor}")),
                        "{page}: {anchor}"
                    );
                }
            }
        }
    }
    assert!(count > 20, "{count} includes");
}

/// `tidy.rs` holds every snapshot to the test that makes it.
#[test]
fn no_block_holds_code_or_output_that_was_pasted() {
    let (mut listings, mut transcripts) = (0, 0);
    for (page, text) in pages() {
        for (info, lines) in blocks(&text) {
            assert_eq!(
                lines.len(),
                1,
                "{page}: a block of {info} is one include: {lines:?}"
            );
            match info.as_str() {
                "rust,ignore" => {
                    listings += 1;
                    let from = ["{{#include ../../labs/", "{{#include ../../common/src/"];
                    assert!(
                        from.iter().any(|from| lines[0].starts_with(from)),
                        "{page}: {lines:?}"
                    );
                }
                "console" => {
                    transcripts += 1;
                    let snapshot = regex(r"^\{\{#include ../../tests/snapshots/\w+\.snap:4:\}\}$");
                    assert!(snapshot.is_match(&lines[0]), "{page}: {lines:?}");
                }
                "toml" => assert!(lines[0].starts_with("{{#include ../exercises/"), "{page}"),
                other => panic!("{page}: a block of {other}"),
            }
        }
    }
    eprintln!("{listings} listings and {transcripts} transcripts, all of them included");
    assert!(listings > 10 && transcripts > 20);
}

#[test]
fn every_exercise_stands_in_its_page_with_its_minutes() {
    for name in crate::exercise::all_names() {
        let folder = source().join("../exercises").join(&name);
        let text = fs::read_to_string(folder.join("exercise.toml")).expect("an exercise");
        let value = |key: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(" = "));
            let found = lines.find(|(name, _)| *name == key).expect("a value");
            found.1.trim_matches('"').to_owned()
        };
        let page = &pages()[&value("page")];
        let shown = format!(
            "**`just exercise {name}`** ({} minutes):\n{{{{#include ../exercises/{name}/task.md}}}}\n",
            value("minutes")
        );
        assert!(page.contains(&shown), "{shown} is not in {}", value("page"));
    }
}

#[test]
fn every_session_is_shown() {
    let text: String = pages().into_values().collect();
    for session in fs::read_dir(source().join("../sessions")).unwrap() {
        let session = session.unwrap().path();
        let name = session.file_stem().unwrap().to_string_lossy();
        assert!(
            text.contains(&format!("sessions__{name}.snap")),
            "{name} is shown nowhere"
        );
    }
}

/// The id that mdBook gives a heading.
fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

#[test]
fn every_internal_link_and_anchor_exists() {
    let pages = pages();
    let link = regex(r"\]\(([^)\s]+)\)");
    let mut count = 0;
    for (page, text) in &pages {
        for found in link.captures_iter(text) {
            let target = &found[1];
            if target.starts_with("https://") {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page } else { file };
            let there = pages
                .get(file)
                .unwrap_or_else(|| panic!("{page}: {target}: no such page"));
            let mut headings = there.lines().filter(|line| line.starts_with('#'));
            let known = anchor.is_empty()
                || headings.any(|line| slug(line.trim_start_matches('#')) == anchor)
                || there.contains(&format!("id=\"{anchor}\""));
            assert!(known, "{page}: {target}: no such heading");
        }
    }
    eprintln!("{count} internal links checked");
    assert!(count > 20, "{count} links");
}

#[test]
fn every_picture_says_in_words_what_it_shows() {
    let mut count = 0;
    let text: String = pages().into_values().collect();
    for picture in fs::read_dir(source().join("images")).unwrap() {
        let path = picture.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let svg = fs::read_to_string(&path).unwrap();
        for part in [
            "role=\"img\"",
            "aria-labelledby=",
            "<title ",
            "<desc ",
            "viewBox=",
        ] {
            assert!(svg.contains(part), "{name}: {part}");
        }
        assert!(
            !svg.contains("href=") && !svg.contains("<image"),
            "{name} loads something"
        );
        // A blank line would end the block of HTML that the picture is included in.
        assert!(!svg.trim_end().contains("\n\n"), "{name}: a blank line");
        assert!(
            text.contains(&format!("{{{{#include images/{name}}}}}")),
            "{name} is shown nowhere"
        );
        count += 1;
    }
    assert!(count >= 5, "{count} pictures");
}

#[test]
fn no_page_loads_anything_from_elsewhere() {
    let loads =
        regex(r#"<(?i-u:script|img|iframe|link|video|audio)\b|!\[[^\]]*\]\(http|src="http"#);
    for (page, text) in pages() {
        assert!(!loads.is_match(&text), "{page}");
    }
}
