//! The limits of System V message queues: each IPC namespace has its own.

use std::fs::{OpenOptions, read_to_string};
use std::io::Write as _;

use common::ns::sysv::{msgget, msgsnd};
use common::{Result, Step as _, explain, say};
use nix::errno::Errno;
use nix::libc::IPC_PRIVATE;

use crate::queue::answered;

/// Bytes in a message, bytes in a queue, queues; and what the child makes of them.
const LIMITS: [(&str, &str); 3] = [("msgmax", "4096"), ("msgmnb", "8192"), ("msgmni", "16")];

/// One byte more than the child's msgmax.
const TOO_LONG: usize = 4097;

// ANCHOR: limits
pub(crate) fn read(who: &str) -> Result<()> {
    let mut values = Vec::new();
    for (limit, _) in LIMITS {
        let path = format!("/proc/sys/kernel/{limit}");
        let value = read_to_string(&path).step("open", &path)?;
        values.push(format!("{limit} {}", value.trim_end()));
    }
    say!("{who} {}", values.join(", "))
}

pub(crate) fn change(who: &str) -> Result<()> {
    explain!(
        "write(/proc/sys/kernel/msg*): the files show the IPC namespace of whoever opens them,\n\
         and root of the user namespace that owns it may write\n\
         see: ls -l /proc/sys/kernel/msgmax, and its owner, in a shell of each namespace"
    );
    for (limit, value) in LIMITS {
        let path = format!("/proc/sys/kernel/{limit}");
        let file = OpenOptions::new().write(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(value.as_bytes()));
        let written = written.map_err(|error| Errno::try_from(error).unwrap_or(Errno::EIO));
        // Before Linux 6.9 only the machine's own root may write; in many containers
        // /proc/sys is read-only.
        let refusals = [Errno::EACCES, Errno::EPERM, Errno::EROFS];
        answered(who, "write", &path, written, &refusals, |()| value.into())?;
    }
    Ok(())
}

pub(crate) fn send_long(who: &str) -> Result<()> {
    let queue = msgget(IPC_PRIVATE, 0o600).step("msgget", "IPC_PRIVATE")?;
    let sent = msgsnd(queue, &[b'x'; TOO_LONG]);
    let arguments = format!("{TOO_LONG} bytes");
    answered(who, "msgsnd", &arguments, sent, &[Errno::EINVAL], |()| {
        "sent".into()
    })
    .map(drop)
}
// ANCHOR_END: limits
