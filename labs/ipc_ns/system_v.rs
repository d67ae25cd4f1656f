//! System V message queues: a number for a key, an identifier for a handle.

use common::Result;
use common::ns::sysv::{msgget, msgrcv, msgsnd};
use nix::errno::Errno;
use nix::libc::{IPC_CREAT, IPC_EXCL};

use crate::queue::{self, answered};

/// An open queue is its identifier; there is nothing to close.
pub(crate) struct Queue(i32);

// ANCHOR: system_v
impl queue::Queue for Queue {
    fn make(who: &str, key: i32) -> Result<Option<Self>> {
        let made = msgget(key, IPC_CREAT | IPC_EXCL | 0o600);
        let arguments = format!("{key:#x}, IPC_CREAT | IPC_EXCL");
        let refusals = [Errno::EEXIST];
        let identifier = answered(who, "msgget", &arguments, made, &refusals, |identifier| {
            format!("a new queue, identifier {identifier}")
        })?;
        Ok(identifier.map(Self))
    }

    fn find(who: &str, key: i32) -> Result<Option<Self>> {
        let found = msgget(key, 0);
        let arguments = format!("{key:#x}");
        let refusals = [Errno::ENOENT];
        let identifier = answered(who, "msgget", &arguments, found, &refusals, |identifier| {
            format!("found, identifier {identifier}")
        })?;
        Ok(identifier.map(Self))
    }

    fn send(&self, who: &str, text: &str) -> Result<()> {
        let Self(identifier) = self;
        let sent = msgsnd(*identifier, text.as_bytes());
        answered(who, "msgsnd", &identifier.to_string(), sent, &[], |()| {
            format!("sent {text:?}")
        })
        .map(drop)
    }

    fn receive(&self, who: &str) -> Result<()> {
        let Self(identifier) = self;
        let text = msgrcv(*identifier);
        let refusals = [Errno::ENOMSG];
        answered(
            who,
            "msgrcv",
            &identifier.to_string(),
            text,
            &refusals,
            |text| format!("received {:?}", String::from_utf8_lossy(text)),
        )
        .map(drop)
    }
}
// ANCHOR_END: system_v
