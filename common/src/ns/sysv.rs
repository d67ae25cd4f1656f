//! System V message queues, see sysvipc(7). nix offers the POSIX ones only.
#![expect(unsafe_code, reason = "one libc call in each function")]

use nix::errno::Errno;
use nix::libc::{self, c_long, key_t};

/// The longest text of a message here, in bytes: what the kernel allows by
/// default (MSGMAX, see msgsnd(2)).
pub const LONGEST: usize = 8192;

/// What the kernel takes and gives: a type above 0, then the text.
#[repr(C)]
struct Message {
    kind: c_long,
    text: [u8; LONGEST],
}

/// msgget(2): the identifier of the queue with this key. `flags` are those of
/// sysvipc(7), such as `IPC_CREAT | IPC_EXCL | 0o600`.
///
/// # Errors
/// ENOENT without such a queue, EEXIST with both flags and a queue, EACCES for
/// one of another user, ENOSPC at the limit `msgmni`, ENOSYS without CONFIG_SYSVIPC.
pub fn msgget(key: key_t, flags: i32) -> Result<i32, Errno> {
    // SAFETY: msgget(2) takes two integers and touches no memory of this process.
    Errno::result(unsafe { libc::msgget(key, flags) })
}

/// msgsnd(2) of a message of type 1, without waiting (IPC_NOWAIT).
///
/// # Errors
/// EINVAL for a text over `msgmax` or [`LONGEST`], EAGAIN for a queue that is
/// full, EACCES, EIDRM.
pub fn msgsnd(queue: i32, text: &[u8]) -> Result<(), Errno> {
    let mut message = Message {
        kind: 1,
        text: [0; LONGEST],
    };
    let place = message.text.get_mut(..text.len()).ok_or(Errno::EINVAL)?;
    place.copy_from_slice(text);
    // SAFETY: the call reads the type and `text.len()` bytes behind it, which the
    // line above has made sure that the message holds.
    let sent = unsafe {
        libc::msgsnd(
            queue,
            (&raw const message).cast(),
            text.len(),
            libc::IPC_NOWAIT,
        )
    };
    Errno::result(sent).map(drop)
}

/// msgrcv(2): takes the oldest message from the queue, without waiting (IPC_NOWAIT).
///
/// # Errors
/// ENOMSG for an empty queue, E2BIG for a text over [`LONGEST`], EACCES, EIDRM.
pub fn msgrcv(queue: i32) -> Result<Vec<u8>, Errno> {
    let mut message = Message {
        kind: 0,
        text: [0; LONGEST],
    };
    // SAFETY: the call writes the type and at most LONGEST bytes behind it, all of
    // which lie in `message`.
    let length = unsafe {
        libc::msgrcv(
            queue,
            (&raw mut message).cast(),
            LONGEST,
            0,
            libc::IPC_NOWAIT,
        )
    };
    // A length that is not an error is between 0 and LONGEST.
    let length = usize::try_from(Errno::result(length)?).unwrap_or(0);
    Ok(message.text.get(..length).unwrap_or_default().to_vec())
}
