//! A child that overflows its stack is ended by SIGSEGV at the guard page, and
//! one that uses nearly all of it is not. No libtest: it is threaded, and a child
//! of clone() must not be a copy of one thread of several.

use common::{Error, clone};
use nix::sched::CloneFlags;

/// Uses at least `frames` times four kilobytes of stack.
fn descend(frames: u32) -> u64 {
    let page = std::hint::black_box([frames as u8; 4096]);
    let below = if frames == 0 { 0 } else { descend(frames - 1) };
    below + u64::from(std::hint::black_box(page)[0])
}

fn child_that_uses(frames: u32) -> Result<u8, Error> {
    clone(CloneFlags::empty(), || {
        std::hint::black_box(descend(frames));
        Ok(0)
    })?
    .wait()
}

fn main() {
    let fits = child_that_uses(40);
    assert!(matches!(fits, Ok(0)), "{fits:?}");
    let overflows = child_that_uses(1000);
    assert!(
        matches!(overflows, Err(Error::ChildKilled(libc::SIGSEGV))),
        "{overflows:?}"
    );
}
