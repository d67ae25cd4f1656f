//! Namespaces that outlive their processes: a file on which each is bind-mounted.

use std::path::{Path, PathBuf};

use common::lab::printable;
use common::{Checkpoint, Result, Step as _, explain};
use nix::mount::{MsFlags, mount};
use nix::unistd::{Pid, getpid};

use crate::args::Args;
use crate::helper::Helper;

/// The files of the options `--TYPE=FILE`, if there are any.
pub(crate) struct Persistence(Option<Keeper>);

struct Keeper {
    helper: Helper,
    /// A program in a child starts when the files are there.
    bound: Option<Checkpoint>,
}

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
        let bound = args.forks().then(Checkpoint::new).transpose()?;
        Ok(Self(Some(Keeper { helper, bound })))
    }

    /// Binds the files. The PID namespace for children has none before the fork:
    /// only its first process makes it a whole one.
    pub(crate) fn bind(self) -> Result<()> {
        let Some(Keeper { helper, bound }) = self.0 else {
            return Ok(());
        };
        helper.work()?;
        bound.map_or(Ok(()), |bound| bound.open())
    }

    /// In the child: waits until the files are bound.
    pub(crate) fn wait(&self) -> Result<()> {
        let bound = self.0.as_ref().and_then(|keeper| keeper.bound.as_ref());
        bound.map_or(Ok(()), Checkpoint::wait)
    }
}

// ANCHOR: bind
fn bind(pid: Pid, name: &str, file: &Path) -> Result<()> {
    let namespace = PathBuf::from(format!("/proc/{pid}/ns/{name}"));
    let shown = printable(file.as_os_str());
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
