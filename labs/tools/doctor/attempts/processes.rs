//! What takes no more than a process: ID maps, a hostname, PID 1, a clock, and joining.

use std::fs::{self, File};
use std::time::Duration;

use common::credentials::{Capability, Identity, write_map};
use common::ns::{CLONE_NEWTIME, TYPES};
use common::procfs::check_proc;
use common::{Checkpoint, Error, Result, Step as _, ns};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{getegid, geteuid, getpid, sethostname};

use super::{enter, enter_unless_capable, unshare};
use crate::trial::{Trial, Tried, in_child};

pub(super) fn child_with_maps() -> Tried {
    // A PID in another namespace's /proc would be a stranger's.
    check_proc()?;
    let (uid, gid) = (geteuid(), getegid());
    Identity::of(getpid())?;
    let maps_written = Checkpoint::new()?;
    let trial = Trial::start(CloneFlags::CLONE_NEWUSER, || Ok(maps_written.wait()?))?;
    let child = trial.child.pid();
    write_map(child, "setgroups", "deny")?;
    write_map(child, "uid_map", &format!("0 {uid} 1"))?;
    write_map(child, "gid_map", &format!("0 {gid} 1"))?;
    maps_written.open()?;
    trial.end()
}

pub(super) fn hostname() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    in_child(CloneFlags::CLONE_NEWUTS, || {
        Ok(sethostname("doctor").step("sethostname", "doctor")?)
    })
}

pub(super) fn pid_1() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    in_child(CloneFlags::CLONE_NEWPID, || match getpid().as_raw() {
        1 => Ok(()),
        pid => Err(Error::new("getpid", pid, Errno::EINVAL).into()),
    })
}

pub(super) fn join() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    unshare(CloneFlags::CLONE_NEWUTS)?;
    let path = "/proc/self/ns/uts";
    let file = File::open(path).step("open", path)?;
    Ok(setns(&file, CloneFlags::empty()).step("setns", path)?)
}

pub(super) fn clock() -> Tried {
    const OFFSETS: &str = "/proc/self/timens_offsets";
    const DAY: u64 = 86400;
    check_proc()?;
    ns::link(getpid(), "time")?;
    holds_numbers("/proc/uptime")?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_TIME])?;
    unshare(CLONE_NEWTIME)?;
    fs::write(OFFSETS, format!("boottime {DAY} 0\n")).step("write", OFFSETS)?;
    let before = uptime()?;
    in_child(CloneFlags::empty(), || {
        match uptime()?.saturating_sub(before) {
            DAY.. => Ok(()),
            ahead => Err(Error::new("clock_gettime", ahead, Errno::ERANGE).into()),
        }
    })
}

/// In seconds.
fn uptime() -> Result<u64> {
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME).step("clock_gettime", "CLOCK_BOOTTIME")?;
    Ok(Duration::from(time).as_secs())
}

/// What a lab reads there must be there, and say something.
fn holds_numbers(path: &str) -> Tried {
    let text = fs::read_to_string(path).step("open", path)?;
    if text.contains(|character: char| character.is_ascii_digit()) {
        return Ok(());
    }
    Err(Error::new("read", path, Errno::EBADMSG).into())
}

pub(super) fn two_of_each_type() -> Tried {
    holds_numbers("/proc/meminfo")?;
    enter()?;
    enter()?;
    unshare_the_others()?;
    in_child(CloneFlags::empty(), unshare_the_others)
}

fn unshare_the_others() -> Tried {
    let others = TYPES.iter().filter(|kind| kind.name != "user");
    for kind in others {
        unshare(kind.flag)?;
    }
    Ok(())
}
