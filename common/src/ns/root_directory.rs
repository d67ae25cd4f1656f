//! A directory that is to become a root, and in which paths are looked up as if it were.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{Mode, mkdirat};

use crate::lab::{Result, Step as _, printable};

/// A root directory by its descriptor, wherever it is mounted.
#[derive(Debug)]
pub struct RootDirectory {
    descriptor: OwnedFd,
    may_make: bool,
}

impl RootDirectory {
    /// `may_make`: whether what a path lacks may be made.
    pub fn new(descriptor: OwnedFd, may_make: bool) -> Self {
        Self {
            descriptor,
            may_make,
        }
    }

    // ANCHOR: place
    /// What a path stands for in there. RESOLVE_IN_ROOT: a symbolic link to /etc means the one
    /// in this root, and `..` leads no further than to it, see openat2(2).
    ///
    /// # Errors
    /// `openat2`: ENOENT, ENOTDIR, ELOOP; `mkdir`: EROFS, EACCES; ENOSYS before Linux 5.6.
    pub fn place(&self, path: &Path, is_directory: bool) -> Result<OwnedFd> {
        let mut place = self.open(path, ResolveFlag::RESOLVE_IN_ROOT);
        if self.may_make && matches!(place, Err(Errno::ENOENT)) {
            self.make(path, is_directory)?;
            place = self.open(path, ResolveFlag::RESOLVE_IN_ROOT);
        }
        place.step("openat2", Self::shown(path))
    }

    fn open(&self, path: &Path, resolve: ResolveFlag) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
        let resolve = resolve | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        let how = OpenHow::new().flags(flags).resolve(resolve);
        openat2(&self.descriptor, &Path::new(".").join(path), how)
    }
    // ANCHOR_END: place

    /// What is at a path, on which there is no symbolic link; `None` where nothing is.
    ///
    /// # Errors
    /// `openat2`: ELOOP for a link, and as [`place`](Self::place).
    pub fn find(&self, path: &Path) -> Result<Option<OwnedFd>> {
        match self.open(path, ResolveFlag::RESOLVE_NO_SYMLINKS) {
            Err(Errno::ENOENT) => Ok(None),
            found => found.step("openat2", Self::shown(path)).map(Some),
        }
    }

    /// A mount point, and the directories that lead to it.
    fn make(&self, path: &Path, is_directory: bool) -> Result<()> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(());
        };
        let parent = self.place(parent, true)?;
        let made = if is_directory {
            mkdirat(parent, name, Mode::from_bits_truncate(0o755))
        } else {
            let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
            openat(parent, name, flags, Mode::from_bits_truncate(0o644)).map(drop)
        };
        // Whoever else has made it has it made.
        let made = if made == Err(Errno::EEXIST) {
            Ok(())
        } else {
            made
        };
        made.step("mkdir", Self::shown(path))
    }

    /// A path as errors name it.
    pub fn shown(path: &Path) -> String {
        let path = printable(Path::new("/").join(path).as_os_str());
        format!("{path} in the new root")
    }
}

impl AsFd for RootDirectory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
