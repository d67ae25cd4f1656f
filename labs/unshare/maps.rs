//! uid_map, gid_map and setgroups of the new user namespace.

use std::io::ErrorKind;
use std::process::Command;

use clap::ValueEnum;
use common::error::Step as _;
use common::rootless::{Capability, is_capable};
use common::{Error, Result, explain, id_map, output};
use nix::errno::Errno;
use nix::unistd::{Pid, getegid, geteuid, getpid};

use crate::helper::Helper;
use crate::ranges::{Files, Range, Ranges, around};
use crate::single::{Inner, Single};

#[derive(clap::Args)]
#[command(next_help_heading = "User namespace, implied by each --map option")]
pub(crate) struct MapOptions {
    #[command(flatten)]
    single: Single,
    /// Map a block of users, also repeated: INNER:OUTER:COUNT or OUTER,INNER,COUNT;
    /// auto: the caller's first block of /etc/subuid, from 0 on; subids: the same block,
    /// to itself; all: every user that exists here, to itself
    #[arg(long, value_name = "RANGE|auto|subids|all", allow_hyphen_values = true)]
    map_users: Vec<Ranges>,
    /// The same for groups and /etc/subgid
    #[arg(long, value_name = "RANGE|auto|subids|all", allow_hyphen_values = true)]
    map_groups: Vec<Ranges>,
    /// The same as --map-users=auto --map-groups=auto
    #[arg(long)]
    map_auto: bool,
    /// The same as --map-users=subids --map-groups=subids
    #[arg(long)]
    map_subids: bool,
    /// Whether setgroups() may be called in the user namespace
    #[arg(long, value_enum)]
    pub(crate) setgroups: Option<SetGroups>,
    /// Keep the capabilities of the user namespace when the program is executed
    #[arg(long)]
    pub(crate) keep_caps: bool,
}

/// What the file setgroups of a user namespace says.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SetGroups {
    Allow,
    Deny,
}

impl MapOptions {
    pub(crate) fn are_asked_for(&self) -> bool {
        let single = self.single.user.is_some() || self.single.group.is_some();
        single || !self.user_ranges().is_empty() || !self.group_ranges().is_empty()
    }

    /// Whether the group is mapped in the way that costs setgroups().
    pub(crate) fn deny_setgroups(&self) -> bool {
        self.single.group.is_some() && self.group_ranges().is_empty()
    }

    fn user_ranges(&self) -> Vec<Ranges> {
        self.with_blocks(&self.map_users)
    }

    fn group_ranges(&self) -> Vec<Ranges> {
        self.with_blocks(&self.map_groups)
    }

    fn with_blocks(&self, ranges: &[Ranges]) -> Vec<Ranges> {
        let auto = self.map_auto.then_some(Ranges::Auto);
        let subids = self.map_subids.then_some(Ranges::Subids);
        ranges.iter().copied().chain(auto).chain(subids).collect()
    }
}

const USERS: Files = Files {
    map: "uid_map",
    id: "uid",
    subids: "/etc/subuid",
    program: "newuidmap",
};

const GROUPS: Files = Files {
    map: "gid_map",
    id: "gid",
    subids: "/etc/subgid",
    program: "newgidmap",
};

/// What is to be written, and by whom.
pub(crate) struct Maps {
    users: Map,
    groups: Map,
    setgroups: Option<SetGroups>,
    helper: Option<Helper>,
}

/// The lines of one map: none if it is to stay empty.
#[derive(Clone)]
struct Map {
    files: Files,
    lines: Vec<Range>,
    /// The process may map one ID of its own by itself, the caller's to any.
    own: bool,
}

