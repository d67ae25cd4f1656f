//! Every exercise by the hands of its author: `just exercise --verify` runs this.

mod dialogue;
mod facts;
mod looking;
mod programs;
mod tool;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::session::Typist;
use crate::support::{is_root, require, whole};

const PATIENCE: Duration = Duration::from_secs(10);

/// As in the clone, where `just` hands over to the tool.
const JUST: &str = "mkdir -p book/exercises; touch justfile; just() { case $1 in exercise) exercise ${@:2};; check) exercise --check ${@:2};; \
    hint) exercise --hint ${@:2};; solution) exercise --solution ${@:2};; esac; }; export -f just";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("book/exercises")
}

/// The names of all.
pub(crate) fn all_names() -> Vec<String> {
    let folders = fs::read_dir(folder()).expect("the exercises").flatten();
    folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The names of those to be done by hand, or those that `EXERCISE` names.
fn names(is_program: bool) -> Vec<String> {
    let only = std::env::var("EXERCISE").ok();
    let all = all_names().into_iter();
    let is_chosen = |name: &String| folder().join(name).join("skeleton.rs").exists() == is_program;
    let mut names: Vec<_> = all
        .filter(is_chosen)
        .filter(|name| only.as_ref().is_none_or(|only| only == name))
        .collect();
    names.sort();
    names
}

/// A learner who has begun an exercise.
struct Learner {
    typist: Typist,
    name: String,
    values: BTreeMap<String, String>,
}

impl Learner {
    fn begins(who: &str, name: &str) -> Self {
        let learner = if who == "root" {
            "root learner"
        } else {
            "learner"
        };
        let mut typist = Typist::new(learner);
        typist.do_unseen(JUST);
        // What began in the same tick of the clock, such as this shell, would count.
        typist.do_unseen("sleep 0.02");
        let task = typist.ask(&format!("just exercise {name}"));
        let values = task
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split_once(" = "));
        let values = values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            typist,
            name: name.to_owned(),
            values,
        }
    }

    fn types(&mut self, file: &str) {
        let path = folder().join(&self.name).join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
        text.lines().for_each(|line| self.types_line(line));
    }

    /// As in a session: `! COMMAND` is not seen.
    fn types_line(&mut self, line: &str) {
        let values = self.values.iter();
        let line = values.fold(line.to_owned(), |line, (name, value)| {
            line.replace(&format!("{{{name}}}"), value)
        });
        match line.strip_prefix("! ") {
            Some(unseen) => self.typist.do_unseen(unseen),
            None => drop(self.typist.ask(&line)),
        }
    }

    fn checks(&mut self, how: &str) -> Value {
        let command = format!("exercise --check {} --json {how}", self.name);
        let text = self.typist.ask(&command);
        let line = text.lines().find(|line| line.starts_with('{'));
        serde_json::from_str(line.unwrap_or_default()).unwrap_or_else(|_| panic!("{text}"))
    }

    /// Checks until the answer is this one: what was typed takes its time.
    fn finds(&mut self, answer: &str, missing: Option<&str>) -> Value {
        let started = Instant::now();
        loop {
            let told = self.checks("");
            let is_it = told["answer"] == answer && told["missing"].as_str() == missing;
            if is_it || started.elapsed() > PATIENCE {
                let typed = self.typist.seen();
                assert!(is_it, "not {answer}, {missing:?}:\n{typed}{told:#}");
                return told;
            }
            sleep(Duration::from_millis(50));
        }
    }
}

fn sessions_in(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".session")).collect();
    names.sort();
    names
}

/// Two different draws: one for each who.
fn verify(who: &str, name: &str) {
    let mut untouched = Learner::begins(who, name);
    let told = untouched.finds("not yet", first_condition(name).as_deref());
    assert!(
        told["why"].as_str().expect("a sentence").len() > 30,
        "{told:#}"
    );
    for solution in sessions_in(&folder().join(name)) {
        let mut learner = Learner::begins(who, name);
        learner.types(&solution);
        learner.finds("done", None);
    }
    let wrong = folder().join(name).join("wrong");
    for file in sessions_in(&wrong) {
        let mut learner = Learner::begins(who, name);
        learner.types(&format!("wrong/{file}"));
        learner.finds("not yet", file.strip_suffix(".session"));
    }
}

/// The first that an untouched machine does not meet; one that is met speaks of `me`.
fn first_condition(name: &str) -> Option<String> {
    let text = fs::read_to_string(folder().join(name).join("exercise.toml")).expect("an exercise");
    let mut conditions = text.split("[[must]]").skip(1);
    let first = conditions.find(|text| !text.contains("be = \"me."))?;
    let line = first
        .lines()
        .find_map(|line| line.strip_prefix("name = "))?;
    Some(line.trim_matches('"').to_owned())
}

#[test]
fn by_hand_the_solutions_pass_and_each_wrong_one_has_its_own_answer() {
    require!(is_root(), "each learner has a host of their own");
    for name in names(false) {
        let started = Instant::now();
        for who in ["user", "root"] {
            if who == "user" || whole() || std::env::var_os("EXERCISE").is_some() {
                verify(who, &name);
            }
        }
        println!("{name}: {:.1} s", started.elapsed().as_secs_f32());
    }
}
