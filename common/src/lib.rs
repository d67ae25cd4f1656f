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

pub mod credentials;
pub mod lab;
pub mod net;
pub mod ns;
pub mod process;
pub mod procfs;
pub mod signals;

pub use lab::{Error, Result, Step, parse, run};
pub use process::{Checkpoint, Child, clone};
