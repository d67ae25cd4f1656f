//! What takes no more than a process: a hostname, PID 1, joining and leaving; and
//! the /proc that all of them read.

use std::fs::File;

use common::clone::describe;
use common::namespace::{self, TYPES};
use common::own_proc::mount_own_proc;
use common::rootless::Capability;
use common::{Error, Step as _};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{getpid, sethostname};

use super::{Attempt, enter, enter_unless_capable};
use crate::trial::{Tried, in_child};

pub(crate) static PROCFS: Attempt = Attempt {
    key: "procfs",
    title: "a /proc that shows this process",
    calls: "readlink(/proc/self), compared with getpid()\nsee: proc(5)",
    work: || Ok(namespace::check_proc()?),
};

pub(crate) static UTS: Attempt = Attempt {
    key: "uts",
    title: "a hostname in a UTS namespace",
    calls: "clone(CLONE_NEWUTS), sethostname(\"doctor\")\nsee: uts_namespaces(7)",
    work: || {
        enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
        in_child(CloneFlags::CLONE_NEWUTS, || {
            Ok(sethostname("doctor").step("sethostname", "doctor")?)
        })
    },
};

pub(crate) static PID: Attempt = Attempt {
    key: "pid",
    title: "PID 1 of a PID namespace",
    calls: "clone(CLONE_NEWPID), getpid() == 1\nsee: pid_namespaces(7)",
    work: || {
        enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
        in_child(CloneFlags::CLONE_NEWPID, || match getpid().as_raw() {
            1 => Ok(()),
            pid => Err(Error::new("getpid", pid, Errno::EINVAL).into()),
        })
    },
};

pub(crate) static JOIN: Attempt = Attempt {
    key: "join",
    title: "joining a namespace by its file",
    calls: "unshare(CLONE_NEWUTS), open(/proc/self/ns/uts), setns()\nsee: setns(2)",
    work: || {
        enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
        unshare(CloneFlags::CLONE_NEWUTS).step("unshare", "CLONE_NEWUTS")?;
        let path = "/proc/self/ns/uts";
        let file = File::open(path).step("open", path)?;
        Ok(setns(&file, CloneFlags::empty()).step("setns", path)?)
    },
};

pub(crate) static EVERY: Attempt = Attempt {
    key: "every",
    title: "two of each type, in a user namespace",
    calls: "unshare(CLONE_NEWUSER) twice, unshare() with each other flag, in a child once more\n\
            see: namespaces(7)",
    work: || {
        enter()?;
        enter()?;
        unshare_the_others()?;
        in_child(CloneFlags::empty(), unshare_the_others)
    },
};

fn unshare_the_others() -> Tried {
    let others = TYPES.iter().filter(|kind| kind.name != "user");
    for kind in others {
        unshare(kind.flag).step("unshare", describe(kind.flag))?;
    }
    Ok(())
}

pub(crate) static LEAVE: Attempt = Attempt {
    key: "leave",
    title: "a child in namespaces that unshare() made",
    calls: "unshare(CLONE_NEWNS | CLONE_NEWPID), fork(), mount(MS_REC | MS_PRIVATE on /),\n\
            mount(proc on /proc)\nsee: unshare(2)",
    work: || {
        enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
        let flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
        unshare(flags).step("unshare", describe(flags))?;
        in_child(CloneFlags::empty(), || Ok(mount_own_proc()?))
    },
};
