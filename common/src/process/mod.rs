//! Children and what ties them to their parent: clone, checkpoint, reports, exec.

mod checkpoint;
mod child;
mod clone;
mod exec;
mod foreground;
mod guardian;
mod lifeline;
mod pidfd;
mod reports;
pub mod spawn;
mod wait;

pub use checkpoint::Checkpoint;
pub use child::Child;
pub use clone::{ChildStack, bare_clone, clone, clone_on, fork, fork_untied};
pub use exec::{exec, exec_shell, or_shell};
pub use foreground::Foreground;
pub use guardian::Guardian;
pub use lifeline::Lifeline;
pub use pidfd::{pidfd_getfd, pidfd_open};
pub use reports::Reports;
pub use wait::{ANY_CHILD, Ended, kill, waitpid};
