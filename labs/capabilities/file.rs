//! The program that each case executes, and the capabilities of its file.

use std::ffi::CStr;
use std::fs;

use caps::Capability;
use common::credentials::{removexattr, setxattr};
use common::ns::{make_private, mount_tmpfs};
use common::{Result, Step as _, explain};
use nix::errno::Errno;

use crate::sets::short;

/// Where the lab mounts, in namespaces of its own: a directory that every machine has.
pub(crate) const STAGE: &str = "/tmp";
pub(crate) const PROGRAM: &CStr = c"/tmp/capabilities";
/// The extended attribute that holds the capabilities of a file.
pub(crate) const ATTRIBUTE: &CStr = c"security.capability";

pub(crate) const REVISION: u32 = 0xff00_0000;
const VERSION_2: u32 = 0x0200_0000;
pub(crate) const EFFECTIVE: u32 = 1;

const NO_ATTRIBUTES: &str =
    "this kernel's tmpfs holds no capabilities of files: it was built without CONFIG_TMPFS_XATTR";

/// A copy of this program on a tmpfs of the lab's own: no file of the machine is given
/// capabilities, and it does not matter whether the machine's are mounted nosuid.
pub(crate) fn copy_this_program() -> Result<()> {
    make_private()?;
    mount_tmpfs(STAGE)?;
    let path = PROGRAM.to_string_lossy();
    fs::copy("/proc/self/exe", &*path).step("copy", &path)?;
    explain!(
        "mount(MS_PRIVATE on /), mount(tmpfs on {STAGE}), copy to {path}:\n\
         a program on a file system that belongs to this user namespace"
    );
    Ok(())
}

// ANCHOR: file
/// What a file has, with the bit that makes it effective at once.
#[derive(Clone, Copy)]
pub(crate) enum FileCapabilities {
    None,
    /// `setcap cap_…+ep`
    Permitted(Capability),
    /// `setcap cap_…+ei`
    Inheritable(Capability),
}

impl FileCapabilities {
    /// `struct vfs_cap_data` of version 2, little-endian on every machine.
    fn bytes(self) -> Option<[u8; 20]> {
        let (permitted, inheritable) = match self {
            Self::None => return None,
            Self::Permitted(one) => (one.bitmask(), 0),
            Self::Inheritable(one) => (0, one.bitmask()),
        };
        let mut bytes = [0; 20];
        // Each set comes in two halves, the lower ones first.
        let low_and_high = |set: u64| [set as u32, (set >> 32) as u32];
        let ([p0, p1], [i0, i1]) = (low_and_high(permitted), low_and_high(inheritable));
        let words = [VERSION_2 | EFFECTIVE, p0, i0, p1, i1];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        Some(bytes)
    }

    /// Gives the program's file these, in place of what it has.
    pub(crate) fn set(self) -> Result<()> {
        let file = PROGRAM.to_string_lossy();
        let Some(bytes) = self.bytes() else {
            return match removexattr(PROGRAM, ATTRIBUTE) {
                // Nor was there anything to remove.
                Err(Errno::ENODATA | Errno::EOPNOTSUPP) => Ok(()),
                answer => answer.step("removexattr", file),
            };
        };
        setxattr(PROGRAM, ATTRIBUTE, &bytes)
            .step("setxattr", &file)
            .map_err(|error| error.hint_if(Errno::EOPNOTSUPP, NO_ATTRIBUTES))?;
        explain!(
            "setxattr(security.capability): {self}, as setcap(8) writes it\n\
             see: getcap(8), capabilities(7)"
        );
        Ok(())
    }
}
// ANCHOR_END: file

/// As setcap(8) has it: `cap_net_raw+ep`.
impl std::fmt::Display for FileCapabilities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::None => f.write_str("none"),
            Self::Permitted(one) => write!(f, "cap_{}+ep", short(one)),
            Self::Inheritable(one) => write!(f, "cap_{}+ei", short(one)),
        }
    }
}
