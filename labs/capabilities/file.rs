//! The program that each case executes, and the capabilities of its file.

use std::ffi::CStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use common::credentials::{Capability, setxattr};
use common::ns::{make_private, mount_tmpfs};
use common::{Result, Step as _, explain};
use nix::errno::Errno;

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
    let program = fs::read("/proc/self/exe").step("read", "/proc/self/exe")?;
    fs::write(&*path, program).step("write", &path)?;
    fs::set_permissions(&*path, Permissions::from_mode(0o755)).step("chmod", &path)?;
    explain!(
        "mount(MS_PRIVATE on /), mount(tmpfs on {STAGE}), write({path}):\n\
         a copy of this program, on a file system that belongs to this user namespace"
    );
    Ok(())
}

// ANCHOR: file
/// What a file has, and the bit that makes it effective at once.
pub(crate) struct FileCapabilities {
    /// As setcap(8) has it.
    pub(crate) text: &'static str,
    permitted: u64,
    inheritable: u64,
}

pub(crate) const NET_RAW_EP: FileCapabilities = FileCapabilities {
    text: "cap_net_raw+ep",
    permitted: 1 << Capability::CAP_NET_RAW as u8,
    inheritable: 0,
};
pub(crate) const NET_RAW_EI: FileCapabilities = FileCapabilities {
    text: "cap_net_raw+ei",
    permitted: 0,
    inheritable: 1 << Capability::CAP_NET_RAW as u8,
};
pub(crate) const CHOWN_EP: FileCapabilities = FileCapabilities {
    text: "cap_chown+ep",
    permitted: 1 << Capability::CAP_CHOWN as u8,
    inheritable: 0,
};

impl FileCapabilities {
    /// `struct vfs_cap_data` of version 2, little-endian on every machine.
    fn bytes(&self) -> [u8; 20] {
        // Each set comes in two halves, the lower ones first.
        let [p0, p1] = [self.permitted as u32, (self.permitted >> 32) as u32];
        let [i0, i1] = [self.inheritable as u32, (self.inheritable >> 32) as u32];
        let words = [VERSION_2 | EFFECTIVE, p0, i0, p1, i1];
        let mut bytes = [0; 20];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Gives them to the program's file.
    pub(crate) fn set(&self) -> Result<()> {
        setxattr(PROGRAM, ATTRIBUTE, &self.bytes())
            .step("setxattr", PROGRAM.to_string_lossy())
            .map_err(|error| error.hint_if(Errno::EOPNOTSUPP, NO_ATTRIBUTES))?;
        explain!(
            "setxattr(security.capability): {}, as setcap(8) writes it\n\
             see: getcap(8), capabilities(7)",
            self.text
        );
        Ok(())
    }
}
// ANCHOR_END: file
