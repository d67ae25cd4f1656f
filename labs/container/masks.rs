//! What of /proc and /sys speaks of the whole machine, or commands it.

use std::path::Path;

use common::ns::{Attributes, mount_setattr, move_mount, open_tree};
use common::{Result, Step as _, explain};
use nix::libc::MOUNT_ATTR_RDONLY;
use nix::mount::{MsFlags, mount};

use crate::root::{Root, path_of};

// ANCHOR: masks
/// Nothing is to be read here.
#[rustfmt::skip]
const MASKED: [&str; 11] = [
    "proc/acpi", "proc/asound", "proc/interrupts", "proc/kcore", "proc/keys", "proc/latency_stats",
    "proc/sched_debug", "proc/scsi", "proc/timer_list", "sys/firmware", "sys/devices/virtual/powercap",
];
/// Nothing is to be written here.
const READONLY: [&str; 5] = [
    "proc/bus",
    "proc/fs",
    "proc/irq",
    "proc/sys",
    "proc/sysrq-trigger",
];

pub(crate) fn cover(root: &Root) -> Result<()> {
    for name in MASKED.into_iter().filter(|name| root.has(name)) {
        let place = root.place(Path::new(name), false)?;
        if root.has(&format!("{name}/.")) {
            let (tmpfs, flags) = (Some("tmpfs"), MsFlags::MS_RDONLY);
            mount(
                tmpfs,
                path_of(&place).as_str(),
                tmpfs,
                flags,
                Some("size=4k"),
            )
        } else {
            let null = root.place(Path::new("dev/null"), false)?;
            open_tree(null).and_then(|null| move_mount(null, place))
        }
        .step("mount", format!("over /{name} in the container"))?;
    }
    // A part mounted on itself can have flags of its own.
    for name in READONLY.into_iter().filter(|name| root.has(name)) {
        let place = root.place(Path::new(name), true)?;
        let readonly = Attributes {
            set: MOUNT_ATTR_RDONLY,
            ..Attributes::default()
        };
        open_tree(&place)
            .and_then(|copy| {
                mount_setattr(&copy, 0, readonly).and_then(|()| move_mount(copy, &place))
            })
            .step("mount", format!("/{name} on itself in the container"))?;
    }
    explain!("mounts over parts of /proc and /sys\nsee: grep ' /proc/' /proc/self/mountinfo");
    Ok(())
}
// ANCHOR_END: masks
