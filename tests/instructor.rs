//! The plans for instructors have the minutes of the chapters and of the exercises, and their
//! sums come out right.

use std::fs;

use crate::book::{pages, source};

/// The first number of a text.
fn number(text: &str) -> u32 {
    let digits = text.split(|c: char| !c.is_ascii_digit());
    let mut numbers = digits.filter_map(|digits| digits.parse().ok());
    numbers.next().unwrap_or_default()
}

/// What stands before the first " minutes" at the head of a page.
fn minutes_of_page(page: &str) -> u32 {
    let pages = pages();
    let text = pages.get(page).expect("a page of the book");
    let (before, _) = text.split_once(" minutes").expect("at a glance");
    number(before.rsplit([' ', '\n']).next().unwrap_or_default())
}

fn minutes_of_exercise(name: &str) -> u32 {
    let file = source().join(format!("../exercises/{name}/exercise.toml"));
    let text = fs::read_to_string(file).expect(name);
    let line = text.lines().find(|line| line.starts_with("minutes = "));
    number(line.expect("minutes"))
}

#[test]
fn the_plans_have_the_minutes_of_the_book_and_add_them_up() {
    let text = pages().remove("instructor.md").expect("the page");
    let (mut chapters, mut exercises, mut sums) = (0, 0, 0);
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [chapter, minutes, names, minutes_of_names] = cells[..] else {
            continue;
        };
        if chapter.starts_with("**") {
            let expected = [chapters + exercises, chapters, exercises];
            let said = [chapter, minutes, minutes_of_names].map(number);
            assert_eq!(said, expected, "{line}");
            (chapters, exercises, sums) = (0, 0, sums + 1);
            continue;
        }
        if let Some((_, page)) = chapter.split_once("](") {
            assert_eq!(
                number(minutes),
                minutes_of_page(page.trim_end_matches(')')),
                "{line}"
            );
        }
        let names = names.split('`').skip(1).step_by(2);
        assert_eq!(
            number(minutes_of_names),
            names.map(minutes_of_exercise).sum::<u32>(),
            "{line}"
        );
        chapters += number(minutes);
        exercises += number(minutes_of_names);
    }
    assert_eq!(sums, 6, "plans and days");
}

#[test]
fn the_minutes_of_the_whole_book_are_right() {
    let summary = fs::read_to_string(source().join("SUMMARY.md")).expect("the summary");
    let (course, _) = summary.split_once("# Appendices").expect("both parts");
    let pages = course.split("](").skip(1);
    let pages = pages.filter_map(|rest| rest.split(')').next());
    let folders = fs::read_dir(source().join("../exercises")).expect("the exercises");
    let names: Vec<_> = folders
        .map(|folder| {
            folder
                .expect("a folder")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    let said = format!(
        "All chapters take {} minutes to read and try, their {} exercises {}.",
        pages.map(minutes_of_page).sum::<u32>(),
        names.len(),
        names
            .iter()
            .map(|name| minutes_of_exercise(name))
            .sum::<u32>()
    );
    assert!(
        crate::book::pages()["instructor.md"].contains(&said),
        "{said}"
    );
}
