//! What of /proc and /sys speaks of the whole machine, or commands it.

use std::path::Path;

use common::ns::{RootDirectory, fsmount, move_mount};
use common::{Result, Step as _, explain};
use nix::libc::{MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, S_IFDIR};

use crate::trees::{copy_with, hold, is};

/// What covers a part has nothing to give, and is not changed through it.
const SAFE: u64 = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

// ANCHOR: masks
// ANCHOR: lists
/// Nothing is to be read here: of /proc, and of /sys.
#[rustfmt::skip]
const MASKED: [&[&str]; 2] = [
    &["acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi",
      "timer_list"],
    &["firmware", "devices/virtual/powercap"],
];
/// Nothing is to be written here.
const READONLY: [&[&str]; 2] = [&["bus", "fs", "irq", "sys", "sysrq-trigger"], &[]];
// ANCHOR_END: lists

pub(crate) fn cover(proc_and_sys: &[RootDirectory; 2]) -> Result<()> {
    for (shown, (masked, readonly)) in proc_and_sys.iter().zip(MASKED.iter().zip(READONLY)) {
        for name in *masked {
            let Some(place) = shown.find(Path::new(name))? else {
                continue;
            };
            let mask = if is(&place, S_IFDIR)? {
                fsmount("tmpfs", "size=4k", SAFE)
            } else {
                hold("/dev/null").and_then(|null| copy_with(&null, 0, SAFE))
            };
            mask.and_then(|mask| move_mount(mask, place))
                .step("mount", format!("over {name}"))?;
        }
        // A part mounted on itself can have flags of its own.
        for name in readonly {
            let Some(place) = shown.find(Path::new(name))? else {
                continue;
            };
            copy_with(&place, 0, MOUNT_ATTR_RDONLY)
                .and_then(|part| move_mount(part, &place))
                .step("mount", format!("{name} on itself"))?;
        }
    }
    explain!(
        "mounts over parts of /proc and /sys\n\
         see: grep ' /proc/' /proc/self/mountinfo"
    );
    Ok(())
}
// ANCHOR_END: masks
