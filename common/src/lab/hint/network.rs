//! Links, addresses and connections.

use nix::errno::Errno;

/// Hints for rtnetlink requests and sockets.
pub(super) fn hint(step: &str, object: &str, errno: Errno) -> Option<&'static str> {
    Some(match (step, errno) {
        ("RTM_NEWLINK", Errno::EEXIST) => {
            "a link of this name exists in this network namespace already: see `ip link list`"
        }
        ("RTM_NEWLINK", Errno::EOPNOTSUPP) if object == "br0" => {
            "the kernel has no bridge: sudo modprobe bridge"
        }
        ("RTM_NEWLINK", Errno::EOPNOTSUPP) => "the kernel has no veth: sudo modprobe veth",
        ("RTM_NEWLINK" | "RTM_NEWADDR", Errno::EPERM) => {
            "configuring a network namespace needs CAP_NET_ADMIN in the user namespace that owns \
             it: `just doctor` says who takes it away"
        }
        ("socket", Errno::EAFNOSUPPORT) => {
            "the kernel has no such sockets, or they are kept from this program: in a systemd unit \
             see RestrictAddressFamilies="
        }
        ("pidfd_getfd" | "SIOCGSKNS", Errno::EBADF | Errno::ENOTTY) => {
            "that process has no socket of this number: see `ls -l /proc/PID/fd`"
        }
        ("bind", Errno::EADDRINUSE) => "another server holds the port: see `ss -ltnp`",
        ("bind", Errno::EACCES) => "ports below 1024 need CAP_NET_BIND_SERVICE: use sudo",
        ("connect", Errno::ECONNREFUSED) => {
            "who has the address serves no such port: an interface of this namespace has it, too \
             (`ip -4 address`), or a firewall rejects it (`nft list ruleset`)"
        }
        ("recv" | "connect" | "ping", Errno::EHOSTUNREACH) => {
            "a route leads elsewhere (`ip route get ADDRESS`), or a firewall rejects it \
             (`nft list ruleset`)"
        }
        ("recv" | "connect" | "ping", Errno::ETIMEDOUT | Errno::EAGAIN) => {
            "no answer in time: a firewall drops it (`nft list ruleset`), or one side answers no \
             echo (/proc/sys/net/ipv4/icmp_echo_ignore_all), or has the address elsewhere, too \
             (`ip route get ADDRESS`)"
        }
        ("sendto" | "connect", _) => {
            "a routing rule or a firewall of this namespace refuses the address: see `ip rule` and \
             `ip route get ADDRESS`"
        }
        ("operstate", Errno::ETIMEDOUT) => "the link did not change its state: see `ip link list`",
        _ => return None,
    })
}
