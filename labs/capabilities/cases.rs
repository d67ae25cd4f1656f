//! The cases: who executes the program, and what its file has.

use caps::{CapSet, Capability};
use common::credentials::{bounding_set, drop_from_bounding_set, failed, map_ids, set_securebits};
use common::{Result, Step as _, explain};
use nix::libc::SECBIT_NOROOT;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid};

use crate::file::{CHOWN_EP, FileCapabilities, NET_RAW_EI, NET_RAW_EP, STAGE};

const ONE: Capability = Capability::CAP_NET_RAW;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Run by a child, root of the lab's user namespace, before execve().
    pub(crate) prepare: fn() -> Result<()>,
    pub(crate) file: Option<FileCapabilities>,
    /// Whether execve() itself is refused.
    pub(crate) is_refused: bool,
    /// Why it comes out so.
    pub(crate) why: &'static str,
}

const PLAIN: Case = Case {
    name: "",
    prepare: || Ok(()),
    file: None,
    is_refused: false,
    why: "",
};
const WITH_FILE: Case = Case {
    file: Some(NET_RAW_EP),
    ..PLAIN
};

// ANCHOR: cases
#[rustfmt::skip] // One case after the other, each in the same order.
pub(crate) static CASES: [Case; 12] = [
    Case { name: "root",
        why: "for uid 0 it is as if the file had them all", ..PLAIN },
    Case { name: "root-bounding", prepare: || keep_in_bounding_set(ONE.bitmask()),
        why: "what the file seems to have is cut to the bounding set", ..PLAIN },
    Case { name: "root-noroot", prepare: no_root,
        why: "uid 0 is a user like any other", ..PLAIN },
    Case { name: "unmapped", prepare: enter_user_namespace,
        why: "not uid 0 inside, and the file has none", ..PLAIN },
    Case { name: "user", prepare: become_user,
        why: "not uid 0, and the file has none", ..PLAIN },
    Case { name: "user-ambient", prepare: || { become_user()?; raise_ambient(ONE) },
        why: "ambient ones go through a file that has none", ..PLAIN },
    Case { name: "file", prepare: || { become_user()?; give_up_all() },
        why: "the file gives, to whoever executes it", ..WITH_FILE },
    Case { name: "file-no-new-privs", prepare: || { become_user()?; give_up_all()?; no_new_privs() },
        why: "no execve() gives more than there was", ..WITH_FILE },
    Case { name: "file-nosuid", prepare: || { mount_nosuid()?; become_user()?; give_up_all() },
        why: "the file's capabilities are not even read", ..WITH_FILE },
    Case { name: "file-bounding", is_refused: true,
        prepare: || { become_user()?; keep_in_bounding_set(0)?; give_up_all() },
        why: "the file would not get what it relies on, so it does not start", ..WITH_FILE },
    Case { name: "file-inheritable", file: Some(NET_RAW_EI),
        prepare: || { become_user()?; make_inheritable(ONE)?; give_up_all() },
        why: "what both the process and the file have as inheritable", ..PLAIN },
    Case { name: "file-ambient", file: Some(CHOWN_EP),
        prepare: || { become_user()?; raise_ambient(ONE) },
        why: "a file with capabilities empties the ambient set", ..PLAIN },
];
// ANCHOR_END: cases

// ANCHOR: prepare
/// A user namespace inside the lab's, without a map.
fn enter_user_namespace() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWUSER).step("unshare", "CLONE_NEWUSER")?;
    explain!("unshare(CLONE_NEWUSER): a user namespace inside the lab's, every capability");
    Ok(())
}

/// The same process with another number: the lab's root is user 1000 in there.
fn become_user() -> Result<()> {
    enter_user_namespace()?;
    map_ids("self", (1000, Uid::from_raw(0)), (1000, Gid::from_raw(0)))?;
    explain!("write(\"1000 0 1\" to uid_map): it is uid 1000 in there, not root");
    Ok(())
}

fn give_up_all() -> Result<()> {
    // The effective set goes as well: it never exceeds the permitted one.
    caps::clear(None, CapSet::Permitted).map_err(failed("capset", "permitted"))?;
    explain!("capset(): no capability is left, so that all that is there later is new");
    Ok(())
}

fn make_inheritable(capability: Capability) -> Result<()> {
    let set = [capability].into_iter().collect();
    caps::set(None, CapSet::Inheritable, &set).map_err(failed("capset", "inheritable"))?;
    explain!("capset(): {capability} is inheritable");
    Ok(())
}

/// What is ambient must be permitted and inheritable.
fn raise_ambient(capability: Capability) -> Result<()> {
    make_inheritable(capability)?;
    caps::raise(None, CapSet::Ambient, capability)
        .map_err(failed("prctl", "PR_CAP_AMBIENT_RAISE"))?;
    explain!("prctl(PR_CAP_AMBIENT_RAISE): {capability} is ambient");
    Ok(())
}

fn keep_in_bounding_set(kept: u64) -> Result<()> {
    let bounding = bounding_set().step("prctl", "PR_CAPBSET_READ")?;
    drop_from_bounding_set(bounding & !kept).step("prctl", "PR_CAPBSET_DROP")?;
    explain!("prctl(PR_CAPBSET_DROP), once for each: nothing is lost before execve()");
    Ok(())
}

fn no_root() -> Result<()> {
    set_securebits(SECBIT_NOROOT).step("prctl", "PR_SET_SECUREBITS")?;
    explain!("prctl(PR_SET_SECUREBITS, SECBIT_NOROOT): no exception for uid 0");
    Ok(())
}

fn no_new_privs() -> Result<()> {
    prctl::set_no_new_privs().step("prctl", "PR_SET_NO_NEW_PRIVS")?;
    explain!("prctl(PR_SET_NO_NEW_PRIVS): for this process and all its children, for good");
    Ok(())
}

/// For this process only: it gets a mount namespace of its own.
fn mount_nosuid() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).step("unshare", "CLONE_NEWNS")?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID;
    let none = None::<&str>;
    mount(none, STAGE, none, flags, none).step("mount", format!("MS_NOSUID on {STAGE}"))?;
    explain!(
        "mount(MS_REMOUNT | MS_BIND | MS_NOSUID\n\
         on {STAGE}), in a namespace of its own"
    );
    Ok(())
}
// ANCHOR_END: prepare
