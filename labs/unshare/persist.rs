//! Namespaces that outlive their processes: a file on which each is bind-mounted.

use std::path::{Path, PathBuf};

use common::lab::printable;
use common::{Result, Step as _, explain};
use nix::mount::{MsFlags, mount};
use nix::unistd::{Pid, getpid};

use crate::args::Args;
use crate::helper::Helper;

/// For the files of the options `--TYPE=FILE` leaves a helper behind: a mount that is
/// to be seen outside is made in the old mount namespace, by the rights in the user
/// namespace that owns it.
pub(crate) fn prepare(args: &Args) -> Result<Option<Helper>> {
    if args.files.is_empty() {
        return Ok(None);
    }
    let pid = getpid();
    let helper = Helper::stay_behind(|| {
        for (name, file) in &args.files {
            bind(pid, name, file)?;
        }
        Ok(())
    });
    helper.map(Some)
}

// ANCHOR: bind
fn bind(pid: Pid, name: &str, file: &Path) -> Result<()> {
    // Of these two the process stays in the old one: the new one is that of its children.
    let name = match name {
        "pid" => "pid_for_children",
        "time" => "time_for_children",
        name => name,
    };
    let namespace = PathBuf::from(format!("/proc/{pid}/ns/{name}"));
    let (from, shown) = (namespace.display(), printable(file.as_os_str()));
    let none = None::<&str>;
    mount(Some(&namespace), file, none, MsFlags::MS_BIND, none)
        .step("mount", format!("{from} on {shown}"))?;
    explain!(
        "mount(\"{from}\", \"{shown}\", MS_BIND):\n\
         the namespace lives until umount {shown}"
    );
    Ok(())
}
// ANCHOR_END: bind
