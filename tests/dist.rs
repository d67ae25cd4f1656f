//! What `just dist` packs, as far as that can be said without a release build.
//! `robust.rs` has every lab print the version.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{installed, labs, require};

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).expect(file)
}

#[test]
fn every_binary_is_packed() {
    require!(installed("just"), "a recipe lists the labs");
    let manifest = read("Cargo.toml");
    let binaries = manifest.split("[[bin]]\nname = \"").skip(1);
    let binaries: BTreeSet<_> = binaries.filter_map(|text| text.split('"').next()).collect();
    let just = Command::new("just")
        .args([
            "--justfile",
            concat!(env!("CARGO_MANIFEST_DIR"), "/justfile"),
            "_labs",
        ])
        .output()
        .expect("just");
    let listed = String::from_utf8(just.stdout).expect("names");
    assert_eq!(listed.lines().collect::<BTreeSet<_>>(), binaries);
    let names = labs::names();
    assert_eq!(
        names.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        binaries
    );
}

#[test]
fn the_version_stands_in_one_place() {
    for manifest in ["Cargo.toml", "common/Cargo.toml"] {
        let text = read(manifest);
        let (_, package) = text.split_once("[package]\n").expect("a package");
        let package = package.split("\n[").next().unwrap_or_default();
        assert!(
            package.contains("\nversion.workspace = true\n"),
            "{manifest}"
        );
    }
}
