//! Handing the process over to a program.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, Signal};
use nix::unistd::{execvp, getpid};

use crate::child::Child;
use crate::error::{Error, NOT_EXECUTABLE, NOT_FOUND, Result, Step as _, shell_status};
use crate::foreground::Foreground;
use crate::output::printable;
use crate::startup;
use crate::sys::{self, Ended};

/// execvp(3) with argument vector, environment, working directory, descriptors,
/// signal dispositions and signal mask as the caller of the lab had them.
/// Returns only if it fails.
///
/// The error ends the lab with status 127 if there is no such program, else 126.
pub fn exec(command: &[OsString]) -> Error {
    let program = command.first().map(OsString::as_os_str).unwrap_or_default();
    exec_file(program, command)
}

/// A login shell in place of this process, where no program is named: $SHELL, else
/// /bin/sh. The `-` before its name is what tells it, see login(1) and bash(1).
///
/// The error ends the lab as that of [`exec`].
pub fn exec_shell() -> Error {
    let shell = shell();
    let mut name = OsString::from("-");
    name.push(Path::new(&shell).file_name().unwrap_or(&shell));
    exec_file(&shell, &[name])
}

fn exec_file(program: &OsStr, command: &[OsString]) -> Error {
    // What came through execve() holds no zero byte.
    let zero_ended = |text: &OsStr| CString::new(text.as_bytes()).unwrap_or_default();
    let arguments: Vec<_> = command.iter().map(|word| zero_ended(word)).collect();
    startup::restore();
    let Err(errno) = execvp(&zero_ended(program), &arguments);
    let status = if errno == Errno::ENOENT {
        NOT_FOUND
    } else {
        NOT_EXECUTABLE
    };
    Error::new("execvp", printable(program), errno).status(status)
}

/// The program to run when none is named: $SHELL, else /bin/sh.
pub fn or_shell(command: Vec<OsString>) -> Vec<OsString> {
    if !command.is_empty() {
        return command;
    }
    vec![shell()]
}

fn shell() -> OsString {
    let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty());
    shell.unwrap_or_else(|| OsStr::new("/bin/sh").to_owned())
}

/// The parent's part where a tool runs its program in a child, by the rules of
/// unshare(1): it outlives SIGINT and SIGTERM, and ends as the child ended.
#[derive(Debug)]
pub struct Forked {
    caller_mask: SigSet,
    foreground: Foreground,
}

impl Forked {
    /// Blocks the two signals: to be called before the child is made.
    ///
    /// # Errors
    /// `sigprocmask`, which does not fail with a valid mask.
    pub fn begin() -> Result<Self> {
        let caller_mask = SigSet::thread_get_mask().step("sigprocmask", "of the caller")?;
        let outlived: SigSet = [Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
        outlived.thread_block().step("sigprocmask", "SIG_BLOCK")?;
        Ok(Self {
            caller_mask,
            foreground: Foreground::note(),
        })
    }

    /// In the child: the caller's signal mask.
    ///
    /// # Errors
    /// `sigprocmask`, which does not fail with a valid mask.
    pub fn leave(&self) -> Result<()> {
        self.caller_mask
            .thread_set_mask()
            .step("sigprocmask", "SIG_SETMASK")
    }

    /// In the parent: waits, and returns the child's status. A signal that ended
    /// the child ends this process, too.
    ///
    /// # Errors
    /// `waitpid`, which does not fail for a child that exists.
    pub fn wait(&self, child: Child) -> Result<u8> {
        let ended = child.wait_raw()?;
        self.foreground.take_back();
        match ended {
            Ended::Exited(status) => Ok(status),
            Ended::Signaled(signal) => Ok(die_by(signal)),
        }
    }
}

/// Ends this process by a signal. Returns only where the signal has no effect,
/// as for PID 1 of a namespace: then with the status that a shell would show.
pub(crate) fn die_by(signal: i32) -> u8 {
    if let Ok(signal) = Signal::try_from(signal) {
        let _ = sys::set(signal, SigHandler::SigDfl);
        // Only this one: a TERM or INT that came in the meantime stays pending.
        let _ = SigSet::from(signal).thread_unblock();
    }
    let _ = sys::kill(getpid(), signal);
    shell_status(signal)
}
