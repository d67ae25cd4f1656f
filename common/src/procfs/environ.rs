//! The environment variables of another process.
#![expect(unsafe_code, reason = "one libc call in each function")]

use std::ffi::{CStr, CString, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt as _;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::libc;
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use crate::lab::{Result, Step as _};

/// The variables that a process was started with, in their order, from
/// proc_pid_environ(5).
#[derive(Debug)]
pub struct Environment(Vec<(CString, CString)>);

impl Environment {
    /// Reads those of the process whose directory in /proc this is. What has no name or no
    /// `=` is no variable, and is left out.
    ///
    /// # Errors
    /// `open`: EACCES for one that this process may not trace, ESRCH where it has ended.
    pub fn of(pid: Pid, process: impl AsFd) -> Result<Self> {
        let path = format!("/proc/{pid}/environ");
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let file = openat(process, "environ", flags, Mode::empty()).step("open", &path)?;
        let mut text = Vec::new();
        File::from(file).read_to_end(&mut text).step("read", path)?;
        let entries = text.split(|&byte| byte == 0);
        Ok(Self(entries.filter_map(variable).collect()))
    }

    /// This process's own, of these names.
    pub fn own(names: &[OsString]) -> Self {
        let own = std::env::vars_os().filter(|(name, _)| names.contains(name));
        let string = |text: OsString| CString::new(text.into_vec()).ok();
        Self(
            own.filter_map(|(name, value)| Some((string(name)?, string(value)?)))
                .collect(),
        )
    }

    /// Puts them in the place of this process's own: PATH and SHELL count from now on.
    ///
    /// # Errors
    /// `setenv`: ENOMEM.
    pub fn replace_own(&self) -> Result<()> {
        clearenv();
        for (name, value) in &self.0 {
            setenv(name, value).step("setenv", name.to_string_lossy())?;
        }
        Ok(())
    }
}

fn variable(entry: &[u8]) -> Option<(CString, CString)> {
    let end = entry.iter().position(|&byte| byte == b'=')?;
    let name = entry.get(..end).filter(|name| !name.is_empty())?;
    let value = entry.get(end + 1..)?;
    Some((CString::new(name).ok()?, CString::new(value).ok()?))
}

/// clearenv(3), which does not fail.
fn clearenv() {
    // SAFETY: the labs have one thread (see the crate's introduction), so nobody
    // reads the environment meanwhile.
    unsafe { libc::clearenv() };
}

/// setenv(3). A name that is there keeps its value: getenv(3) gave the first of two.
fn setenv(name: &CStr, value: &CStr) -> nix::Result<()> {
    // SAFETY: both are strings with their zero byte, of which the call makes copies;
    // one thread, as above.
    Errno::result(unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 0) }).map(drop)
}
