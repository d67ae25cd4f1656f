//! A proc of the namespace's own on /proc.

use nix::mount::{MsFlags, mount};

use crate::error::{Result, Step as _};

/// Mounts a proc on /proc that shows this process's PID namespace. To be called
/// in a new mount namespace, from which it first stops every mount's way out.
///
/// # Errors
/// `mount`: EPERM in a user namespace where the old /proc is partly masked.
pub fn mount_own_proc() -> Result<()> {
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .step("mount", "MS_PRIVATE on /")?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, None::<&str>).step("mount", "proc on /proc")
}
