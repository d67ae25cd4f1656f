//! Which of a lab's processes says what went wrong: the first.
#![expect(unsafe_code, reason = "memory that parent and children share")]

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

static TOLD: OnceLock<&AtomicBool> = OnceLock::new();
/// Whether it was this process that has claimed it.
static MINE: AtomicBool = AtomicBool::new(false);

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