impl Maps {
    /// Works out the maps while the old user namespace still says who the caller
    /// is: inside one without maps every ID reads 65534.
    pub(crate) fn prepare(options: &MapOptions) -> Result<Self> {
        let (euid, egid) = (geteuid().as_raw(), getegid().as_raw());
        let user = options.single.user.map(|inner| single(inner, euid));
        let group = options.single.group.map(|inner| single(inner, egid));
        let users = Map::new(USERS, user, &options.user_ranges(), euid)?;
        let groups = Map::new(GROUPS, group, &options.group_ranges(), euid)?;
        let helper = if users.own && groups.own {
            None
        } else {
            let (pid, maps) = (getpid(), [users.clone(), groups.clone()]);
            Some(Helper::stay_behind(move || {
                maps.iter()
                    .filter(|map| !map.own)
                    .try_for_each(|map| map.write_ranges(pid))
            })?)
        };
        Ok(Self {
            users,
            groups,
            setgroups: options.setgroups,
            helper,
        })
    }

    // ANCHOR: maps
    /// Writes the maps: those of one ID from inside the new user namespace, those
    /// of ranges by the helper in the old one, where the right to them counts.
    pub(crate) fn write(self) -> Result<()> {
        // A group that denies a permission could be dropped with setgroups(), so the
        // kernel takes an unprivileged gid_map only after setgroups() is given up,
        // and after the map it can no longer be given up.
        let own_group = self.groups.own && !self.groups.lines.is_empty();
        if own_group || self.setgroups == Some(SetGroups::Deny) {
            id_map::write(getpid(), "setgroups", "deny")?;
        }
        for map in [&self.users, &self.groups] {
            if map.own && !map.lines.is_empty() {
                id_map::write(getpid(), map.files.map, &map.text())?;
            }
        }
        if let Some(helper) = self.helper {
            helper.work()?;
        }
        if self.setgroups == Some(SetGroups::Allow) {
            id_map::write(getpid(), "setgroups", "allow")?;
        }
        self.users.explain();
        self.groups.explain();
        Ok(())
    }
    // ANCHOR_END: maps
}

fn single(inner: Inner, outer: u32) -> Range {
    Range {
        inner: inner.id(outer).into(),
        outer: outer.into(),
        count: 1,
    }
}

impl Map {
    fn new(files: Files, single: Option<Range>, ranges: &[Ranges], euid: u32) -> Result<Self> {
        let mut lines: Vec<Range> = single.into_iter().collect();
        for ranges in ranges {
            for range in ranges.resolve(files, euid)? {
                match single {
                    Some(single) => lines.extend(around(single, range)),
                    None => lines.push(range),
                }
            }
        }
        let own = ranges.is_empty();
        Ok(Self { files, lines, own })
    }

    fn text(&self) -> String {
        let line = |range: &Range| format!("{} {} {}\n", range.inner, range.outer, range.count);
        self.lines.iter().map(line).collect()
    }

    /// In the helper: with the capability of the old user namespace the kernel
    /// takes every map; for an ordinary user a set-user-ID program vouches.
    fn write_ranges(&self, pid: Pid) -> Result<()> {
        let capability = match self.files.map {
            "uid_map" => Capability::CAP_SETUID,
            _ => Capability::CAP_SETGID,
        };
        if is_capable(&[capability]) {
            return id_map::write(pid, self.files.map, &self.text());
        }
        let program = self.files.program;
        let text = self.text();
        let mut command = Command::new(program);
        command.arg(pid.to_string()).args(text.split_whitespace());
        let map = output::printable(text.trim_end().replace('\n', ", ").as_ref());
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(Error::new(program, map, Errno::EPERM).hint(format!(
                "its own message says which range; an ordinary user may map IDs that a line of \
                 {} delegates, and their own",
                self.files.subids
            ))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let missing: Result<()> = Err(error).step(program, map);
                missing.map_err(|error| {
                    error.hint("install it (Debian: sudo apt install uidmap), or use sudo")
                })
            }
            Err(error) => Err(error).step(program, map),
        }
    }

    fn explain(&self) {
        let Files { map, id, .. } = self.files;
        for range in &self.lines {
            let Range {
                inner,
                outer,
                count,
            } = range;
            if *count == 1 {
                explain!("{map}: {id} {outer} outside is {inner} inside");
            } else {
                explain!("{map}: {count} IDs, from {outer} on outside, are {inner} and up inside");
            }
        }
    }
}
