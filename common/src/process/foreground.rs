//! The terminal's foreground process group, given back when a program ends.

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getpgrp, tcgetpgrp, tcsetpgrp};

use crate::lab::stdio::stdin;

/// Whether this process was in the foreground of its terminal.
///
/// An interactive shell makes itself the foreground group. In a PID namespace it
/// cannot name the group that was there before, which lies outside, and so leaves
/// the terminal to a group that is gone.
#[derive(Debug)]
pub struct Foreground {
    was_here: bool,
}

impl Foreground {
    /// Looks at the terminal: to be called before the program starts.
    pub fn note() -> Self {
        let was_here = tcgetpgrp(stdin()) == Ok(getpgrp());
        Self { was_here }
    }

    /// Takes the foreground back if it was this process's.
    pub fn take_back(&self) {
        if !self.was_here {
            return;
        }
        // A background process that takes the terminal is stopped by SIGTTOU,
        // unless it blocks the signal.
        let stop = SigSet::from(Signal::SIGTTOU);
        if stop.thread_block().is_ok() {
            // A terminal that has hung up has no foreground group to set.
            let _ = tcsetpgrp(stdin(), getpgrp());
            let _ = stop.thread_unblock();
        }
    }
}
