//! What the labs share and none of them is about: child stacks, the checkpoint
//! between parent and child, namespace handles, ID maps, errors and their hints.
//!
//! Nothing here prints a result and nothing here knows a lab. The system call
//! that a lab teaches is called in the lab; where the bare call would need
//! `unsafe`, a wrapper of the kernel's own name and arguments stands here.
//!
//! The labs are single-threaded from `main` to the end: that is what makes
//! `clone()` without `CLONE_VM` safe, and what the kernel demands of a process
//! that makes a user namespace (`EINVAL` otherwise, see user_namespaces(7)).

pub mod accounts;
pub mod cgroup;
pub mod checkpoint;
pub mod child;
pub mod clone;
pub mod credentials;
pub mod environment;
pub mod error;
pub mod exec;
pub mod explain;
pub mod foreground;
pub mod getopt;
pub mod guardian;
pub mod handler;
mod hint;
pub mod hold;
pub mod id_map;
pub mod identity;
pub mod json;
pub mod lifeline;
pub mod mounts;
pub mod namespace;
pub mod netlink;
pub mod nsfs;
pub mod output;
pub mod own_proc;
pub mod pidfd;
pub mod ping;
pub mod place;
pub mod proc_status;
pub mod proxy;
pub mod relay;
pub mod reports;
pub mod rootless;
pub mod signal_name;
pub mod signals;
pub mod spawn;
pub mod startup;
pub mod stat;
mod stdio;
mod sys;
pub mod sysv;
pub mod terminal;
mod told;
pub mod tone;

pub use checkpoint::Checkpoint;
pub use child::Child;
pub use clone::{ChildStack, clone};
pub use error::{Error, Result, Step};
pub use output::program_name;
pub use sys::{Ended, kill, setdomainname, waitpid};
