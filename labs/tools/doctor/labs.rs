//! The labs, and which attempts must work for each to run.

use common::rootless::Capability;

use crate::attempts::{self as a, Attempt};
use crate::caller::Caller;

/// A lab as it is judged: in the form that the README names first.
pub(crate) struct Lab {
    pub(crate) name: &'static str,
    /// The command line of who works directly.
    direct: &'static str,
    /// That of who needs a user namespace first, where the lab does not make it itself.
    rootless: Option<&'static str>,
    /// What must work. Each attempt begins as the labs do, so that user namespaces
    /// are needed by whoever is not root without being named here.
    pub(crate) needs: &'static [&'static Attempt],
    /// It has root become an ordinary user.
    pub(crate) is_for_ordinary_users: bool,
}

pub(crate) const ALL: [Lab; 13] = [
    Lab {
        name: "uts_ns",
        direct: "uts_ns bizarro",
        needs: &[&a::UTS],
        ..LAB
    },
    Lab {
        name: "ns_exec",
        direct: "unshare -u ns_exec /proc/self/ns/uts true",
        rootless: Some("unshare -Uru ns_exec /proc/self/ns/uts true"),
        needs: &[&a::JOIN],
        ..LAB
    },
    Lab {
        name: "unshare",
        direct: "unshare -mpf --mount-proc true",
        rootless: Some("unshare -Urmpf --mount-proc true"),
        needs: &[&a::LEAVE],
        ..LAB
    },
    Lab {
        name: "pid_ns",
        direct: "pid_ns",
        needs: &[&a::PID],
        ..LAB
    },
    Lab {
        name: "init",
        direct: "init",
        needs: &[&a::PROCFS, &a::PID],
        ..LAB
    },
    Lab {
        name: "mount_proc",
        direct: "mount_proc true",
        needs: &[&a::UTS, &a::PID, &a::PROC],
        ..LAB
    },
    Lab {
        name: "mount_ns",
        direct: "mount_ns",
        needs: &[&a::PROCFS, &a::MOUNT],
        ..LAB
    },
    Lab {
        name: "net_ns",
        direct: "net_ns",
        needs: &[&a::PID, &a::NET, &a::PING, &a::PORT],
        ..LAB
    },
    Lab {
        name: "user_ns",
        direct: "user_ns",
        needs: &[&a::PROCFS, &a::USER],
        is_for_ordinary_users: true,
        ..LAB
    },
    Lab {
        name: "ipc_ns",
        direct: "ipc_ns",
        needs: &[&a::PROCFS, &a::IPC],
        ..LAB
    },
    Lab {
        name: "cgroup_ns",
        direct: "cgroup_ns",
        needs: &[&a::PROCFS, &a::CGROUP],
        ..LAB
    },
    Lab {
        name: "time_ns",
        direct: "time_ns",
        needs: &[&a::PROCFS, &a::TIME],
        ..LAB
    },
    Lab {
        name: "ns_cost",
        direct: "ns_cost --rounds 1",
        needs: &[&a::PROCFS, &a::JOIN, &a::EVERY],
        ..LAB
    },
];

const LAB: Lab = Lab {
    name: "",
    direct: "",
    rootless: None,
    needs: &[],
    is_for_ordinary_users: false,
};

impl Lab {
    /// The command line that the verdict is about.
    pub(crate) fn command(&self, caller: Caller) -> &'static str {
        match self.rootless {
            Some(rootless) if !caller.is_capable(&[Capability::CAP_SYS_ADMIN]) => rootless,
            _ => self.direct,
        }
    }
}
