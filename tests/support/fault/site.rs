//! A place where a fault can be put, the fault, and what became of a run with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nix::errno::Errno;

/// One system call of one process of a lab.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// `1` is the lab, `1.2` its second child; a `+` follows where it has executed itself.
    pub(crate) process: String,
    pub(crate) call: i64,
    /// The how-manieth such call of this process, from 1 on.
    pub(crate) nth: u32,
    /// What it works on: `stdout`, a path, `pipe:`, `socket:`, or words for its flags.
    pub(crate) object: String,
    /// What it fails with by itself, if it does.
    pub(crate) own: Option<Errno>,
}

impl Site {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.process, self.call, self.nth) == (&other.process, other.call, other.nth)
    }
}

/// What a call does in place of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Errno(Errno),
    /// It reads or writes one byte.
    Short,
}

/// What became of a run.
#[derive(Default)]
pub(crate) struct Run {
    /// As a shell shows it.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The calls from `main` on, and the number of those before it.
    pub(crate) sites: Vec<Site>,
    pub(crate) before_main: usize,
    /// Whether the process came to the site of the fault.
    pub(crate) fired: bool,
    pub(crate) took: Duration,
    pub(crate) hung: bool,
    /// Processes that were there long after the lab's end.
    pub(crate) left: bool,
}

impl Run {
    /// How long the same lab may take with a fault, also one that waits until a link
    /// gives no answer.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(8).max(4 * self.took)
    }

    /// Whether the process of this call made it once more, and nothing like it between.
    pub(crate) fn repeats(&self, site: &Site) -> bool {
        let next = Site {
            nth: site.nth + 1,
            ..site.clone()
        };
        let mut calls = self.sites.iter();
        calls.any(|call| call.is_same(&next) && call.object == next.object)
    }

    /// Processes whose parent has had `enough` children before that made the same calls.
    pub(crate) fn processes_alike(&self, enough: usize) -> BTreeSet<String> {
        let mut calls = BTreeMap::<&str, Vec<i64>>::new();
        for site in &self.sites {
            calls.entry(&site.process).or_default().push(site.call);
        }
        let mut seen = BTreeMap::<(&str, &[i64]), usize>::new();
        let mut alike = BTreeSet::new();
        for (process, calls) in &calls {
            let parent = process.rsplit_once('.').map_or("", |(parent, _)| parent);
            let count = seen.entry((parent, calls)).or_default();
            *count += 1;
            if *count > enough {
                alike.insert((*process).to_owned());
            }
        }
        alike
    }
}
