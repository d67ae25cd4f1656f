//! What /proc says of processes, and whether it is this PID namespace's own.

mod environ;
mod mountinfo;
mod stat;
mod status;

pub use environ::Environment;
pub use mountinfo::{Mount, Proc, mounts_of};
pub use stat::exit_signal;
pub use status::{Status, check_proc, field, pids};
