//! Handing the process over to a program.

use std::ffi::{CString, OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::unistd::{execve, execveat, execvp};

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

/// execve(2) with an environment of its own, after a look-up in that environment's PATH;
/// else as [`exec`].
pub fn exec_with(command: &[OsString], environment: &[OsString]) -> Error {
    let program = command.first().map(OsString::as_os_str).unwrap_or_default();
    let path = environment
        .iter()
        .find_map(|pair| pair.as_bytes().strip_prefix(b"PATH="));
    let places: Vec<_> = match path {
        Some(path) if !program.as_bytes().contains(&b'/') => {
            let folders = path.split(|&byte| byte == b':').map(OsStr::from_bytes);
            folders
                .map(|folder| Path::new(folder).join(program))
                .collect()
        }
        _ => vec![program.into()],
    };
    let (arguments, environment) = (zero_ended(command), zero_ended(environment));
    restore_dispositions();
    let mut answer = Errno::ENOENT;
    for place in places {
        let Err(errno) = execve(
            &zero_ended_word(place.as_os_str()),
            &arguments,
            &environment,
        );
        if errno != Errno::ENOENT {
            answer = errno;
        }
    }
    not_executed(program, answer)
}

/// execveat(2) of a program that a descriptor stands for, with an environment of its own;
/// else as [`exec`].
pub fn exec_descriptor(
    program: impl AsFd,
    command: &[OsString],
    environment: &[OsString],
) -> Error {
    let (arguments, environment) = (zero_ended(command), zero_ended(environment));
    restore_dispositions();
    let flags = AtFlags::AT_EMPTY_PATH;
    let Err(errno) = execveat(program, c"", &arguments, &environment, flags);
    not_executed(
        command.first().map(OsString::as_os_str).unwrap_or_default(),
        errno,
    )
}

/// The variables of this process, as `NAME=VALUE`.
pub fn environment() -> Vec<OsString> {
    let pairs = std::env::vars_os();
    pairs
        .map(|(name, value)| [name, value].join(OsStr::new("=")))
        .collect()
}

fn exec_file(program: &OsStr, command: &[OsString]) -> Error {
    let arguments = zero_ended(command);
    restore_dispositions();
    let Err(errno) = execvp(&zero_ended_word(program), &arguments);
    not_executed(program, errno)
}

fn not_executed(program: &OsStr, errno: Errno) -> Error {
    let status = if errno == Errno::ENOENT {
        NOT_FOUND
    } else {
        NOT_EXECUTABLE
    };
    Error::new("execvp", printable(program), errno).status(status)
}

fn zero_ended(words: &[OsString]) -> Vec<CString> {
    words.iter().map(|word| zero_ended_word(word)).collect()
}

/// What came through execve() holds no zero byte.
fn zero_ended_word(word: &OsStr) -> CString {
    CString::new(word.as_bytes()).unwrap_or_default()
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
