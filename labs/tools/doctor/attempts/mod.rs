//! What is tried: each type of namespace made and used, as the labs use it.

mod cgroup;
mod mounts;
mod net;
mod processes;

use std::thread::sleep;
use std::time::{Duration, Instant};

use common::credentials::{Capability, is_capable, map_to_root};
use common::ns::describe;
use common::procfs::check_proc;
use common::{Error, Result};
use nix::errno::Errno;
use nix::sched::{self, CloneFlags};
use nix::unistd::{getegid, geteuid};

use crate::trial::Tried;

/// One thing to try.
pub(crate) struct Attempt {
    /// Its name, in the table of labs and for programs that read `--json`.
    pub(crate) key: &'static str,
    /// What it tries, for a person.
    pub(crate) title: &'static str,
    /// The calls that it consists of, and where to read on.
    pub(crate) calls: &'static str,
    /// Done in a child process, in which it may leave everything as it is.
    pub(crate) work: fn() -> Tried,
}

/// Every attempt, in the order in which they are made.
#[rustfmt::skip] // One row an attempt.
pub(crate) static ATTEMPTS: [Attempt; 20] = [
    Attempt { key: "procfs", title: "a /proc that shows this process",
        work: || Ok(check_proc()?),
        calls: "readlink(/proc/self), compared with getpid()\nsee: proc(5)" },
    // How every lab but `user_ns` begins without root: each attempt of those who need
    // it begins so, too, and this one does nothing else.
    Attempt { key: "enter", title: "entering a user namespace, as root of it",
        work: enter,
        calls: "unshare(CLONE_NEWUSER), write() to setgroups, uid_map and gid_map of its own\n\
                see: user_namespaces(7)" },
    Attempt { key: "user", title: "a child in a user namespace, with ID maps",
        work: processes::child_with_maps,
        calls: "clone(CLONE_NEWUSER), write() to setgroups, uid_map and gid_map of the child\n\
                see: user_namespaces(7)" },
    Attempt { key: "uts", title: "a hostname in a UTS namespace",
        work: processes::hostname,
        calls: "clone(CLONE_NEWUTS), sethostname(\"doctor\")\nsee: uts_namespaces(7)" },
    Attempt { key: "pid", title: "PID 1 of a PID namespace",
        work: processes::pid_1,
        calls: "clone(CLONE_NEWPID), getpid() == 1\nsee: pid_namespaces(7)" },
    Attempt { key: "join", title: "joining a namespace by its file",
        work: processes::join,
        calls: "unshare(CLONE_NEWUTS), open(/proc/self/ns/uts), setns()\nsee: setns(2)" },
    Attempt { key: "mount", title: "a tmpfs in a mount namespace",
        work: mounts::tmpfs,
        calls: "unshare(CLONE_NEWNS), mount(MS_REC | MS_PRIVATE on /), mount(tmpfs on /tmp),\n\
                mount(MS_SHARED on /tmp), clone(CLONE_NEWNS)\nsee: mount_namespaces(7)" },
    Attempt { key: "idmap", title: "a tmpfs that shows other user IDs",
        work: mounts::id_mapped,
        calls: "unshare(CLONE_NEWNS), mount(MS_REC | MS_PRIVATE on /), fsopen(tmpfs),\n\
                move_mount(to /tmp), clone(CLONE_NEWUSER), open_tree(/tmp),\n\
                mount_setattr(MOUNT_ATTR_IDMAP)\nsee: mount_setattr(2)" },
    Attempt { key: "proc", title: "a fresh proc in mount and PID namespaces",
        work: mounts::proc,
        calls: "clone(CLONE_NEWPID | CLONE_NEWNS), mount(MS_REC | MS_PRIVATE on /),\n\
                mount(proc on /proc)\nsee: proc(5), mount_namespaces(7)" },
    Attempt { key: "leave", title: "a child in namespaces that unshare() made",
        work: mounts::proc_after_unshare,
        calls: "unshare(CLONE_NEWNS | CLONE_NEWPID), fork(), mount(MS_REC | MS_PRIVATE on /),\n\
                mount(proc on /proc)\nsee: unshare(2)" },
    Attempt { key: "ipc", title: "message queues in an IPC namespace",
        work: mounts::message_queues,
        calls: "unshare(CLONE_NEWIPC | CLONE_NEWNS), mount(mqueue on /dev/mqueue), msgget(),\n\
                mq_open(), read(/proc/sys/kernel/msg*), clone(CLONE_NEWIPC | CLONE_NEWNS)\n\
                see: ipc_namespaces(7), mq_overview(7)" },
    Attempt { key: "net", title: "a veth pair between two network namespaces",
        work: net::veth_pair,
        calls: "unshare(CLONE_NEWNET), clone(CLONE_NEWNET), RTM_NEWLINK (veth), RTM_NEWADDR\n\
                see: network_namespaces(7), veth(4), rtnetlink(7)" },
    Attempt { key: "ping", title: "a raw socket in a network namespace",
        work: net::ping,
        calls: "unshare(CLONE_NEWNET), socket(SOCK_RAW, IPPROTO_ICMP), an echo to 127.0.0.1\n\
                see: raw(7), icmp(7)" },
    Attempt { key: "port", title: "port 80 in a network namespace",
        work: net::port_80,
        calls: "unshare(CLONE_NEWNET), bind(127.0.0.1:80), listen()\nsee: ip(7), capabilities(7)" },
    Attempt { key: "bridge", title: "a bridge, a router and NAT by nft",
        work: net::bridge,
        calls: "unshare(CLONE_NEWNET) five times, open(/proc/self/ns/net), RTM_NEWLINK (bridge, veth),\n\
                write(/proc/sys/net/ipv4/ip_forward), nft with masquerade and dnat, setns()\n\
                see: nft(8), ip-sysctl in the kernel's documentation" },
    Attempt { key: "cgroup", title: "a cgroup namespace",
        work: cgroup::namespace,
        calls: "read(/proc/self/cgroup), unshare(CLONE_NEWCGROUP); before that, where a \
                cgroup can\nbe made, write() to its cgroup.procs\nsee: cgroup_namespaces(7)" },
    Attempt { key: "sub_cgroup", title: "a cgroup of one's own; labs do without",
        work: cgroup::sub_cgroup,
        calls: "mkdir() in /sys/fs/cgroup, write() to cgroup.procs, rmdir()\nsee: cgroups(7)" },
    Attempt { key: "time", title: "a clock a day ahead in a time namespace",
        work: processes::clock,
        calls: "unshare(CLONE_NEWTIME), write(/proc/self/timens_offsets), clone(), \
                clock_gettime(), read(/proc/uptime)\n\
                see: time_namespaces(7)" },
    Attempt { key: "container", title: "a container's namespaces, and a root",
        work: mounts::container,
        calls: "unshare(CLONE_NEWNS), open_tree(/), mount_setattr(), clone(CLONE_NEWNS | CLONE_NEWPID,\n\
                as root CLONE_NEWUSER), mount(proc on /proc), move_mount(to /tmp), unshare() of the\n\
                others, sethostname()\nsee: open_tree(2), mount_setattr(2), move_mount(2)" },
    Attempt { key: "every", title: "two of each type, in a user namespace",
        work: processes::two_of_each_type,
        calls: "unshare(CLONE_NEWUSER) twice, unshare() with each other flag, in a child \
                once more; read(/proc/meminfo)\n\
                see: namespaces(7)" },
];

impl Attempt {
    /// Whether every lab makes use of it where it works, and else does without.
    pub(crate) fn is_optional(&self) -> bool {
        self.key == "sub_cgroup"
    }
}

/// As the labs begin: without one of these capabilities, in a user namespace.
fn enter_unless_capable(needed: &[Capability]) -> Tried {
    if is_capable(needed) { Ok(()) } else { enter() }
}

/// A user namespace in which the caller is root.
fn enter() -> Tried {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    Ok(map_to_root("self", uid, gid)?)
}

/// unshare(2); a refusal names what was asked for.
pub(crate) fn unshare(flags: CloneFlags) -> Result<()> {
    const PATIENCE: Duration = Duration::from_millis(300);
    let begun = Instant::now();
    let named = |errno| Error::new("unshare", describe(flags), errno).flags(flags);
    loop {
        match sched::unshare(flags) {
            // That of the attempt before counts until the kernel has freed it, which takes
            // network namespaces some 20 ms.
            Err(Errno::ENOSPC)
                if flags.contains(CloneFlags::CLONE_NEWNET) && begun.elapsed() < PATIENCE =>
            {
                sleep(Duration::from_millis(5));
            }
            answer => return answer.map_err(named),
        }
    }
}
