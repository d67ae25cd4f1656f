//! What makes a page a chapter of the course: its budget, its exercises, its place.

use std::fs;

use regex::Captures;

use crate::book::{blocks, pages, regex, source};

/// The pages before the appendices, in their order.
fn chapters() -> Vec<String> {
    let summary = fs::read_to_string(source().join("SUMMARY.md")).expect("the summary");
    let (course, _) = summary.split_once("# Appendices").expect("both parts");
    let links = regex(r"\]\(([a-z_]+\.md)\)");
    links
        .captures_iter(course)
        .map(|link| link[1].to_owned())
        .collect()
}

/// The words of the prose: what stands in blocks and in tags is not read out.
fn words(page: &str) -> usize {
    // An angle bracket in code is no tag.
    let blocks = regex(r"(?s)```.*?```").replace_all(page, " ");
    let plain = regex(r"`[^`]*`").replace_all(&blocks, |code: &Captures<'_>| {
        code[0].replace(['<', '>'], "-")
    });
    let prose = regex(r"<[^>]*>").replace_all(&plain, " ").into_owned();
    // The bars of a table are none.
    let is_word = |word: &&str| word.contains(char::is_alphanumeric);
    prose.split_whitespace().filter(is_word).count()
}

/// The lines of Rust of each listing.
fn listings(page: &str) -> Vec<usize> {
    let blocks = blocks(page).into_iter();
    let rust = blocks.filter(|(info, _)| info == "rust,ignore");
    rust.map(|(_, lines)| included(&lines[0])).collect()
}

/// How many lines an include of a source file stands for.
fn included(include: &str) -> usize {
    let parts = regex(r"\{\{#include ([^:}]+):?(\w*)\}\}")
        .captures(include)
        .expect("an include");
    let text = fs::read_to_string(source().join(&parts[1])).expect("a source");
    let is_mark = |line: &&str| line.contains("// ANCHOR");
    if parts[2].is_empty() {
        return text.lines().filter(|line| !is_mark(line)).count();
    }
    let begin = |line: &&str| line.trim() == format!("// ANCHOR: {}", &parts[2]);
    let end = |line: &&str| line.trim() == format!("// ANCHOR_END: {}", &parts[2]);
    let after = text.lines().skip_while(|line| !begin(line)).skip(1);
    after
        .take_while(|line| !end(line))
        .filter(|line| !is_mark(line))
        .count()
}

#[test]
fn a_chapter_keeps_its_budget_of_words_and_of_rust() {
    let pages = pages();
    let mut all = 0;
    let mut over = Vec::new();
    for name in chapters() {
        let (words, listings) = (words(&pages[&name]), listings(&pages[&name]));
        let lines: usize = listings.iter().sum();
        println!(
            "{name:25} {words:5} words {lines:3} lines of Rust in {} listings",
            listings.len()
        );
        all += words;
        if words > 2_000 || lines > 60 || listings.len() > 3 {
            over.push(name);
        }
    }
    println!("{all} words");
    assert!(
        over.is_empty(),
        "more than 2,000 words, 60 lines of Rust or 3 listings: {over:?}"
    );
    assert!(all <= 25_000, "{all} words");
}

#[test]
fn a_chapter_says_how_long_it_takes_asks_before_it_tells_and_leads_on() {
    let pages = pages();
    let chapters = chapters();
    for (at, name) in chapters.iter().enumerate() {
        let page = &pages[name];
        let is_at_a_glance = page.contains("class=\"at-a-glance\"") && page.contains(" minutes");
        assert!(is_at_a_glance, "{name}: minutes");
        if let Some(next) = chapters.get(at + 1) {
            let last = page.trim_end().lines().last().unwrap_or_default();
            assert!(
                last.contains("next: [") && last.ends_with(&format!("]({next})")),
                "{name}: {last}"
            );
        }
        let is_story = !["start.md", "reading.md"].contains(&name.as_str());
        if is_story {
            assert!(page.contains("<details>"), "{name}: nothing is asked");
            assert!(page.contains("**`just exercise "), "{name}: no exercise");
        }
        let says_article =
            regex(r"(?i-u:\bthe (?:first |second |third )?articles?\b)").is_match(page);
        assert!(
            !says_article || name == "reading.md",
            "{name} speaks of the article"
        );
    }
}

#[test]
fn the_head_of_a_chapter_adds_up_its_exercises() {
    let exercise = regex(r"\*\*`just exercise \w+`\*\* \((\d+) minutes\)");
    let head = regex(r" minutes, and (\d+) for the exercises? ");
    let minutes = |found: Captures<'_>| found[1].parse::<u32>().expect("minutes");
    let pages = pages();
    for name in chapters() {
        let page = &pages[&name];
        let sum: u32 = exercise.captures_iter(page).map(minutes).sum();
        let said = head.captures(page).map_or(0, minutes);
        assert_eq!(said, sum, "{name}");
    }
}
