//! A time namespace in which a child's clock is a day ahead.

use std::fs;

use common::rootless::Capability;
use common::{Error, Step as _, namespace};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::getpid;

use super::{Attempt, enter_unless_capable};
use crate::trial::{Tried, in_child};

pub(crate) static TIME: Attempt = Attempt {
    key: "time",
    title: "a clock a day ahead in a time namespace",
    calls: "unshare(CLONE_NEWTIME), write(/proc/self/timens_offsets), clone(), clock_gettime()\n\
            see: time_namespaces(7)",
    work: time,
};

const OFFSETS: &str = "/proc/self/timens_offsets";
const DAY: i64 = 86400;

fn time() -> Tried {
    namespace::check_proc()?;
    namespace::link(getpid(), "time")?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_TIME])?;
    unshare(namespace::CLONE_NEWTIME).step("unshare", "CLONE_NEWTIME")?;
    fs::write(OFFSETS, format!("boottime {DAY} 0\n")).step("write", OFFSETS)?;
    let before = seconds()?;
    in_child(CloneFlags::empty(), || match seconds()? - before {
        DAY.. => Ok(()),
        ahead => Err(Error::new("clock_gettime", ahead, Errno::ERANGE).into()),
    })
}

fn seconds() -> common::Result<i64> {
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME).step("clock_gettime", "CLOCK_BOOTTIME")?;
    Ok(time.tv_sec())
}
