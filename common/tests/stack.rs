//! A child that overflows its stack is ended by SIGSEGV at the guard page, and
//! one that uses nearly all of it is not. No libtest: it is threaded, and a child
//! of clone() must not be a copy of one thread of several.

use common::{ChildStack, Error, clone};
use nix::sched::CloneFlags;

/// Uses at least `frames` times four kilobytes of stack.
fn descend(frames: u32) -> u64 {
    let page = std::hint::black_box([frames as u8; 4096]);
    let below = if frames == 0 { 0 } else { descend(frames - 1) };
    below + u64::from(std::hint::black_box(page)[0])
}

fn status_of_a_child_that_uses(frames: u32) -> Result<u8, Error> {
    let mut child_stack = ChildStack::new()?;
    clone(CloneFlags::empty(), &mut child_stack, || {
        std::hint::black_box(descend(frames));
        Ok(0)
    })?
    .wait()
}

fn main() -> Result<(), Error> {
    assert_eq!(status_of_a_child_that_uses(40)?, 0, "it fits");
    assert_eq!(
        status_of_a_child_that_uses(1000)?,
        128 + 11,
        "4 MiB and more do not"
    );
    Ok(())
}
