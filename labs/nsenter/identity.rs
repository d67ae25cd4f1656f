//! Who the program is: user, group, capabilities.

use std::os::fd::OwnedFd;

use common::credentials::{drop_groups, make_capabilities_ambient, set_gid, set_uid};
use common::{Error, Result, Step as _};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::CloneFlags;
use nix::sys::stat::{Mode, fstat};
use nix::unistd::Pid;

use crate::args::{Args, Id};

const KEEP: &str = "groups cannot be dropped by an ordinary user, nor where the setgroups file of \
    the user namespace says deny, as after `unshare --map-root-user`: stay who you are with \
    --preserve-credentials";

const NO_ROOT: &str = "this user namespace has no such ID, as where only the caller's own was \
    mapped: stay who you are with --preserve-credentials, or be who the target is with \
    --setuid follow --setgid follow";

/// The IDs to take on after joining; `None` stays as it is.
pub(crate) struct Identity {
    uid: Option<Id>,
    gid: Option<Id>,
    target: Option<Owner>,
    /// Whether it is for the joined user namespace that the IDs change.
    becomes_root: bool,
    keep_capabilities: bool,
    groups_were_refused: bool,
}

impl Identity {
    // ANCHOR: identity
    pub(crate) fn choose(args: &Args, types: CloneFlags) -> Result<Self> {
        let joins_user = types.contains(CloneFlags::CLONE_NEWUSER);
        // The caller's IDs have names in there only if its maps hold them; root mostly has.
        let becomes_root = joins_user && !args.preserve_credentials;
        let default = becomes_root.then_some(Id::Number(0));
        let (uid, gid) = (args.setuid.or(default), args.setgid.or(default));
        let follows = [uid, gid].contains(&Some(Id::Follow));
        Ok(Self {
            uid,
            gid,
            target: args.target.filter(|_| follows).map(Owner::of).transpose()?,
            becomes_root,
            keep_capabilities: joins_user && args.keep_caps,
            groups_were_refused: false,
        })
    }

    /// Drops the groups while still outside. Where the namespace to join says `deny` in
    /// its setgroups file, they can be dropped out here only; with privileges that are
    /// to be had in there only, inside. Either is enough.
    pub(crate) fn drop_groups_outside(&mut self) {
        self.groups_were_refused = self.becomes_root && drop_groups().is_err();
    }

    /// Takes them on. The user comes last, as giving up root takes the right to
    /// change the others.
    pub(crate) fn take_on(&self) -> Result<()> {
        let (target_uid, target_gid) = match &self.target {
            Some(target) => target.ids()?,
            None => (0, 0),
        };
        if let Some(gid) = self.gid {
            match drop_groups() {
                Err(refused) if self.groups_were_refused => return Err(refused.hint(KEEP)),
                _ => {
                    set_gid(gid.number(target_gid)).map_err(|error| self.with_what_helps(error))?
                }
            }
        }
        if let Some(uid) = self.uid {
            set_uid(uid.number(target_uid)).map_err(|error| self.with_what_helps(error))?;
        }
        if self.keep_capabilities {
            make_capabilities_ambient()?;
        }
        Ok(())
    }
    // ANCHOR_END: identity

    fn with_what_helps(&self, error: Error) -> Error {
        if self.becomes_root {
            error.hint_if(Errno::EINVAL, NO_ROOT)
        } else {
            error
        }
    }
}

/// The directory of a process in /proc: it stays that of this one, whatever is mounted.
pub(crate) fn process(pid: Pid) -> Result<OwnedFd> {
    let path = format!("/proc/{pid}");
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(path.as_str(), flags, Mode::empty()).step("open", path)
}

/// The effective IDs of another process: those that own its directory in /proc.
struct Owner(OwnedFd);

impl Owner {
    fn of(pid: Pid) -> Result<Self> {
        process(pid).map(Self)
    }

    /// The user and the group, as they are called in the user namespace that this
    /// process is in by now.
    fn ids(&self) -> Result<(u32, u32)> {
        let owner = fstat(&self.0).step("fstat", "of a process")?;
        Ok((owner.st_uid, owner.st_gid))
    }
}
