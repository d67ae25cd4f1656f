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
        for path in own.into_iter().chain(wrong) {
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
    for other in names(true).iter().flat_map(|name| others(name)) {
        let (from, to) = (other.clone(), place.join(program_of(&other)));
        fs::copy(from, to).expect("a copy");
    }
}

/// The programs in another language.
fn others(name: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder().join(name))
        .expect("an exercise")
        .flatten();
    let paths = files.map(|file| file.path());
    paths
        .filter(|path| path.file_stem().is_some_and(|stem| stem == "other"))
        .collect()
}

fn program_of(other: &Path) -> String {
    let name = other
        .parent()
        .and_then(Path::file_name)
        .expect("an exercise");
    let file = other.file_name().expect("a file");
    format!("{}-{}", name.to_string_lossy(), file.to_string_lossy())
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
        for other in others(&name) {
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
            check("user", &name, &built(&name, &stem), "not yet", Some(&stem));
        }
    }
}
