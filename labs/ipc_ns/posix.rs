//! POSIX message queues: a name, a descriptor, and a file system that lists them.

use common::{Checkpoint, Result, Step as _, explain, say};
use nix::errno::Errno::{EAGAIN, EBUSY, EEXIST, ENOENT};
use nix::mqueue::{MQ_OFlag, MqAttr, MqdT, mq_attr_member_t, mq_open, mq_receive, mq_send};
use nix::sys::stat::Mode;

use crate::mqueue::{FOLDER, list, mount_mqueue};

/// Bytes of the longest message in the lab's queues.
const LONGEST: mq_attr_member_t = 64;

pub(crate) fn parent(parent_has_spoken: &Checkpoint, child_has_spoken: &Checkpoint) -> Result<()> {
    let a = make("/a").step("mq_open", "\"/a\", O_CREAT | O_EXCL")?;
    say!("parent: mq_open(\"/a\", O_CREAT | O_EXCL): a new queue")?;
    mq_send(&a, b"from the parent", 0).step("mq_send", "the queue")?;
    say!("parent: mq_send(): sent \"from the parent\"")?;
    parent_has_spoken.open()?;

    child_has_spoken.wait()?;
    match find("/b") {
        Ok(_) => say!("parent: mq_open(\"/b\"): found")?,
        Err(ENOENT) => say!("parent: mq_open(\"/b\"): {ENOENT}")?,
        Err(errno) => return Err(errno).step("mq_open", "\"/b\""),
    }
    receive("parent:", &a)?;
    parent_has_spoken.open()?;

    child_has_spoken.wait()?;
    list("parent:")
}

pub(crate) fn child(parent_has_spoken: &Checkpoint, child_has_spoken: &Checkpoint) -> Result<()> {
    parent_has_spoken.wait()?;
    match find("/a") {
        Ok(a) => {
            say!("child:  mq_open(\"/a\"): found")?;
            receive("child: ", &a)?;
        }
        Err(ENOENT) => say!("child:  mq_open(\"/a\"): {ENOENT}")?,
        Err(errno) => return Err(errno).step("mq_open", "\"/a\""),
    }
    let own_a = make("/a");
    match &own_a {
        Ok(a) => {
            say!("child:  mq_open(\"/a\", O_CREAT | O_EXCL): a new queue")?;
            mq_send(a, b"from the child", 0).step("mq_send", "the queue")?;
            say!("child:  mq_send(): sent \"from the child\"")?;
        }
        Err(EEXIST) => say!("child:  mq_open(\"/a\", O_CREAT | O_EXCL): {EEXIST}")?,
        Err(errno) => return Err(*errno).step("mq_open", "\"/a\", O_CREAT | O_EXCL"),
    }
    let _b = make("/b").step("mq_open", "\"/b\", O_CREAT | O_EXCL")?;
    say!("child:  mq_open(\"/b\", O_CREAT | O_EXCL): a new queue")?;
    child_has_spoken.open()?;

    parent_has_spoken.wait()?;
    if let Ok(a) = &own_a {
        receive("child: ", a)?;
    }
    list("child: ")?;
    explain!("mount(\"mqueue\"): shows the IPC namespace of the process that mounts");
    match mount_mqueue() {
        Ok(()) => say!("child:  mount(mqueue on {FOLDER}): mounted")?,
        // This very file system is what is mounted there already.
        Err(EBUSY) => say!("child:  mount(mqueue on {FOLDER}): {EBUSY}")?,
        Err(errno) => return Err(errno).step("mount", format!("mqueue on {FOLDER}")),
    }
    list("child: ")?;
    child_has_spoken.open()
}

/// Makes a queue, and only where there is none: a success proves that it is a new one.
fn make(name: &str) -> nix::Result<MqdT> {
    let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL | MQ_OFlag::O_RDWR | MQ_OFlag::O_NONBLOCK;
    let size = MqAttr::new(0, 1, LONGEST, 0);
    mq_open(name, flags, Mode::S_IRUSR | Mode::S_IWUSR, Some(&size))
}

fn find(name: &str) -> nix::Result<MqdT> {
    let flags = MQ_OFlag::O_RDWR | MQ_OFlag::O_NONBLOCK;
    mq_open(name, flags, Mode::empty(), None)
}

/// Takes the oldest message out of a queue, if there is one.
fn receive(who: &str, queue: &MqdT) -> Result<()> {
    let mut text = [0; LONGEST as usize];
    match mq_receive(queue, &mut text, &mut 0) {
        Ok(length) => {
            let text = String::from_utf8_lossy(text.get(..length).unwrap_or_default());
            say!("{who} mq_receive(): received {text:?}")
        }
        Err(EAGAIN) => say!("{who} mq_receive(): {EAGAIN}"),
        Err(errno) => Err(errno).step("mq_receive", "the queue"),
    }
}
