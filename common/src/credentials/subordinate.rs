//! Subordinate user IDs, which an administrator delegates to a user: see subuid(5).

use std::fs;
use std::process::{Command, Stdio};

use nix::unistd::{Pid, Uid, getpid};

use crate::lab::Result;
use crate::process::{Checkpoint, Child, fork};

/// The first block that a file such as /etc/subuid has for a user, by name or by number, as
/// first ID and count.
pub fn first_block(text: &str, uid: u32) -> Option<(u32, u32)> {
    let (name, number) = (user_name(uid), uid.to_string());
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let user = fields.next()?;
        let is_mine = user == number || name.as_ref().is_some_and(|name| name == user);
        let mut id = || fields.next()?.trim().parse().ok();
        let (first, count) = (id()?, id()?);
        is_mine.then_some((first, count))
    })
}

/// The name of a user, if /etc/passwd has one.
pub fn user_name(uid: u32) -> Option<String> {
    // Not by getpwuid(3): a static program cannot load the modules of nsswitch.conf(5).
    let text = fs::read("/etc/passwd").ok()?;
    String::from_utf8_lossy(&text).lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// A process that stays behind, where newuidmap(1) may map delegated IDs: inside the new
/// user namespace the caller has no right to them.
pub(super) struct Helper {
    child: Child,
    is_unshared: Checkpoint,
}

impl Helper {
    /// Made before unshare(): `None` where the caller has too few IDs.
    pub(super) fn stay_behind(uid: Uid, ids: &[u32]) -> Result<Option<Self>> {
        let delegated = fs::read_to_string("/etc/subuid").unwrap_or_default();
        let block = first_block(&delegated, uid.as_raw());
        let Some((first, _)) = block.filter(|&(_, count)| count as usize >= ids.len()) else {
            return Ok(None);
        };
        let mut map = vec!["0".to_owned(), uid.to_string(), "1".to_owned()];
        for (inside, outside) in ids.iter().zip(u64::from(first)..) {
            map.extend([inside.to_string(), outside.to_string(), "1".to_owned()]);
        }
        let (parent, is_unshared) = (getpid(), Checkpoint::new()?);
        let child = fork(|| {
            is_unshared.wait()?;
            Ok(newuidmap(parent, &map))
        })?;
        Ok(Some(Self { child, is_unshared }))
    }

    /// Whether the map is written now.
    pub(super) fn map(self) -> Result<bool> {
        self.is_unshared.open()?;
        Ok(self.child.wait()? == 0)
    }
}

/// What it says is of no use to who can go on with one ID.
fn newuidmap(process: Pid, map: &[String]) -> u8 {
    let mut command = Command::new("newuidmap");
    command.arg(process.to_string()).args(map);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    u8::from(!command.status().is_ok_and(|status| status.success()))
}
