//! uid_map, gid_map and setgroups of the new user namespace.

use common::Result;
use common::credentials::write_map;
use nix::unistd::{getegid, geteuid, getpid};

use crate::helper::Helper;
use crate::map::{GROUPS, Map, USERS};
use crate::range::Range;
use crate::ranges::Ranges;

/// What the options ask for.
#[derive(Default)]
pub(crate) struct Mapping {
    /// Which user inside the caller's is.
    pub(crate) user: Option<u32>,
    /// Which group inside the caller's is.
    pub(crate) group: Option<u32>,
    pub(crate) users: Vec<Ranges>,
    pub(crate) groups: Vec<Ranges>,
    /// What the file setgroups shall say: `allow` or `deny`.
    pub(crate) setgroups: Option<&'static str>,
}

impl Mapping {
    pub(crate) fn map_caller_to(&mut self, user: u32, group: u32) {
        (self.user, self.group) = (Some(user), Some(group));
    }

    pub(crate) fn map_block(&mut self, block: Ranges) {
        self.users.push(block);
        self.groups.push(block);
    }

    pub(crate) fn is_asked_for(&self) -> bool {
        let single = self.user.is_some() || self.group.is_some();
        single || !self.users.is_empty() || !self.groups.is_empty()
    }

    /// Whether the group is mapped in the way that costs setgroups().
    pub(crate) fn denies_setgroups(&self) -> bool {
        self.group.is_some() && self.groups.is_empty()
    }
}

/// What is to be written, and by whom.
pub(crate) struct Maps {
    users: Map,
    groups: Map,
    setgroups: Option<&'static str>,
    helper: Option<Helper>,
}

impl Maps {
    /// Works out the maps while the old user namespace still says who the caller
    /// is: inside one without maps every ID reads 65534.
    pub(crate) fn prepare(mapping: &Mapping, changes_user: bool) -> Result<Self> {
        let (pid, euid, egid) = (getpid(), geteuid().as_raw(), getegid().as_raw());
        let single = |inner: u32, outer: u32| Range::new(inner.into(), outer.into(), 1);
        let user = mapping.user.map(|user| single(user, euid));
        let group = mapping.group.map(|group| single(group, egid));
        let mut users = Map::new(USERS, user, &mapping.users, euid)?;
        let mut groups = Map::new(GROUPS, group, &mapping.groups, euid)?;
        for map in [&mut users, &mut groups] {
            // Another user than the caller may not map the caller's IDs.
            map.own &= !changes_user || map.lines.is_empty();
        }
        let helper = if users.own && groups.own {
            None
        } else {
            Some(Helper::stay_behind(|| {
                for map in [&users, &groups] {
                    if !map.own {
                        map.write_ranges(pid)?;
                    }
                }
                Ok(())
            })?)
        };
        Ok(Self {
            users,
            groups,
            setgroups: mapping.setgroups,
            helper,
        })
    }

    // ANCHOR: maps
    /// Writes the maps: those of one ID from inside the new user namespace, those
    /// of ranges by the helper in the old one, where the right to them counts.
    pub(crate) fn write(self) -> Result<()> {
        // ANCHOR: own
        // A group that denies a permission could be dropped with setgroups(), so the
        // kernel takes an unprivileged gid_map only after setgroups() is given up,
        // and after the map it can no longer be given up.
        let own_group = self.groups.own && !self.groups.lines.is_empty();
        if own_group || self.setgroups == Some("deny") {
            write_map("self", "setgroups", "deny")?;
        }
        for map in [&self.users, &self.groups] {
            if map.own && !map.lines.is_empty() {
                write_map("self", map.files.map, &map.text())?;
            }
        }
        // ANCHOR_END: own
        if let Some(helper) = self.helper {
            helper.work()?;
        }
        if self.setgroups == Some("allow") {
            write_map("self", "setgroups", "allow")?;
        }
        self.users.explain();
        self.groups.explain();
        Ok(())
    }
    // ANCHOR_END: maps
}
