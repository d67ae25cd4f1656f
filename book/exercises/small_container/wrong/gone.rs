//! A container in 60 lines: `small_container ROOT HOSTNAME COMMAND ARGUMENT…`

use std::ffi::CString;
use std::process::ExitCode;
use std::{env, fs};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, chdir, execvp, fork, getgid, getuid, sethostname};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [root, hostname, command @ ..] = words.as_slice() else {
        return Err("usage: small_container ROOT HOSTNAME COMMAND ARGUMENT…".into());
    };
    become_root()?;
    let others = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC;
    unshare(others | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWPID)?;
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
    unshare(CloneFlags::CLONE_NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    Ok(())
}

/// In the new mount namespace, as PID 1.
fn change_root(root: &str) -> Result<()> {
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some(root), root, none, MsFlags::MS_BIND | MsFlags::MS_REC, none)?;
    mount(Some("proc"), format!("{root}/proc").as_str(), Some("proc"), MsFlags::empty(), none)?;
    chdir(root)?;
    nix::unistd::chroot(".")?;
    chdir("/")?;
    Ok(())
}
