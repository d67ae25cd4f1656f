//! What a program inherits: descriptors, environment, terminal, session, keys.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{stderr, stdin, stdout};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;

use common::credentials::keyring::join_session_keyring;
use common::process::{self, Relay, close_on_exec_from};
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{FD_CLOEXEC, S_IFDIR, S_IFMT};
use nix::sys::stat::fstat;
use nix::unistd::setsid;

use crate::Plan;
use crate::steps::Step;

/// What the caller's environment may tell without being asked.
pub(crate) const KEPT: [&str; 4] = ["TERM", "LANG", "LC_ALL", "TZ"];
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// ANCHOR: begin
pub(crate) fn begin(relay: Option<&Relay>) -> Result<()> {
    refuse_directories()?;
    setsid().step("setsid", "of the container")?;
    if let Some(relay) = relay {
        relay.give_terminal()?;
        explain!("setsid(), TIOCSCTTY: a terminal of its own; what is typed into it stays in it");
    }
    match join_session_keyring() {
        // The kernel has no keys, or a filter around this process refuses them to everyone.
        Ok(_) | Err(Errno::ENOSYS | Errno::EPERM) => {}
        Err(errno) => return Err(errno).step("keyctl", "KEYCTL_JOIN_SESSION_KEYRING"),
    }
    close_on_exec_from(3).step("close_range", "3 and above")?;
    explain!("close_range(CLOSE_RANGE_CLOEXEC): the program has descriptors 0, 1 and 2 only");
    Ok(())
}

/// The program's variables, as `NAME=VALUE`.
pub(crate) fn environment(plan: &Plan) -> Vec<OsString> {
    if !plan.steps.has(Step::Session) {
        return process::environment();
    }
    let pair = |name: &OsStr| env::var_os(name).map(|value| [name, &value].join(OsStr::new("=")));
    let fixed = [PATH, "HOME=/root", "container=namespace-labs"].map(OsString::from);
    let asked = plan.args.env.iter().filter_map(|asked| {
        if asked.as_bytes().contains(&b'=') {
            Some(asked.clone())
        } else {
            pair(asked)
        }
    });
    let kept = KEPT.iter().filter_map(|name| pair(OsStr::new(name)));
    let mut pairs: Vec<OsString> = Vec::new();
    // Of two with one name the later counts.
    for new in fixed.into_iter().chain(kept).chain(asked) {
        let name = |pair: &OsStr| {
            pair.as_bytes()
                .split(|&byte| byte == b'=')
                .next()
                .map(Vec::from)
        };
        pairs.retain(|pair| name(pair) != name(&new));
        pairs.push(new);
    }
    pairs
}
// ANCHOR_END: begin

/// From a directory `..` leads to the host's root.
fn refuse_directories() -> Result<()> {
    let (input, output, errors) = (stdin(), stdout(), stderr());
    for (stream, name) in [
        (input.as_fd(), "stdin"),
        (output.as_fd(), "stdout"),
        (errors.as_fd(), "stderr"),
    ] {
        // One that is closed leads nowhere, and exec closes what is not the caller's.
        let flags = fcntl(stream, FcntlArg::F_GETFD).unwrap_or(FD_CLOEXEC);
        let is_directory = fstat(stream).is_ok_and(|file| file.st_mode & S_IFMT == S_IFDIR);
        if flags & FD_CLOEXEC == 0 && is_directory {
            let error = Error::new("fstat", name, Errno::EISDIR);
            return Err(error.hint("a directory of the host's would be a way out: give a file"));
        }
    }
    Ok(())
}
