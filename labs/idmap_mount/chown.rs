//! The other way to give files to a container: one chown() for each, on disk.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::time::{Duration, Instant};

use common::{Result, Step as _, explain, say};

use crate::mapped;
use crate::stage::{HOME, MAPPED, Users};

// ANCHOR: chown
pub(crate) fn lab(users: Users, files: u32) -> Result<u8> {
    for number in 0..files {
        let path = format!("{HOME}/{number}");
        File::create(&path).step("open", &path)?;
        lchown(&path, Some(users.owner), None).step("chown", &path)?;
    }
    explain!(
        "open(O_CREAT), chown(): {files} files of user {}",
        users.owner
    );

    let begun = Instant::now();
    mapped::mount(users)?;
    let mounted = begun.elapsed();
    say!(
        "{files} files for root of the container, user {} out here\n",
        users.root
    )?;
    say!("WAY                                   TIME  SHOWN AS  ON DISK")?;
    row("a user namespace, a mount", mounted, MAPPED)?;

    let begun = Instant::now();
    for entry in fs::read_dir(HOME).step("open", HOME)? {
        let path = entry.step("getdents", HOME)?.path();
        lchown(&path, Some(users.root), None).step("chown", path.display())?;
    }
    row("chown(), once for each file", begun.elapsed(), HOME)?;
    explain!("chown(): the disk is changed, and their owner has lost them");
    Ok(0)
}

/// One of the files stands for all.
fn row(way: &str, time: Duration, through: &str) -> Result<()> {
    let owner = |directory| {
        let path = format!("{directory}/0");
        fs::metadata(&path)
            .step("stat", path)
            .map(|file| file.uid())
    };
    let milliseconds = time.as_secs_f64() * 1000.0;
    let (shown, on_disk) = (owner(through)?, owner(HOME)?);
    say!("{way:28}  {milliseconds:8.2} ms  {shown:8}  {on_disk:7}")
}
// ANCHOR_END: chown
