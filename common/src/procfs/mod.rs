//! What /proc says of processes, and whether it is this PID namespace's own.

mod environ;
mod mountinfo;
mod status;

pub use environ::Environment;
pub use mountinfo::{Mount, mounts_of, parse_mounts, proc_mount};
pub use status::{Status, check_proc, field, pids};
