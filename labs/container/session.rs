//! What a program inherits: descriptors, environment, terminal, session, keys.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{stderr, stdin, stdout};
use std::os::fd::AsFd as _;

use common::credentials::keyring::join_session_keyring;
use common::process::{self, Relay, close_on_exec_from};
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{FD_CLOEXEC, O_PATH, S_IFDIR, S_IFMT};
use nix::sys::stat::fstat;
use nix::unistd::setsid;

use crate::Plan;
use crate::steps::Step;

/// What the caller's environment may tell without being asked.
pub(crate) const KEPT: [&str; 4] = ["TERM", "LANG", "LC_ALL", "TZ"];
const OWN: [(&str, &str); 3] = [
    (
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    ("HOME", "/root"),
    ("container", "namespace-labs"),
];

// ANCHOR: begin
pub(crate) fn begin(relay: Option<&Relay>) -> Result<()> {
    refuse_ways_out()?;
    setsid().step("setsid", "of the container")?;
    if let Some(relay) = relay {
        relay.give_terminal()?;
        explain!(
            "setsid(), TIOCSCTTY: a terminal of its\n\
             own; what is typed into it stays in it"
        );
    }
    match join_session_keyring() {
        // The kernel has no keys, or a filter around this process refuses them to everyone.
        Ok(_) | Err(Errno::ENOSYS | Errno::EPERM) => {}
        Err(errno) => return Err(errno).step("keyctl", "KEYCTL_JOIN_SESSION_KEYRING"),
    }
    close_on_exec_from(3).step("close_range", "3 and above")?;
    explain!(
        "close_range(CLOSE_RANGE_CLOEXEC): the\n\
         program has descriptors 0, 1 and 2 only"
    );
    Ok(())
}
// ANCHOR_END: begin

/// The program's variables, as `NAME=VALUE`.
pub(crate) fn environment(plan: &Plan) -> Vec<OsString> {
    if !plan.steps.has(Step::Session) {
        return process::environment();
    }
    let mut variables = BTreeMap::from(OWN.map(|(name, value)| (name.into(), value.into())));
    let kept = KEPT.map(|name| (OsString::from(name), None));
    for (name, value) in kept.into_iter().chain(plan.args.env.iter().cloned()) {
        if let Some(value) = value.or_else(|| env::var_os(&name)) {
            variables.insert(name, value);
        }
    }
    let pairs = variables.into_iter();
    pairs
        .map(|(name, value): (OsString, OsString)| [name, value].join(OsStr::new("=")))
        .collect()
}

/// From a directory `..` leads to the host's root.
fn refuse_ways_out() -> Result<()> {
    let (input, output, errors) = (stdin(), stdout(), stderr());
    for (stream, name) in [
        (input.as_fd(), "stdin"),
        (output.as_fd(), "stdout"),
        (errors.as_fd(), "stderr"),
    ] {
        // One that is closed leads nowhere, and exec closes what is not the caller's.
        let flags = fcntl(stream, FcntlArg::F_GETFD).unwrap_or(FD_CLOEXEC);
        let is_directory = fstat(stream).is_ok_and(|file| file.st_mode & S_IFMT == S_IFDIR);
        // Nor what is not opened, and could be, with any mode.
        let is_path = fcntl(stream, FcntlArg::F_GETFL).is_ok_and(|flags| flags & O_PATH != 0);
        if flags & FD_CLOEXEC == 0 && (is_directory || is_path) {
            let error = Error::new("fstat", name, Errno::EISDIR);
            return Err(error.hint(
                "it would be a way out to the host's files: give a file that is open, or a pipe",
            ));
        }
    }
    Ok(())
}
