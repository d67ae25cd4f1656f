//! The limits of System V message queues: each IPC namespace has its own.

use std::fs;

use common::ns::sysv::{msgget, msgsnd};
use common::{Checkpoint, Result, Step as _, explain, say};
use nix::errno::Errno::{self, EACCES, EINVAL, EIO, EPERM, EROFS};
use nix::libc::IPC_PRIVATE;

/// Bytes in a message, bytes in a queue, queues; and what the child makes of them.
const LIMITS: [(&str, &str); 3] = [("msgmax", "4096"), ("msgmnb", "8192"), ("msgmni", "16")];

/// A text of one byte more than the child's msgmax.
const TOO_LONG: [u8; 4097] = [b'x'; 4097];

pub(crate) fn parent(parent_has_spoken: &Checkpoint, child_has_spoken: &Checkpoint) -> Result<()> {
    read("parent:")?;
    parent_has_spoken.open()?;
    child_has_spoken.wait()?;
    read("parent:")?;
    send_long("parent:")
}

pub(crate) fn child(parent_has_spoken: &Checkpoint, child_has_spoken: &Checkpoint) -> Result<()> {
    parent_has_spoken.wait()?;
    explain!(
        "write(/proc/sys/kernel/msg*): the files show the IPC namespace of whoever\n\
         opens them, and root of the user namespace that owns it may write\n\
         see: ls -l /proc/sys/kernel/msgmax, in a shell of each namespace"
    );
    for (limit, value) in LIMITS {
        let path = format!("/proc/sys/kernel/{limit}");
        let written = fs::write(&path, value);
        match written.map_err(|error| Errno::try_from(error).unwrap_or(EIO)) {
            Ok(()) => say!("child:  write({path}): {value}")?,
            // Before Linux 6.9 only the machine's own root may write; in many containers
            // /proc/sys is read-only.
            Err(errno @ (EACCES | EPERM | EROFS)) => say!("child:  write({path}): {errno}")?,
            Err(errno) => return Err(errno).step("write", path),
        }
    }
    read("child: ")?;
    send_long("child: ")?;
    child_has_spoken.open()
}

fn read(who: &str) -> Result<()> {
    let mut values = Vec::new();
    for (limit, _) in LIMITS {
        let path = format!("/proc/sys/kernel/{limit}");
        let value = fs::read_to_string(&path).step("open", &path)?;
        values.push(format!("{limit} {}", value.trim_end()));
    }
    say!("{who} {}", values.join(", "))
}

fn send_long(who: &str) -> Result<()> {
    let queue = msgget(IPC_PRIVATE, 0o600).step("msgget", "IPC_PRIVATE")?;
    let length = TOO_LONG.len();
    match msgsnd(queue, &TOO_LONG) {
        Ok(()) => say!("{who} msgsnd({length} bytes): sent"),
        Err(EINVAL) => say!("{who} msgsnd({length} bytes): {EINVAL}"),
        Err(errno) => Err(errno).step("msgsnd", format!("{length} bytes")),
    }
}
