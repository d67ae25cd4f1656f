//! uid_map, gid_map and setgroups of the new user namespace.

use clap::ValueEnum;
use common::Result;
use common::credentials::write_map;
use nix::unistd::{getegid, geteuid, getpid};

use crate::helper::Helper;
use crate::map::{GROUPS, Map, USERS};
use crate::ranges::{Range, Ranges};
use crate::single::{Inner, Single};

#[derive(Default, clap::Args)]
#[command(next_help_heading = "User namespace, implied by each --map option")]
pub(crate) struct MapOptions {
    #[command(flatten)]
    pub(crate) single: Single,
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

/// What is to be written, and by whom.
pub(crate) struct Maps {
    users: Map,
    groups: Map,
    setgroups: Option<SetGroups>,
    helper: Option<Helper>,
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
            write_map("self", "setgroups", "deny")?;
        }
        for map in [&self.users, &self.groups] {
            if map.own && !map.lines.is_empty() {
                write_map("self", map.files.map, &map.text())?;
            }
        }
        if let Some(helper) = self.helper {
            helper.work()?;
        }
        if self.setgroups == Some(SetGroups::Allow) {
            write_map("self", "setgroups", "allow")?;
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
