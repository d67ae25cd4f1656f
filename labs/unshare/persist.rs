//! Namespaces that outlive their processes: a file on which each is bind-mounted.

use std::path::{Path, PathBuf};

use common::error::Step as _;
use common::{Checkpoint, Result, explain, output};
use nix::mount::{MsFlags, mount};
use nix::unistd::{Pid, getpid};

use crate::args::Args;
use crate::helper::Helper;

/// The files of the options `--TYPE=FILE`, if there are any.
pub(crate) struct Persistence(Option<(Helper, Checkpoint)>);

impl Persistence {
    /// Leaves a helper behind: a mount that is to be seen outside is made in the
    /// old mount namespace, by the rights in the user namespace that owns it.
    pub(crate) fn prepare(args: &Args) -> Result<Self> {
        let (files, pid) = (args.files(), getpid());
        if files.is_empty() {
            return Ok(Self(None));
        }
        let helper = Helper::stay_behind(move || {
            files
                .iter()
                .try_for_each(|(name, file)| bind(pid, name, file))
        })?;
        Ok(Self(Some((helper, Checkpoint::new()?))))
    }

    /// Binds the files. The namespace for children has one only when it has a
    /// first process: of PID, after the fork.
    pub(crate) fn bind(self) -> Result<()> {
        let Some((helper, bound)) = self.0 else {
            return Ok(());
        };
        helper.work()?;
        bound.open()
    }

    /// In the child: waits until the files are bound.
    pub(crate) fn wait(&self) -> Result<()> {
        match &self.0 {
            Some((_, bound)) => bound.wait(),
            None => Ok(()),
        }
    }
}

// ANCHOR: bind
fn bind(pid: Pid, name: &str, file: &Path) -> Result<()> {
    let namespace = PathBuf::from(format!("/proc/{pid}/ns/{name}"));
    let shown = output::printable(file.as_os_str());
    mount(
        Some(&namespace),
        file,
        None::<&str>,
        MsFlags::MS_BIND,
        None::<&str>,
    )
    .step("mount", format!("{} on {shown}", namespace.display()))?;
    explain!(
        "mount(\"{}\", \"{shown}\", MS_BIND): the namespace lives until umount {shown}",
        namespace.display()
    );
    Ok(())
}
// ANCHOR_END: bind
