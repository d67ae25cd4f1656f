//! The exercises are a part of the tool: a new file among them has it built anew.

fn main() {
    println!("cargo::rerun-if-changed=book/exercises");
}
