//! What the kernel says of a namespace to who holds a handle of it.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use common::ns::Type;
use common::ns::nsfs::get_tgid_in_pidns;
use common::{Result, Step as _, say};
use nix::errno::Errno;
use nix::unistd::Pid;

use crate::model::{Id, World};
use crate::relations::ask;

const NO_HANDLE: &str = "name a file in /proc/PID/ns, or what such a file is bind-mounted on";

// ANCHOR: handle
pub(crate) fn show(paths: &[PathBuf], pid: Option<i32>) -> Result<u8> {
    for path in paths {
        let handle = OwnedFd::from(File::open(path).step("open", path.display())?);
        let inside = pid.map(|pid| get_tgid_in_pidns(&handle, Pid::from_raw(pid)));
        let mut world = World::default();
        let found = ask(&mut world, handle).step("NS_GET_NSTYPE", path.display());
        let found = found.map_err(|error| error.hint_if(Errno::ENOTTY, NO_HANDLE))?;
        let Some((id, namespace)) = found.and_then(|id| world.namespaces.get_key_value(&id)) else {
            say!("{}: of a type that is not known here", path.display())?;
            continue;
        };

        let or_none =
            |id: Option<Id>| id.map_or_else(|| "out of sight".into(), |id| id.to_string());
        let is_initial = Type::named(id.kind).is_some_and(|kind| kind.initial == id.inode);
        let initial = if is_initial { ", the initial one" } else { "" };
        say!("{}: {id}{initial}", path.display())?;
        match namespace.id {
            Some(id) => say!("  NS_GET_ID            {id}")?,
            None => say!("  NS_GET_ID            ENOTTY: since Linux 6.18")?,
        }
        say!("  NS_GET_USERNS        {}", or_none(namespace.owner))?;
        if let Some(uid) = namespace.owner_uid {
            say!("  NS_GET_OWNER_UID     {uid}")?;
        }
        if id.kind == "pid" {
            say!("  NS_GET_PARENT        {}", or_none(namespace.parent))?;
            match inside {
                Some(Ok(pid)) => say!("  NS_GET_TGID_IN_PIDNS {pid}")?,
                Some(Err(errno)) => say!("  NS_GET_TGID_IN_PIDNS {errno}")?,
                None => {}
            }
        }
    }
    Ok(0)
}
// ANCHOR_END: handle
