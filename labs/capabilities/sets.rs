//! The five sets of capabilities that a process has.

use std::{fmt, fs};

use common::procfs::Status;
use common::{Error, Result, Step as _};
use nix::errno::Errno;

/// The heads of the columns in which [`Sets`] are shown.
pub(crate) const HEADS: &str = "INHERITABLE  PERMITTED  EFFECTIVE  AMBIENT  BOUNDING";

/// The sets in the order of [`HEADS`], a bit for each capability.
pub(crate) struct Sets([u64; 5]);

impl Sets {
    /// Those of this process.
    pub(crate) fn own() -> Result<Self> {
        let path = "/proc/self/status";
        let status = Status::of("self")?
            .ok_or(Errno::ENOENT)
            .step("open", path)?;
        let set = |name| {
            let digits = status.field(name).unwrap_or_default();
            let unreadable = |_| Error::new("read", path, Errno::EBADMSG);
            u64::from_str_radix(digits, 16).map_err(unreadable)
        };
        Ok(Self([
            set("CapInh")?,
            set("CapPrm")?,
            set("CapEff")?,
            set("CapAmb")?,
            set("CapBnd")?,
        ]))
    }

    /// A line of the table.
    pub(crate) fn row(&self) -> Result<String> {
        let last = last_capability()?;
        let [inheritable, permitted, effective, ambient, bounding] =
            self.0.map(|set| Names { set, last }.to_string());
        Ok(format!(
            "{inheritable:11}  {permitted:9}  {effective:9}  {ambient:7}  {bounding}"
        ))
    }
}

/// The highest number of a capability that this kernel knows.
pub(crate) fn last_capability() -> Result<u32> {
    let path = "/proc/sys/kernel/cap_last_cap";
    let text = fs::read_to_string(path).step("open", path)?;
    let unreadable = |_| Error::new("read", path, Errno::EBADMSG);
    text.trim().parse().map_err(unreadable)
}

/// A set in words: `all`, `-` for none, else the names.
pub(crate) struct Names {
    pub(crate) set: u64,
    pub(crate) last: u32,
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.set == 0 {
            return f.write_str("-");
        }
        if self.set.count_ones() == self.last + 1 {
            return f.write_str("all");
        }
        let mut names: Vec<_> = caps::all()
            .into_iter()
            .filter(|one| self.set & one.bitmask() != 0)
            .map(|one| one.to_string().to_lowercase().replace("cap_", ""))
            .collect();
        names.sort();
        f.write_str(&names.join(","))
    }
}
