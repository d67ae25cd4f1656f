//! Handing the process over to a program.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::execvp;

use crate::lab::{Error, NOT_EXECUTABLE, NOT_FOUND, printable, restore_dispositions};

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
    restore_dispositions();
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
