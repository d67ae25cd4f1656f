//! The four rules: no hang, no panic, nothing left, and a status that is not the usual
//! one goes with one error line and one hint.

use nix::errno::Errno;
use nix::libc;

use super::site::{Fault, Run, Site};
use crate::support::normalise::normalise;

/// A run with a fault, and the one without.
pub(super) struct Case<'a> {
    pub(super) lab: &'a str,
    pub(super) site: &'a Site,
    pub(super) fault: Fault,
    pub(super) reference: &'a Run,
    pub(super) run: &'a Run,
}

impl Case<'_> {
    /// A word of the tally's, or what is wrong. Whether the host is as it was, half of the
    /// third rule, is for the caller to judge.
    pub(super) fn judge(&self) -> Result<&'static str, String> {
        let run = self.run;
        let outcome = if run.hung {
            Err("it hung".into())
        } else if run.left {
            Err("a process was left".into())
        } else if self.site.before_main {
            // What the runtime makes of it is no lab's affair, as long as it ends.
            Ok("WENT ON")
        } else if run.stderr.contains("panicked") || [101, 134].contains(&run.status) {
            Err("it panicked".into())
        } else if run.status == self.reference.status {
            self.goes_on()
        } else {
            self.tells()
        };
        outcome.map_err(|what| {
            let said = run.stderr.trim_end();
            format!("{what}; status {}, stderr: {said}", run.status)
        })
    }

    /// What was interrupted, or done in part, has been carried on with. A lab may do
    /// without what it does not need, and be silent about it.
    fn goes_on(&self) -> Result<&'static str, String> {
        let as_ever = words(&self.run.stdout) == words(&self.reference.stdout);
        match self.fault {
            _ if as_ever => Ok("WENT ON"),
            Fault::Short | Fault::Errno(Errno::EINTR) => {
                Err(format!("not carried on with: {}", self.run.stdout))
            }
            Fault::Errno(errno) if self.names(errno) => Ok("WENT ON"),
            Fault::Errno(_) => Ok("SILENT"),
        }
    }

    /// Only a reader of stdout that has left is not told, as SIGPIPE would not tell it.
    fn tells(&self) -> Result<&'static str, String> {
        let Fault::Errno(errno) = self.fault else {
            return Err("not carried on with".into());
        };
        let (status, errors) = (self.run.status, self.errors());
        let lines = self.run.stderr.lines();
        let hints = lines.filter(|line| line.starts_with("hint: ")).count();
        if errno == Errno::EPIPE && self.site.writes_stdout() {
            let quietly = errors == 0 && status == 128 + libc::SIGPIPE;
            let what = "the reader of stdout has left";
            return quietly.then_some("TOLD").ok_or(what.into());
        }
        match (errors, hints) {
            _ if errno == Errno::EINTR => Err("not tried again".into()),
            _ if status == 0 => Err("a failure became a success".into()),
            // What a lab finds refused may be its answer, not its end.
            (0, 0) if self.names(errno) => Ok("TOLD"),
            (1, 1) if !self.names(errno) => Err("another errno is told".into()),
            (1, 1) => Ok("TOLD"),
            // The first failure is the one to tell of, and the reference has one.
            (0, 1) if self.reference.status != 0 => Ok("TOLD"),
            (errors, hints) => Err(format!("{errors} error lines, {hints} hints")),
        }
    }

    /// Whether an errno stands in a line that the reference has not.
    fn names(&self, errno: Errno) -> bool {
        let name = format!("{errno:?}");
        let outputs = |run: &Run| format!("{}{}", run.stdout, run.stderr);
        let (known, said) = (outputs(self.reference), outputs(self.run));
        let mut new = said
            .lines()
            .filter(|line| known.lines().all(|other| other != *line));
        new.any(|line| line.contains(&name))
    }

    /// How many error lines there are. Notices begin like them, and stand in the reference.
    fn errors(&self) -> usize {
        let prefix = format!("{}: ", self.lab);
        let known: Vec<_> = self.reference.stderr.lines().collect();
        let errors = self
            .run
            .stderr
            .lines()
            .filter(|line| line.starts_with(&prefix));
        errors.filter(|line| !known.contains(line)).count()
    }
}

/// What two transcripts of a lab have in common: numbers and widths differ.
fn words(transcript: &str) -> String {
    let text = normalise(transcript);
    text.split(|c: char| !c.is_alphabetic()).collect()
}
