//! POSIX message queues: a name, a descriptor, and a file system that lists them.

use std::fs;
use std::path::Path;

use common::{Result, Step as _, explain, say};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::mqueue::{MQ_OFlag, MqAttr, MqdT, mq_attr_member_t, mq_open, mq_receive, mq_send};
use nix::sys::stat::Mode;

use crate::queue::{self, answered};

/// Bytes of the longest message in the lab's queues.
const LONGEST: mq_attr_member_t = 64;

pub(crate) struct Queue(MqdT);

// ANCHOR: posix
impl queue::Queue for Queue {
    fn make(who: &str, key: i32) -> Result<Option<Self>> {
        let name = format!("/{key:x}");
        let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL | MQ_OFlag::O_RDWR | MQ_OFlag::O_NONBLOCK;
        let size = MqAttr::new(0, 1, LONGEST, 0);
        let made = mq_open(
            name.as_str(),
            flags,
            Mode::S_IRUSR | Mode::S_IWUSR,
            Some(&size),
        );
        let arguments = format!("{name:?}, O_CREAT | O_EXCL");
        let refusals = [Errno::EEXIST];
        let queue = answered(who, "mq_open", &arguments, made, &refusals, |_| {
            "a new queue".into()
        })?;
        Ok(queue.map(Self))
    }

    fn find(who: &str, key: i32) -> Result<Option<Self>> {
        let name = format!("/{key:x}");
        let flags = MQ_OFlag::O_RDWR | MQ_OFlag::O_NONBLOCK;
        let found = mq_open(name.as_str(), flags, Mode::empty(), None);
        let arguments = format!("{name:?}");
        let queue = answered(who, "mq_open", &arguments, found, &[Errno::ENOENT], |_| {
            "found".into()
        })?;
        Ok(queue.map(Self))
    }

    fn send(&self, who: &str, text: &str) -> Result<()> {
        let sent = mq_send(&self.0, text.as_bytes(), 0);
        answered(who, "mq_send", "", sent, &[], |()| format!("sent {text:?}")).map(drop)
    }

    fn receive(&self, who: &str) -> Result<()> {
        let mut text = [0; LONGEST as usize];
        let length = mq_receive(&self.0, &mut text, &mut 0);
        answered(who, "mq_receive", "", length, &[Errno::EAGAIN], |&length| {
            let text = text.get(..length).unwrap_or_default();
            format!("received {:?}", String::from_utf8_lossy(text))
        })
        .map(drop)
    }
}
// ANCHOR_END: posix

pub(crate) const FOLDER: &str = "/dev/mqueue";

// ANCHOR: mount
/// Mounts the queues of the caller's IPC namespace, as mq_overview(7) has it.
pub(crate) fn mount_mqueue() -> nix::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("mqueue"), FOLDER, Some("mqueue"), flags, None::<&str>)
}

pub(crate) fn list(who: &str) -> Result<()> {
    let mut names = Vec::new();
    for file in fs::read_dir(FOLDER).step("open", FOLDER)? {
        let name = file.step("getdents", FOLDER)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    say!("{who} {FOLDER} lists: {}", names.join(" "))
}

pub(crate) fn mount_again(who: &str) -> Result<()> {
    explain!("mount(\"mqueue\"): shows the IPC namespace of the process that mounts");
    let mounted = mount_mqueue();
    // EBUSY: this very file system is what is mounted there already.
    let refusals = [Errno::EBUSY];
    let arguments = format!("mqueue on {FOLDER}");
    answered(who, "mount", &arguments, mounted, &refusals, |()| {
        "mounted".into()
    })
    .map(drop)
}
// ANCHOR_END: mount

/// A machine that mounts no mqueue may have no folder for it, and an ordinary
/// user can make one only in a /dev of his own.
pub(crate) fn make_folder() -> Result<()> {
    if Path::new(FOLDER).is_dir() {
        return Ok(());
    }
    mount(
        Some("tmpfs"),
        "/dev",
        Some("tmpfs"),
        MsFlags::MS_NOSUID,
        None::<&str>,
    )
    .step("mount", "tmpfs on /dev")?;
    fs::create_dir(FOLDER).step("mkdir", FOLDER)
}
