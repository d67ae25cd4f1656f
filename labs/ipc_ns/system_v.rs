//! System V message queues: a number for a key, an identifier for a handle.

use common::ns::sysv::{msgget, msgrcv, msgsnd};
use common::{Checkpoint, Result, Step as _, say};
use nix::errno::Errno::{EEXIST, ENOENT, ENOMSG};
use nix::libc::{IPC_CREAT, IPC_EXCL};

/// Make a queue, and only where there is none: a success proves that it is a new one.
const NEW: i32 = IPC_CREAT | IPC_EXCL | 0o600;

pub(crate) fn parent(parent_has_spoken: &Checkpoint, child_has_spoken: &Checkpoint) -> Result<()> {
    let a = msgget(0xa, NEW).step("msgget", "0xa, IPC_CREAT | IPC_EXCL")?;
    say!("parent: msgget(0xa, IPC_CREAT | IPC_EXCL): a new queue, identifier {a}")?;
    msgsnd(a, b"from the parent").step("msgsnd", a)?;
    say!("parent: msgsnd({a}): sent \"from the parent\"")?;
    parent_has_spoken.open()?;

    child_has_spoken.wait()?;
    match msgget(0xb, 0) {
        Ok(b) => say!("parent: msgget(0xb): found, identifier {b}")?,
        Err(ENOENT) => say!("parent: msgget(0xb): {ENOENT}")?,
        Err(errno) => return Err(errno).step("msgget", "0xb"),
    }
    receive("parent:", a)?;
    parent_has_spoken.open()?;
    child_has_spoken.wait()
}

pub(crate) fn child(parent_has_spoken: &Checkpoint, child_has_spoken: &Checkpoint) -> Result<()> {
    // ANCHOR: child
    parent_has_spoken.wait()?;
    match msgget(0xa, 0) {
        Ok(a) => {
            say!("child:  msgget(0xa): found, identifier {a}")?;
            receive("child: ", a)?;
        }
        Err(ENOENT) => say!("child:  msgget(0xa): {ENOENT}")?,
        Err(errno) => return Err(errno).step("msgget", "0xa"),
    }
    let own_a = msgget(0xa, NEW);
    match own_a {
        Ok(a) => {
            say!("child:  msgget(0xa, IPC_CREAT | IPC_EXCL): a new queue, identifier {a}")?;
            msgsnd(a, b"from the child").step("msgsnd", a)?;
            say!("child:  msgsnd({a}): sent \"from the child\"")?;
        }
        Err(EEXIST) => say!("child:  msgget(0xa, IPC_CREAT | IPC_EXCL): {EEXIST}")?,
        Err(errno) => return Err(errno).step("msgget", "0xa, IPC_CREAT | IPC_EXCL"),
    }
    // ANCHOR_END: child
    let b = msgget(0xb, NEW).step("msgget", "0xb, IPC_CREAT | IPC_EXCL")?;
    say!("child:  msgget(0xb, IPC_CREAT | IPC_EXCL): a new queue, identifier {b}")?;
    child_has_spoken.open()?;

    parent_has_spoken.wait()?;
    if let Ok(a) = own_a {
        receive("child: ", a)?;
    }
    child_has_spoken.open()
}

/// Takes the oldest message out of a queue, if there is one.
fn receive(who: &str, queue: i32) -> Result<()> {
    match msgrcv(queue) {
        Ok(text) => {
            let text = String::from_utf8_lossy(&text);
            say!("{who} msgrcv({queue}): received {text:?}")
        }
        Err(ENOMSG) => say!("{who} msgrcv({queue}): {ENOMSG}"),
        Err(errno) => Err(errno).step("msgrcv", queue),
    }
}
