//! One file, two owners: which one depends on who looks.

use std::fmt;
use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use common::credentials::map_to_root;
use common::lab::answer;
use common::process::Reports;
use common::{Result, Step as _, clone, explain, say};
use nix::sched::CloneFlags;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{AccessFlags, Uid, access, fchown, getegid, geteuid};

// ANCHOR: file
pub(crate) fn lab() -> Result<u8> {
    let file = new_file()?;
    say!("OWNER SEEN FROM         THE DIRECTORY /  A FILE OF THE LAB'S")?;
    print("outside", &file)?;

    let reports = Reports::new()?;
    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        child_function(&file, &reports)
    })?;
    reports.receive()?;
    map_to_root(child.pid(), geteuid(), getegid())?;
    reports.answer(0)?;

    let (_, descriptor) = reports.receive()?;
    explain!("stat(): the file holds one owner, the kernel translates it for the caller");
    let path = format!("/proc/{}/fd/{descriptor}", child.pid());
    say!("the same file, outside: {}", Owner::of(&path)?)?;
    reports.answer(0)?;
    child.wait()
}

fn child_function(file: &File, reports: &Reports) -> Result<u8> {
    print("inside, nothing mapped", file)?;
    reports.send(0)?;
    reports.ask()?;
    print("inside, mapped to root", file)?;

    explain!("CAP_DAC_OVERRIDE, CAP_CHOWN: they count for files of mapped IDs only");
    say!(
        "\naccess(\"/\", W_OK) by root inside: {}",
        answer(access("/", AccessFlags::W_OK))
    )?;
    let chown = |uid| answer(fchown(file, Some(Uid::from_raw(uid)), None));
    say!("fchown(the file, 0) by root inside: {}", chown(0))?;
    say!("fchown(the file, 1) by root inside: {}", chown(1))?;

    let made_inside = new_file()?;
    let path = format!("/proc/self/fd/{}", made_inside.as_raw_fd());
    say!("\na file that root inside makes: {}", Owner::of(&path)?)?;
    reports.send(made_inside.as_raw_fd())?;
    reports.ask()?;
    Ok(0)
}

/// A file without a name, which ends with its last descriptor.
fn new_file() -> Result<File> {
    memfd_create(c"file", MFdFlags::MFD_CLOEXEC)
        .map(File::from)
        .step("memfd_create", "for a file to look at")
}

fn print(viewpoint: &str, file: &File) -> Result<()> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let (file, root) = (Owner::of(&path)?, Owner::of("/")?);
    say!("{viewpoint:22}  {:15}  {file}", root.to_string())
}
// ANCHOR_END: file

/// A file's user and group, as stat(2) shows them to this process.
struct Owner(u32, u32);

impl Owner {
    fn of(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = fs::metadata(path).step("stat", path.display())?;
        Ok(Self(file.uid(), file.gid()))
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}
