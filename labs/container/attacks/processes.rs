//! Ways to processes of the host's, and what they share.

use std::fs::{self, File};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;

use common::ns::sysv::msgget;
use common::process::{exec, fork, kill, waitpid};
use nix::errno::Errno;
use nix::libc::SIGKILL;
use nix::sched::{CloneFlags, setns};
use nix::sys::ptrace;
use nix::unistd::{Pid, Uid, dup2_stderr, dup2_stdout, sethostname, setresuid};

use super::IMPOSSIBLE;
use super::host::{NEW_NAME, PID, PROCESS, PROGRAMS, QUEUE, SECRET, SOCKET};
use super::mounts::errno;

pub(super) fn hostname() -> nix::Result<()> {
    sethostname(NEW_NAME)
}

pub(super) fn system_v() -> nix::Result<()> {
    msgget(QUEUE, 0).map(drop)
}

pub(super) fn signal() -> nix::Result<()> {
    kill(Pid::from_raw(PID), SIGKILL)
}

/// Whether the /proc that is here shows the host's process.
fn host_process() -> nix::Result<String> {
    let process = format!("/proc/{PID}");
    let name = fs::read_to_string(format!("{process}/comm")).map_err(errno)?;
    if name.trim() == PROCESS {
        Ok(process)
    } else {
        Err(Errno::ESRCH)
    }
}

/// What stands in another process's memory: its environment.
pub(super) fn memory() -> nix::Result<()> {
    fs::read(format!("{}/environ", host_process()?))
        .map(drop)
        .map_err(errno)
}

pub(super) fn ptrace() -> nix::Result<()> {
    let process = Pid::from_raw(PID);
    ptrace::attach(process)?;
    waitpid(process, 0)?;
    ptrace::detach(process, None)
}

pub(super) fn root() -> nix::Result<()> {
    let path = format!("{}/root{SECRET}", host_process()?);
    File::open(path).map(drop).map_err(errno)
}

pub(super) fn join() -> nix::Result<()> {
    let namespace = File::open(format!("{}/ns/net", host_process()?)).map_err(errno)?;
    setns(namespace, CloneFlags::CLONE_NEWNET)
}

/// An abstract socket belongs to a network namespace, and has no file that guards it.
pub(super) fn abstract_socket() -> nix::Result<()> {
    let address = SocketAddr::from_abstract_name(SOCKET).map_err(errno)?;
    UnixStream::connect_addr(&address).map(drop).map_err(errno)
}

/// As another user, a set-user-ID program of root's reads what only root may.
pub(super) fn set_user_id() -> nix::Result<()> {
    if !Path::new(PROGRAMS).join("cat").exists() {
        return Err(IMPOSSIBLE);
    }
    let other = Uid::from_raw(1234);
    let child = fork(|| {
        if let Err(errno) = setresuid(other, other, other) {
            return Ok(errno as u8);
        }
        let null = File::options().write(true).open("/dev/null").map_err(errno);
        let silent = null.and_then(|null| dup2_stdout(&null).and_then(|()| dup2_stderr(&null)));
        if let Err(errno) = silent {
            return Ok(errno as u8);
        }
        let [program, file] = ["cat", "only-root"].map(|name| format!("{PROGRAMS}/{name}").into());
        Err(exec(&[program, file]))
    });
    match child.and_then(|child| child.wait()) {
        Ok(0) => Ok(()),
        // cat(1) could not read the file.
        Ok(1) => Err(Errno::EACCES),
        Ok(status) => Err(Errno::from_raw(status.into())),
        Err(error) => Err(error.errno().unwrap_or(Errno::EIO)),
    }
}
