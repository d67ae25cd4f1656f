//! Which of a lab's processes says what went wrong: the first.
#![expect(unsafe_code, reason = "memory that parent and children share")]

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

static TOLD: OnceLock<&AtomicBool> = OnceLock::new();
/// Whether it was this process that has claimed it.
static MINE: AtomicBool = AtomicBool::new(false);

/// How the first child failed that was dropped on the way of an error and had ended
/// by itself: its status, or the signal.
static ENDED: OnceLock<std::result::Result<u8, i32>> = OnceLock::new();
/// Whether a dropped child was ended by SIGKILL, which its parent sends it.
static KILLED: AtomicBool = AtomicBool::new(false);

/// Maps the flag: to be called before the first child is made, since only what is
/// mapped by then is shared with it.
pub(crate) fn share() {
    if TOLD.get().is_some() {
        return;
    }
    let (access, flags) = (
        ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
        MapFlags::MAP_SHARED,
    );
    let length = NonZeroUsize::MIN;
    // SAFETY: a new anonymous mapping overlaps nothing that exists.
    if let Ok(page) = unsafe { mmap_anonymous(None, length, access, flags) } {
        // SAFETY: the page is never unmapped, begins as zeros, which is `false`, and is
        // used by this reference only, in this process and in its children.
        let flag = unsafe { AtomicBool::from_ptr(page.as_ptr().cast()) };
        let _ = TOLD.set(flag);
    }
}

/// Whether it is for this process to tell of a failure: no other one has claimed that.
/// Where nothing could be shared, each process speaks for itself.
pub(crate) fn claim() -> bool {
    let claimed = MINE.load(Ordering::Relaxed)
        || TOLD
            .get()
            .is_none_or(|told| !told.swap(true, Ordering::Relaxed));
    MINE.store(claimed, Ordering::Relaxed);
    claimed
}

/// Keeps how a dropped child ended by itself, unless with success.
pub(crate) fn remember_end(ended: std::result::Result<u8, i32>) {
    if ended != Ok(0) {
        let _ = ENDED.set(ended);
    }
}

/// Keeps that a dropped child was ended by SIGKILL, perhaps by its own parent's.
pub(crate) fn remember_kill() {
    KILLED.store(true, Ordering::Relaxed);
}

/// How the first dropped child failed by itself, if one did.
pub(super) fn child_end() -> Option<std::result::Result<u8, i32>> {
    ENDED.get().copied()
}

/// Whether a dropped child was ended by SIGKILL.
pub(super) fn child_was_killed() -> bool {
    KILLED.load(Ordering::Relaxed)
}
