//! A process that is traced.

use std::collections::BTreeMap;

use nix::errno::Errno;

/// What a traced process is at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Another program: its calls are not the lab's.
    Foreign,
    /// The lab before its `main`.
    Starting,
    Main,
}

pub(super) struct Process {
    pub(super) name: String,
    pub(super) stage: Stage,
    pub(super) children: u32,
    pub(super) counts: BTreeMap<i64, u32>,
    /// The fault that the call it is in returns with.
    pub(super) pending: Option<Errno>,
    /// The number of that call among the run's.
    pub(super) site: Option<usize>,
}

impl Process {
    pub(super) fn new(name: String, stage: Stage) -> Self {
        Self {
            name,
            stage,
            children: 0,
            counts: BTreeMap::new(),
            pending: None,
            site: None,
        }
    }
}
