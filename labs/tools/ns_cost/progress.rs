//! How far the measurement is: a line on stderr that rewrites itself.

use std::cell::Cell;
use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use common::output::program_name;

/// Progress for a person who waits. A file, a pipe and a terminal that cannot go
/// back to the start of a line (TERM=dumb) get none.
pub(crate) struct Progress {
    shown: bool,
    last: Cell<Option<Instant>>,
}

/// Not more often than an eye can follow: writing takes time, too.
const PAUSE: Duration = Duration::from_millis(100);

impl Progress {
    pub(crate) fn new() -> Self {
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            shown: io::stderr().is_terminal() && !dumb,
            last: Cell::new(None),
        }
    }

    pub(crate) fn show(&self, what: &str, done: usize, of: usize) {
        let early = self.last.get().is_some_and(|last| last.elapsed() < PAUSE);
        if self.shown && !early {
            self.last.set(Some(Instant::now()));
            let line = format!("\r{}: {what} {done} of {of}\x1b[K", program_name());
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown && self.last.get().is_some() {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
    }
}
