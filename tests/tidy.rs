//! Holds every lab to its test, its snapshots and its line in the README, and
//! the README to what the labs print.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::blessed::assert_file;
use crate::support::labs::{self, LABS, Row};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(path).unwrap()
}

fn snapshots() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/snapshots")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Every source file below a folder.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn every_lab_has_all_that_a_lab_needs() {
    let (manifest, tests, summary) = (
        read("Cargo.toml"),
        read("tests/main.rs"),
        read("book/src/SUMMARY.md"),
    );
    let mut missing = Vec::new();
    let mut need = |there: bool, what: String| missing.extend((!there).then_some(what));
    for name in labs::names() {
        let row = LABS.iter().find(|lab| lab.name == name);
        need(row.is_some(), format!("labs/table.rs: a row {name}"));
        let Some(row) = row else { continue };
        let bin = format!("name = \"{name}\"");
        need(manifest.contains(&bin), format!("Cargo.toml: {bin}"));
        let module = root().join(format!("tests/{name}.rs")).exists();
        need(module, format!("tests/{name}.rs"));
        let named = tests.contains(&format!("mod {name};"));
        need(named, format!("tests/main.rs: mod {name};"));
        let page = root().join("book/src").join(row.page).exists();
        need(page, format!("book/src/{}", row.page));
        let named = summary.contains(&format!("({})", row.page));
        need(named, format!("book/src/SUMMARY.md: {}", row.page));
        let line = row
            .lines
            .iter()
            .any(|line| line.split(' ').next() == Some(&name));
        need(line, format!("labs/table.rs: an example line of {name}"));
        let snapshot = snapshots().into_iter().any(|path| {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            file.starts_with(&format!("{name}__"))
        });
        need(snapshot, format!("tests/snapshots/{name}__…: just bless"));
    }
    for lab in LABS {
        let there = labs::names().iter().any(|name| name == lab.name);
        need(there, format!("labs/: the program of the row {}", lab.name));
    }
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}

/// The book includes snapshots from their fourth line on.
#[test]
fn every_snapshot_has_a_header_of_three_lines_and_a_test_that_makes_it() {
    for path in snapshots() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let (test, snapshot) = name.split_once("__").expect("TEST__NAME");
        let source = lines[1].strip_prefix("source: ").unwrap_or_default();
        let own = [format!("tests/{test}.rs"), format!("tests/{test}/")];
        assert!(
            own.iter().any(|own| source.starts_with(own)),
            "{name}: {source}"
        );
        assert_eq!([lines[0], lines[2]], ["---"; 2], "{name}");
        assert!(
            lines[3].starts_with(['$', '#']),
            "{name}: the command comes first"
        );
        let made = match test {
            "sessions" => root()
                .join(format!("book/sessions/{snapshot}.session"))
                .exists(),
            _ => read(source).contains(&format!("\"{snapshot}\"")),
        };
        assert!(made, "{name}: no test makes it");
    }
}

#[test]
fn the_readme_shows_a_real_transcript_and_every_row_of_the_table() {
    let snapshot = read("tests/snapshots/net_ns__default.snap");
    let transcript = snapshot.splitn(4, '\n').nth(3).unwrap();
    let row = |lab: &Row| format!("| `{}` | {} | {} |", lab.name, lab.shows, lab.tries);
    let rows: Vec<_> = LABS.iter().map(row).collect();
    let readme = read("README.md");
    let readme = between(&readme, "```console\n", "\n```", transcript.trim_end());
    let readme = between(&readme, "|---|---|---|\n", "\n\n", &rows.join("\n"));
    assert_file("README.md", &readme);
}

/// The text with something new between two parts of it.
fn between(text: &str, start: &str, end: &str, new: &str) -> String {
    let (before, rest) = text.split_once(start).expect(start);
    let (_, after) = rest.split_once(end).expect(end);
    format!("{before}{start}{new}{end}{after}")
}

#[test]
fn the_readme_names_recipes_that_exist() {
    let (readme, justfile) = (read("README.md"), read("justfile"));
    let words = readme.split("just ").skip(1);
    let commands = words.filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next());
    let prose = [
        "", "a", "the", "lists", "builds", "comes", "from", "name", "on", "is",
    ];
    for recipe in commands.filter(|word| !prose.contains(word)) {
        let defined = justfile
            .lines()
            .any(|line| line.split([' ', ':']).next() == Some(recipe) && line.contains(':'));
        assert!(defined, "README: just {recipe}");
    }
}

#[test]
fn unsafe_code_is_in_common_only_and_every_file_is_short() {
    for folder in ["labs", "common/src", "tests"] {
        for path in sources(folder) {
            let text = fs::read_to_string(&path).unwrap();
            let shown = path.display();
            assert!(
                text.lines().count() <= 300,
                "{shown} is too long to be read in one go"
            );
            let code = text
                .lines()
                .any(|line| line.trim_start().starts_with("unsafe "));
            assert!(folder == "common/src" || !code, "{shown}: unsafe code");
        }
    }
}

#[test]
fn no_lab_uses_another_lab_and_common_knows_none() {
    for path in sources("common/src") {
        let text = fs::read_to_string(&path).unwrap();
        // `MaybeUninit::` ends like a lab's name and is none.
        let in_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        for lab in labs::names() {
            let mut paths = text.split(|c| !in_a_path(c)).flat_map(|path| {
                let modules = path.rsplit("::").skip(1);
                modules.map(str::to_owned).collect::<Vec<_>>()
            });
            assert!(
                !paths.any(|module| module == lab),
                "{}: {lab}",
                path.display()
            );
        }
        assert!(
            !text.contains("println!"),
            "{}: prints a result",
            path.display()
        );
    }
}

/// The layers of `common`, each of which may use those before it.
const LAYERS: [&str; 7] = [
    "lab",
    "procfs",
    "ns",
    "process",
    "signals",
    "credentials",
    "net",
];

#[test]
fn no_layer_of_common_uses_a_layer_below_it() {
    let mut folders: Vec<_> = fs::read_dir(root().join("common/src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    folders.sort_by_key(|folder| LAYERS.iter().position(|layer| layer == folder));
    assert_eq!(folders, LAYERS, "a folder is a layer");
    for (at, layer) in LAYERS.iter().enumerate() {
        for path in sources(&format!("common/src/{layer}")) {
            let text = fs::read_to_string(&path).unwrap();
            for below in &LAYERS[at + 1..] {
                let used = text.contains(&format!("crate::{below}::"));
                assert!(!used, "{} uses {below}", path.display());
            }
        }
    }
}
