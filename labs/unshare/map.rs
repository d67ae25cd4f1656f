//! One map of the two: its lines, and how a map with ranges is written.

use std::io::ErrorKind;
use std::process::Command;

use common::credentials::{Capability, is_capable, write_map};
use common::lab::printable;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::unistd::Pid;

use crate::range::{Range, around};
use crate::ranges::Ranges;
use crate::vouching;

/// The files that tell of users, or of groups.
#[derive(Clone, Copy)]
pub(crate) struct Files {
    /// In /proc/PID.
    pub(crate) map: &'static str,
    /// What one of them is called.
    id: &'static str,
    /// subuid(5), subgid(5).
    pub(crate) subids: &'static str,
    /// newuidmap(1), newgidmap(1).
    program: &'static str,
    /// Who has it may map every ID.
    capability: Capability,
}

pub(crate) const USERS: Files = Files {
    map: "uid_map",
    id: "uid",
    subids: "/etc/subuid",
    program: "newuidmap",
    capability: Capability::CAP_SETUID,
};

pub(crate) const GROUPS: Files = Files {
    map: "gid_map",
    id: "gid",
    subids: "/etc/subgid",
    program: "newgidmap",
    capability: Capability::CAP_SETGID,
};

/// The lines of one map: none if it is to stay empty.
pub(crate) struct Map {
    pub(crate) files: Files,
    pub(crate) lines: Vec<Range>,
    /// The process may write it itself: the one line is of its own ID.
    pub(crate) own: bool,
}

impl Map {
    /// The single ID, and the ranges around it.
    pub(crate) fn new(
        files: Files,
        single: Option<Range>,
        ranges: &[Ranges],
        euid: u32,
    ) -> Result<Self> {
        let mut lines: Vec<Range> = single.into_iter().collect();
        for ranges in ranges {
            for range in ranges.resolve(files, euid)? {
                match single {
                    Some(single) => lines.extend(around(single, range, ranges.spare())),
                    None => lines.push(range),
                }
            }
        }
        let own = ranges.is_empty();
        Ok(Self { files, lines, own })
    }

    pub(crate) fn text(&self) -> String {
        let line = |range: &Range| format!("{} {} {}\n", range.inner, range.outer, range.count);
        self.lines.iter().map(line).collect()
    }

    /// In the helper: with the capability of the old user namespace the kernel
    /// takes every map; for an ordinary user a set-user-ID program vouches.
    pub(crate) fn write_ranges(&self, pid: Pid) -> Result<()> {
        let (text, program) = (self.text(), self.files.program);
        if is_capable(&[self.files.capability]) {
            return write_map(pid, self.files.map, &text);
        }
        let mut command = Command::new(program);
        command.arg(pid.to_string()).args(text.split_whitespace());
        let map = printable(text.trim_end().replace('\n', ", ").as_ref());
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => {
                let hint = vouching::hint(program, self.files.subids);
                Err(Error::new(program, map, Errno::EPERM).hint(hint))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Error::new(program, map, Errno::ENOENT)
                    .hint("install it (Debian: sudo apt install uidmap), or use sudo"))
            }
            Err(error) => Err(error).step(program, map),
        }
    }

    pub(crate) fn explain(&self) {
        let Files { map, id, .. } = self.files;
        for range in &self.lines {
            match (range.inner, range.outer, range.count) {
                (inner, outer, 1) => explain!("{map}: {id} {outer} outside is {inner} inside"),
                (inner, outer, count) => explain!(
                    "{map}: {count} IDs, from {outer} on outside, are {inner} and up inside"
                ),
            }
        }
    }
}
