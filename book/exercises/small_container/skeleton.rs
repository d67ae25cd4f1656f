//! A container: `small_container ROOT HOSTNAME COMMAND ARGUMENT…`

use std::ffi::CString;
use std::process::ExitCode;
use std::{env, fs};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, chdir, execvp, fork, getgid, getuid, pivot_root, sethostname};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [root, hostname, command @ ..] = words.as_slice() else {
        return Err("usage: small_container ROOT HOSTNAME COMMAND ARGUMENT…".into());
    };
    become_root()?;
    todo!("unshare() the other namespaces, the PID namespace too");
    // SAFETY: one thread, so that the child may do what it likes.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => match waitpid(child, None)? {
            WaitStatus::Exited(_, status) => Ok(ExitCode::from(status as u8)),
            _ => Ok(ExitCode::FAILURE),
        },
        ForkResult::Child => {
            sethostname(hostname)?;
            change_root(root)?;
            let words: Vec<_> = command.iter().map(|word| CString::new(word.as_str())).collect::<std::result::Result<_, _>>()?;
            execvp(&words[0], &words)?;
            unreachable!()
        }
    }
}

/// A user namespace, in which the caller is root.
fn become_root() -> Result<()> {
    let (uid, gid) = (getuid(), getgid());
    todo!("unshare(), then write setgroups, uid_map and gid_map in /proc/self")
}

/// In the new mount namespace, as PID 1.
fn change_root(root: &str) -> Result<()> {
    todo!("make / private; bind the root on itself, with what is mounted below it (MS_REC); mount its proc; pivot_root(); unmount the old root")
}
