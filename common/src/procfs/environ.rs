//! The environment variables of another process.
#![expect(unsafe_code, reason = "one libc call in each function")]

use std::ffi::{CStr, CString};
use std::fs;

use nix::errno::Errno;
use nix::libc;
use nix::unistd::Pid;

use crate::lab::{Result, Step as _};

/// The variables that a process was started with, in their order, from
/// proc_pid_environ(5).
#[derive(Debug)]
pub struct Environment(Vec<(CString, CString)>);

impl Environment {
    /// Reads them. What has no name or no `=` is no variable, and is left out.
    ///
    /// # Errors
    /// `open`: ENOENT without /proc or such a process, EACCES for one that this
    /// process may not trace.
    pub fn of(pid: Pid) -> Result<Self> {
        let path = format!("/proc/{pid}/environ");
        let text = fs::read(&path).step("open", path)?;
        let entries = text.split(|&byte| byte == 0);
        Ok(Self(entries.filter_map(variable).collect()))
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
