//! Links, addresses and connections.

use nix::errno::Errno;

/// Hints for rtnetlink requests and sockets.
pub(super) fn hint(step: &str, _object: &str, errno: Errno) -> Option<&'static str> {
    Some(match (step, errno) {
        ("RTM_NEWLINK", Errno::EEXIST) => {
            "a link of this name exists in this network namespace already: see `ip link list`"
        }
        ("RTM_NEWLINK", Errno::EOPNOTSUPP) => "the kernel has no veth: sudo modprobe veth",
        ("RTM_NEWLINK" | "RTM_NEWADDR", Errno::EPERM) => {
            "configuring a network namespace needs CAP_NET_ADMIN in the user namespace that owns \
             it: `just doctor` says who takes it away"
        }
        ("bind", Errno::EADDRINUSE) => "another server holds the port: see `ss -ltnp`",
        ("bind", Errno::EACCES) => "ports below 1024 need CAP_NET_BIND_SERVICE: use sudo",
        ("recv" | "connect" | "ping", Errno::ETIMEDOUT | Errno::EHOSTUNREACH | Errno::EAGAIN) => {
            "no answer in time: a firewall may drop it, see `nft list ruleset` or `iptables -L`"
        }
        ("sendto" | "connect", _) => {
            "a routing rule or a firewall of this namespace refuses the address: see `ip rule` and \
             `ip route get ADDRESS`"
        }
        ("operstate", Errno::ETIMEDOUT) => "the link did not change its state: see `ip link list`",
        _ => return None,
    })
}
