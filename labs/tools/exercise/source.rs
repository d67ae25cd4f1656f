//! Where a fact was read, in words that a learner can follow.

use crate::world::Process;

pub(crate) fn source(of: &Process, name: &str, argument: &str) -> String {
    let pid = of.pid;
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    match first {
        "ns" => format!("/proc/{pid}/ns/{rest}"),
        "owner" => format!("NS_GET_USERNS of /proc/{pid}/ns/{rest}"),
        "parent" => format!("NS_GET_PARENT of /proc/{pid}/ns/{rest}"),
        "uid_map" | "gid_map" => format!("/proc/{pid}/{first}"),
        "args" | "argument" => format!("/proc/{pid}/cmdline"),
        "creator" => format!("NS_GET_OWNER_UID of /proc/{pid}/ns/user"),
        "listens" => format!("/proc/{pid}/net/tcp"),
        "gateway" => format!("/proc/{pid}/net/route"),
        "links" => format!("the interfaces in /proc/{pid}/ns/net"),
        "ports" => format!("the ports of {argument} in /proc/{pid}/ns/net"),
        "queues" => format!("/proc/sysvipc/msg in /proc/{pid}/ns/ipc"),
        "sysctl" => format!("{argument} in the namespace of process {pid}"),
        "cgroup_inside" => format!("/proc/{pid}/cgroup in /proc/{pid}/ns/cgroup"),
        "owner_of" => format!("/proc/{pid}/root{argument}"),
        "hostname" => format!("gethostname() in /proc/{pid}/ns/uts"),
        "address" => format!("the addresses in /proc/{pid}/ns/net"),
        "echo" => format!("an ICMP echo to {argument} from /proc/{pid}/ns/net"),
        "root" => format!("mountinfo in /proc/{pid}/ns/mnt"),
        "file" => format!("/proc/{pid}/root{argument}"),
        "proc" | "own_proc" => format!("/proc/{pid}/root/proc"),
        "master" | "shared" | "mounted" | "flags" => format!("{argument} in /proc/{pid}/mountinfo"),
        "zombies" => format!("State of the processes in /proc/{pid}/ns/pid"),
        "boottime" | "monotonic" => format!("/proc/{pid}/timens_offsets"),
        _ => format!("/proc/{pid}/status"),
    }
}
