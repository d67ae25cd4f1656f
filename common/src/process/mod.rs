//! Children and what ties them to their parent: clone, checkpoint, reports, exec.

mod checkpoint;
mod child;
mod clone;
mod clone3;
mod descriptors;
mod exec;
mod foreground;
mod guardian;
mod lifeline;
mod pidfd;
pub mod probe;
mod pty;
mod relay;
mod reports;
mod sealed;
pub mod spawn;
mod tool;
mod wait;

pub use checkpoint::Checkpoint;
pub use child::Child;
pub use clone::{ChildStack, bare_clone, clone, clone_on, fork, fork_untied};
pub use clone3::clone3;
pub use descriptors::{
    close_from, close_on_exec_from, receive_descriptor, send_descriptor, set_umask,
};
pub use exec::{environment, exec, exec_descriptor, exec_shell, exec_with, or_shell};
pub use foreground::Foreground;
pub use guardian::Guardian;
pub use lifeline::Lifeline;
pub use pidfd::{pidfd_getfd, pidfd_open, pidfd_send_signal};
pub use pty::{copy_window_size, set_controlling_terminal, type_into, waiting_bytes};
pub use relay::Relay;
pub use reports::Reports;
pub use sealed::{is_sealed, run_from_a_sealed_copy};
pub use tool::run_tool;
pub use wait::{ANY_CHILD, Ended, kill, waitpid};
