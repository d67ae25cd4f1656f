//! Who the program is: user, group, capabilities.

use common::Result;
use common::credentials::{Owner, drop_groups, make_capabilities_ambient, set_gid, set_uid};
use nix::sched::CloneFlags;

use crate::args::{Args, Id};

const KEEP: &str = "groups cannot be dropped by an ordinary user, nor where the setgroups file of \
    the user namespace says deny, as after `unshare --map-root-user`: stay who you are with \
    --preserve-credentials";

/// The IDs to take on after joining; `None` stays as it is.
pub(crate) struct Identity {
    uid: Option<Id>,
    gid: Option<Id>,
    owner: Option<Owner>,
    keep_capabilities: bool,
    drops_outside: bool,
    /// Whether the groups could not be dropped outside.
    refused: bool,
}

impl Identity {
    // ANCHOR: identity
    /// Chooses the IDs.
    pub(crate) fn of(args: &Args, types: CloneFlags) -> Result<Self> {
        let joins_user = types.contains(CloneFlags::CLONE_NEWUSER);
        // The caller's IDs have names in there only if its maps hold them; root mostly has.
        let default = (joins_user && !args.preserve_credentials).then_some(Id::Number(0));
        let (uid, gid) = (args.setuid.or(default), args.setgid.or(default));
        let follows = [uid, gid]
            .into_iter()
            .any(|id| matches!(id, Some(Id::Follow)));
        Ok(Self {
            uid,
            gid,
            owner: args.target.filter(|_| follows).map(Owner::of).transpose()?,
            keep_capabilities: joins_user && args.keep_caps,
            refused: false,
            drops_outside: default.is_some(),
        })
    }

    /// Drops the groups while still outside. Where the namespace to join says `deny` in
    /// its setgroups file, they can be dropped out here only; with privileges that are
    /// to be had in there only, inside. Either is enough.
    pub(crate) fn drop_groups_outside(&mut self) {
        self.refused = self.drops_outside && drop_groups().is_err();
    }

    /// Takes them on. The user comes last, as giving up root takes the right to
    /// change the others.
    pub(crate) fn take_on(&self) -> Result<()> {
        let (owner_uid, owner_gid) = match &self.owner {
            Some(owner) => owner.ids()?,
            None => (0, 0),
        };
        let number = |id, owners| match id {
            Id::Number(number) => number,
            Id::Follow => owners,
        };
        if let Some(gid) = self.gid.map(|gid| number(gid, owner_gid)) {
            match drop_groups() {
                Err(inside) if self.refused => return Err(inside.hint(KEEP)),
                _ => set_gid(gid)?,
            }
        }
        if let Some(uid) = self.uid.map(|uid| number(uid, owner_uid)) {
            set_uid(uid)?;
        }
        if self.keep_capabilities {
            make_capabilities_ambient()?;
        }
        Ok(())
    }
    // ANCHOR_END: identity
}
