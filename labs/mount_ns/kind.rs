//! The propagation types, and their flags.

use clap::ValueEnum;
use nix::mount::MsFlags;

/// The propagation types of mount_namespaces(7).
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Propagation {
    /// Nothing travels
    Private,
    /// Mounts come in, none goes out
    Slave,
    /// Mounts travel in both directions
    Shared,
    /// Private, and no source of bind mounts
    Unbindable,
}

impl Propagation {
    pub(crate) fn flag(self) -> MsFlags {
        match self {
            Self::Private => MsFlags::MS_PRIVATE,
            Self::Slave => MsFlags::MS_SLAVE,
            Self::Shared => MsFlags::MS_SHARED,
            Self::Unbindable => MsFlags::MS_UNBINDABLE,
        }
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Flags as they stand in the source: `MS_REC | MS_PRIVATE`.
pub(crate) fn names(flags: MsFlags) -> String {
    let names: Vec<_> = flags.iter_names().map(|(name, _)| name).collect();
    names.join(" | ")
}
