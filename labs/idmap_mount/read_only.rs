//! Read-only, for a whole tree of mounts: what mount() cannot do and mount_setattr() does.

use std::fs::{self, File};

use common::lab::answer;
use common::ns::{Attributes, mount_setattr, mount_tmpfs};
use common::{Result, Step as _, clone, explain, say};
use nix::libc::{AT_RECURSIVE, MOUNT_ATTR_RDONLY};
use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;

use crate::stage::{STAGE, open};

const BELOW: &str = "/tmp/below";

const BIND: MsFlags = MsFlags::MS_REMOUNT.union(MsFlags::MS_BIND);
const READ_ONLY: MsFlags = BIND.union(MsFlags::MS_RDONLY);

// ANCHOR: read_only
pub(crate) fn lab() -> Result<u8> {
    mount_tmpfs(STAGE)?;
    fs::create_dir(BELOW).step("mkdir", BELOW)?;
    mount_tmpfs(BELOW)?;
    explain!("mount(tmpfs on {STAGE}), mount(tmpfs on {BELOW}): one mount below the other");

    say!("{:46} {STAGE:6} {BELOW}", "A NEW FILE IN")?;
    row("as they are")?;
    remount(READ_ONLY | MsFlags::MS_REC).step("mount", "MS_RDONLY | MS_REC")?;
    row("mount(MS_RDONLY | MS_REC)")?;
    mount_setattr(
        open(STAGE)?,
        AT_RECURSIVE,
        Attributes::flags(MOUNT_ATTR_RDONLY),
    )
    .step("mount_setattr", "MOUNT_ATTR_RDONLY")?;
    row("mount_setattr(MOUNT_ATTR_RDONLY, AT_RECURSIVE)")?;

    let locked = clone(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS, || {
        explain!("clone(CLONE_NEWUSER | CLONE_NEWNS): what came along is locked in there");
        say!("\nin a user and mount namespace inside:")?;
        for (what, flags) in [
            ("MS_NOSUID more", READ_ONLY | MsFlags::MS_NOSUID),
            ("MS_NOATIME more", READ_ONLY | MsFlags::MS_NOATIME),
            ("MS_RDONLY taken off", BIND),
        ] {
            say!("{what:20} {}", answer(remount(flags)))?;
        }
        Ok(0)
    })?;
    locked.wait()
}

fn row(way: &str) -> Result<()> {
    let write = |directory| match File::create(format!("{directory}/file")) {
        Ok(_) => "done".to_owned(),
        Err(error) => answer(Err(error))
            .chars()
            .take_while(|&c| c != ':')
            .collect(),
    };
    say!("{way:46} {:6} {}", write(STAGE), write(BELOW))
}

fn remount(flags: MsFlags) -> nix::Result<()> {
    mount(None::<&str>, STAGE, None::<&str>, flags, None::<&str>)
}
// ANCHOR_END: read_only
