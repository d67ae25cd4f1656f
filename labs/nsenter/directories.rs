//! The root and the working directory of the program.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use common::lab::printable;
use common::{Result, Step as _, explain};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, chroot, fchdir};

use crate::args::{Args, Source};

// ANCHOR: directories
/// The directories to change to. Those of --root and --wd are opened in the old
/// mount namespace: a descriptor is a tunnel to where a path no longer leads.
pub(crate) struct Directories {
    root: Option<OwnedFd>,
    working: Option<OwnedFd>,
    working_inside: Option<PathBuf>,
}

impl Directories {
    pub(crate) fn open(args: &Args) -> Result<Self> {
        Ok(Self {
            root: chosen(&args.root, args.target, "root")?,
            working: chosen(&args.wd, args.target, "cwd")?,
            working_inside: args.wdns.clone(),
        })
    }

    /// Changes to them, the root first.
    pub(crate) fn enter(&self) -> Result<()> {
        if let Some(root) = &self.root {
            // chroot() leaves the working directory where it is, also outside the new
            // root; it stays there, as with nsenter(1), where no other one is asked for.
            let stays = self.working.is_none() && self.working_inside.is_none();
            let outside = stays.then(|| directory(Path::new("."))).transpose()?;
            fchdir(root).step("fchdir", "to the new root")?;
            chroot(".").step("chroot", "to the new root")?;
            if let Some(outside) = outside {
                fchdir(&outside).step("fchdir", "to the working directory")?;
            }
            explain!("chroot(): / is another directory from here on");
        }
        if let Some(path) = &self.working_inside {
            fchdir(directory(path)?).step("fchdir", printable(path.as_os_str()))?;
        }
        if let Some(working) = &self.working {
            fchdir(working).step("fchdir", "to the working directory")?;
        }
        Ok(())
    }
}
// ANCHOR_END: directories

fn chosen(source: &Option<Source>, target: Option<Pid>, link: &str) -> Result<Option<OwnedFd>> {
    match (source, target) {
        (Some(Source::Path(path)), _) => directory(path).map(Some),
        (Some(Source::Target), Some(pid)) => {
            directory(Path::new(&format!("/proc/{pid}/{link}"))).map(Some)
        }
        _ => Ok(None),
    }
}

/// O_PATH takes the right to search the directory, as chdir() does, not to read it.
fn directory(path: &Path) -> Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(path, flags, Mode::empty()).step("open", printable(path.as_os_str()))
}
