//! One attribute of a file, and two versions of it: which one is read depends on who reads.

use std::ffi::{CStr, CString};

use common::credentials::{getxattr, map_ids, map_to_root};
use common::lab::yes_no;
use common::{Checkpoint, Result, Step as _, clone, explain, say};
use nix::sched::CloneFlags;
use nix::unistd::{Gid, Uid, getegid, geteuid};

use crate::file::{self, ATTRIBUTE, EFFECTIVE, NET_RAW_EP, PROGRAM, REVISION};
use crate::sets::{Names, last_capability};

// ANCHOR: xattr
pub(crate) fn lab() -> Result<u8> {
    say!("{:35}  VERSION  PERMITTED  EFFECTIVE  ROOTID", "READ")?;

    let (maps_written, file_is_there) = (Checkpoint::new()?, Checkpoint::new()?);
    let all_is_seen = Checkpoint::new()?;
    let child = clone(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS, || {
        maps_written.wait()?;
        child_function()?;
        file_is_there.open()?;
        all_is_seen.wait()?; // Its mount namespace lives as long as it does.
        Ok(0)
    })?;
    map_to_root(child.pid(), geteuid(), getegid())?;
    maps_written.open()?;
    file_is_there.wait()?;

    explain!(
        "/proc/{child}/root: the files as process {child} sees them\n\
         see: getcap(8), whose option -n shows the rootid",
        child = child.pid()
    );
    let mut path = format!("/proc/{}/root", child.pid()).into_bytes();
    path.extend(PROGRAM.to_bytes());
    let path = CString::new(path).unwrap_or_default();
    print(&format!("outside, where root is uid {}", geteuid()), &path)?;
    all_is_seen.open()?;
    child.wait()
}

fn child_function() -> Result<()> {
    file::copy_this_program()?;
    NET_RAW_EP.set()?;
    explain!("getxattr(security.capability): the kernel translates it for whoever reads it");
    print("in its own user namespace, by root", PROGRAM)?;

    let nested = clone(CloneFlags::CLONE_NEWUSER, || {
        map_ids("self", (5, Uid::from_raw(0)), (5, Gid::from_raw(0)))?;
        print("in one inside, where root is uid 5", PROGRAM)?;
        Ok(0)
    })?;
    nested.succeed()
}

/// `struct vfs_ns_cap_data`, little-endian on every machine: version 3 is version 2 with the
/// uid of the root whose user namespace the capabilities count in.
fn print(reader: &str, path: &CStr) -> Result<()> {
    let mut bytes = [0; 24];
    getxattr(path, ATTRIBUTE, &mut bytes).step("getxattr", path.to_string_lossy())?;
    let mut words = [0; 6];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = bytes.try_into().map(u32::from_le_bytes).unwrap_or_default();
    }
    let [magic, low, _, high, _, rootid] = words;
    let version = (magic & REVISION) >> 24;
    let permitted = Names {
        set: u64::from(high) << 32 | u64::from(low),
        last: last_capability()?,
    };
    let effective = yes_no(magic & EFFECTIVE != 0);
    let rootid = match version {
        3 => rootid.to_string(),
        _ => "-".to_owned(),
    };
    let permitted = permitted.to_string();
    say!("{reader:35}  {version:<7}  {permitted:9}  {effective:9}  {rootid}")
}
// ANCHOR_END: xattr
