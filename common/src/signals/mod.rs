//! Signals: taken one by one, handled, and passed on to a program.

mod handler;
mod signalfd;
mod supervisor;

pub use handler::{install, last_sender};
pub use signalfd::{Signals, has_it_too};
pub use supervisor::{Policy, Supervisor, end_as};
