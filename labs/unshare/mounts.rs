//! The mounts of the new mount namespace.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use common::lab::printable;
use common::{Result, Step as _, explain};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

#[derive(Default, clap::Args)]
#[command(next_help_heading = "Mounts and directories")]
pub(crate) struct MountOptions {
    /// How mounts travel between the new mount namespace and the old one
    #[arg(long, value_enum, default_value_t)]
    pub(crate) propagation: Propagation,
    /// Mount a new proc on DIR (/proc) before the program runs; implies --mount
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true,
          default_missing_value = "/proc")]
    pub(crate) mount_proc: Option<PathBuf>,
    /// Change the root directory
    #[arg(short = 'R', long, value_name = "DIR", allow_hyphen_values = true)]
    pub(crate) root: Option<PathBuf>,
    /// Change the working directory, after the root
    #[arg(short, long, value_name = "DIR", allow_hyphen_values = true)]
    pub(crate) wd: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Propagation {
    #[default]
    Private,
    Shared,
    Slave,
    Unchanged,
}

// ANCHOR: mounts
pub(crate) fn set_propagation(propagation: Propagation) -> Result<()> {
    let kind = match propagation {
        Propagation::Private => MsFlags::MS_PRIVATE,
        Propagation::Shared => MsFlags::MS_SHARED,
        Propagation::Slave => MsFlags::MS_SLAVE,
        Propagation::Unchanged => return Ok(()),
    };
    explain!("mount(MS_REC, \"/\"): sets how mounts travel to and from the old namespace");
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | kind,
        None::<&str>,
    )
    .step("mount", "propagation on /")
}

pub(crate) fn mount_proc(directory: &Path, propagation: Propagation) -> Result<()> {
    let shown = printable(directory.as_os_str());
    if propagation != Propagation::Private {
        // The new proc must not travel to the old namespace, whatever else may.
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        match mount(None::<&str>, directory, None::<&str>, private, None::<&str>) {
            // A directory that is no mount point: the new proc travels as the mount
            // around it does.
            Ok(()) | Err(Errno::EINVAL) => {}
            failed => failed.step("mount", format!("MS_PRIVATE on {shown}"))?,
        }
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), directory, Some("proc"), flags, None::<&str>)
        .step("mount", format!("proc on {shown}"))?;
    explain!("mount(\"proc\", \"{shown}\"): shows the PID namespace of this process");
    Ok(())
}
// ANCHOR_END: mounts
