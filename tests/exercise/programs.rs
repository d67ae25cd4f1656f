//! The exercises that are programs: solutions, wrong ones, and those in another language.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use super::{Learner, folder, names};
use crate::support::{directory, installed, is_root, require};

/// Where the labs are, so that a learner on a host of their own finds them as well.
pub(super) const PLACE: &str = "exercise-programs";

/// Builds every program of the exercises, once for all tests.
pub(super) fn build() {
    static BUILT: Once = Once::new();
    BUILT.call_once(build_all);
}

fn build_all() {
    let place = directory().join(PLACE);
    fs::create_dir_all(&place).expect("a folder");
    let mut manifest =
        include_str!("../../labs/tools/exercise/skeleton.toml").replace("NAME", "programs");
    for name in names(true) {
        let own = folder().join(&name);
        let source = |stem: &str| own.join(format!("{stem}.rs"));
        let mut sources = ["skeleton", "solution"]
            .map(|stem| (stem.to_owned(), source(stem)))
            .to_vec();
        for patch in files(&own.join("wrong"), &["patch"]) {
            let stem = stem_of(&patch);
            let wrong = place.join(format!("{name}-{stem}.rs"));
            patched(&source("solution"), &patch, &wrong);
            sources.push((stem, wrong));
        }
        for (stem, path) in sources {
            manifest += &format!("[[bin]]\nname = \"{name}-{stem}\"\npath = {path:?}\n");
        }
    }
    fs::write(place.join("Cargo.toml"), manifest).expect("a manifest");
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    fs::copy(lock, place.join("Cargo.lock")).expect("a lock file");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet"])
        .env("RUSTFLAGS", "-A warnings")
        .env("CARGO_TARGET_DIR", place.join("target"));
    let built = cargo.current_dir(&place).status().expect("cargo");
    assert!(built.success());
    for name in names(true) {
        let own = folder().join(name);
        let scripts = [files(&own, SCRIPTS), files(&own.join("wrong"), SCRIPTS)];
        for script in scripts.concat() {
            let program = place.join(script.file_name().expect("a name"));
            fs::copy(script, program).expect("a copy");
        }
    }
}

/// A wrong solution is stored as its difference from the right one.
fn patched(solution: &Path, patch: &Path, to: &Path) {
    let mut command = Command::new("patch");
    command.args(["--silent", "--fuzz=0", "--output"]);
    let status = command.args([to, solution, patch]).status().expect("patch");
    assert!(status.success(), "{patch:?}");
}

/// Programs in another language.
const SCRIPTS: &[&str] = &["py", "sh"];

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("a folder of an exercise");
    let paths = files.map(|file| file.expect("a file").path());
    let is_one = |path: &PathBuf| {
        extensions
            .iter()
            .any(|it| path.extension() == Some(it.as_ref()))
    };
    paths.filter(is_one).collect()
}

fn stem_of(path: &Path) -> String {
    let stem = path.file_stem().expect("a name");
    stem.to_string_lossy().into_owned()
}

/// Scripts have one name for all exercises.
fn program_of(script: &Path) -> String {
    script
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

fn check(who: &str, name: &str, program: &str, answer: &str, missing: Option<&str>) {
    let mut learner = Learner::begins(who, name);
    let program = format!("/mnt/labs/{PLACE}/{program}");
    let told = learner.checks(&format!("--program {program}"));
    assert_eq!(told["answer"], answer, "{program}: {told:#}");
    assert_eq!(told["missing"].as_str(), missing, "{program}: {told:#}");
}

#[test]
fn the_solutions_of_programs_pass_and_each_wrong_one_has_its_own_answer() {
    require!(is_root(), "each learner has a host of their own");
    require!(installed("patch"), "makes the wrong programs");
    build();
    let built = |name: &str, stem: &str| format!("target/debug/{name}-{stem}");
    for name in names(true) {
        for who in ["user", "root"] {
            check(who, &name, &built(&name, "solution"), "done", None);
        }
        for other in files(&folder().join(&name), SCRIPTS) {
            check("user", &name, &program_of(&other), "done", None);
        }
        let first = super::first_condition(&name);
        check(
            "user",
            &name,
            &built(&name, "skeleton"),
            "not yet",
            first.as_deref(),
        );
        for file in fs::read_dir(folder().join(&name).join("wrong")).expect("wrong solutions") {
            let path = file.expect("a file").path();
            let stem = stem_of(&path);
            let is_patch = path.extension().is_some_and(|it| it == "patch");
            let program = if is_patch {
                built(&name, &stem)
            } else {
                program_of(&path)
            };
            check("user", &name, &program, "not yet", stem.split('-').next());
        }
    }
}
