//! Links, addresses and connections.

use nix::errno::Errno;

/// Hints for rtnetlink requests and sockets.
pub(super) fn hint(step: &str, _object: &str, errno: Errno) -> Option<&'static str> {
    Some(match (step, errno) {
        ("RTM_NEWLINK", Errno::EEXIST) => {
            "veth0 exists in this network namespace already, perhaps of another run with --host: \
             wait for its end, or leave --host out; one that is nobody's: ip link del veth0"
        }
        ("RTM_NEWLINK", Errno::EOPNOTSUPP) => "the kernel has no veth: sudo modprobe veth",
        ("RTM_NEWLINK" | "RTM_NEWADDR", Errno::EPERM) => {
            "configuring a network namespace needs CAP_NET_ADMIN in the user namespace that owns \
             it: `just doctor` says who takes it away"
        }
        ("bind", Errno::EADDRINUSE) => {
            "another server holds port 80, see `ss -ltnp 'sport = 80'`: end it, or leave --host out"
        }
        ("bind", Errno::EACCES) => "ports below 1024 need CAP_NET_BIND_SERVICE: use sudo",
        ("recv" | "connect" | "ping", Errno::ETIMEDOUT | Errno::EHOSTUNREACH | Errno::EAGAIN) => {
            "no answer within two seconds: a firewall may drop it, see `nft list ruleset` or \
             `iptables -L`; leave --host out to do without the host's"
        }
        ("sendto" | "connect", _) => {
            "a routing rule or a firewall of this namespace refuses the address: see `ip rule` and \
             `ip route get ADDRESS`; leave --host out to do without the host's"
        }
        ("operstate", Errno::ETIMEDOUT) => "the link did not change its state: see `ip link list`",
        _ => return None,
    })
}
