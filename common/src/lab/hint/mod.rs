//! What to do next, chosen by step and errno.

mod files;
mod mounts;
mod namespaces;
mod network;
mod others;

use nix::errno::Errno;

/// The hint for a failed step, or the one for its errno alone.
pub(crate) fn for_step(step: &str, object: &str, errno: Errno) -> &'static str {
    let tables = [
        namespaces::hint,
        files::hint,
        mounts::hint,
        network::hint,
        others::hint,
    ];
    tables
        .into_iter()
        .find_map(|table| table(step, object, errno))
        .unwrap_or_else(|| others::any_step(errno))
}
