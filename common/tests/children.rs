//! What holds for every child, tried without libtest: that is threaded, and a child
//! of clone() must not be a copy of one thread of several.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;

use common::process::fork_untied;
use common::{Checkpoint, Error, clone};
use nix::sched::CloneFlags;

fn main() {
    let inherited = write_ends();
    an_overflow_of_the_stack_ends_the_child();
    a_child_holds_no_end_that_tells_of_its_parents_life(inherited);
}

fn an_overflow_of_the_stack_ends_the_child() {
    let fits = child_that_uses(40);
    assert!(matches!(fits, Ok(0)), "{fits:?}");
    let overflows = child_that_uses(1000);
    assert!(
        matches!(overflows, Err(Error::ChildKilled(libc::SIGSEGV))),
        "{overflows:?}"
    );
}

fn child_that_uses(frames: u32) -> Result<u8, Error> {
    clone(CloneFlags::empty(), || {
        std::hint::black_box(descend(frames));
        Ok(0)
    })?
    .wait()
}

/// Uses at least `frames` times four kilobytes of stack.
fn descend(frames: u32) -> u64 {
    let page = std::hint::black_box([frames as u8; 4096]);
    let below = if frames == 0 { 0 } else { descend(frames - 1) };
    below + u64::from(std::hint::black_box(page)[0])
}

/// A sibling that lives on would else hide the parent's end from the others.
fn a_child_holds_no_end_that_tells_of_its_parents_life(inherited: usize) {
    let done = Checkpoint::new().expect("a pipe");
    let first = clone(CloneFlags::empty(), || done.wait().map(|()| 0)).expect("a child");
    let look = || Ok(u8::try_from(write_ends()).unwrap_or(u8::MAX));
    for sibling in [clone(CloneFlags::empty(), look), fork_untied(look)] {
        let held = sibling.and_then(|sibling| sibling.wait());
        let held = held.expect("a sibling that ends by itself");
        // The checkpoint's is there, the lifeline's is not.
        assert_eq!(usize::from(held), inherited + 1);
    }
    done.open().expect("a child that waits");
    assert!(matches!(first.wait(), Ok(0)));
}

/// How many write ends of pipes this process holds.
fn write_ends() -> usize {
    let descriptors = fs::read_dir("/proc/self/fd").expect("/proc");
    let names = descriptors.map(|entry| entry.expect("a descriptor").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let is_write_end = |name: &String| {
        let link = fs::read_link(format!("/proc/self/fd/{name}")).unwrap_or_default();
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{name}")).unwrap_or_default();
        // The access mode is the last octal digit of the flags: O_WRONLY.
        let flags = info.lines().find(|line| line.starts_with("flags:"));
        link.to_string_lossy().starts_with("pipe:") && flags.is_some_and(|it| it.ends_with('1'))
    };
    names.filter(is_write_end).count()
}
