//! The exercises that are programs: solutions, wrong ones, and those in another language.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::{Learner, folder, names};
use crate::support::{directory, is_root, require};

/// Where the labs are, so that a learner on a host of their own finds them as well.
pub(super) const PLACE: &str = "exercise-programs";

/// Builds every program of the exercises at once.
pub(super) fn build() {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock();
    let place = directory().join(PLACE);
    fs::create_dir_all(&place).expect("a folder");
    let mut manifest =
        include_str!("../../labs/tools/exercise/skeleton.toml").replace("NAME", "programs");
    for name in names(true) {
        let wrong = fs::read_dir(folder().join(&name).join("wrong")).expect("wrong solutions");
        let wrong = wrong.map(|file| file.expect("a file").path());
        let own = ["skeleton.rs", "solution.rs"].map(|file| folder().join(&name).join(file));
        let is_rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
        for path in own.into_iter().chain(wrong).filter(is_rust) {
            let stem = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            manifest += &format!("[[bin]]\nname = \"{name}-{stem}\"\npath = {path:?}\n");
        }
    }
    fs::write(place.join("Cargo.toml"), manifest).expect("a manifest");
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    fs::copy(lock, place.join("Cargo.lock")).expect("a lock file");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet"]).env_remove("RUSTFLAGS");
    cargo
        .env("RUSTFLAGS", "-A warnings")
        .env("CARGO_TARGET_DIR", place.join("target"));
    let built = cargo.current_dir(&place).status().expect("cargo");
    assert!(built.success());
    for name in names(true) {
        let own = folder().join(name);
        for script in others(&own).into_iter().chain(others(&own.join("wrong"))) {
            let program = place.join(script.file_name().expect("a name"));
            fs::copy(script, program).expect("a copy");
        }
    }
}

/// The programs in another language.
fn others(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = files.map(|file| file.path());
    let is_script = |path: &PathBuf| path.extension().is_some_and(|it| it == "py" || it == "sh");
    paths.filter(is_script).collect()
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
    build();
    let built = |name: &str, stem: &str| format!("target/debug/{name}-{stem}");
    for name in names(true) {
        for who in ["user", "root"] {
            check(who, &name, &built(&name, "solution"), "done", None);
        }
        for other in others(&folder().join(&name)) {
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
            let stem = path.file_stem().expect("a name").to_string_lossy();
            let is_rust = path.extension().is_some_and(|extension| extension == "rs");
            let program = if is_rust {
                built(&name, &stem)
            } else {
                program_of(&path)
            };
            check("user", &name, &program, "not yet", stem.split('-').next());
        }
    }
}
