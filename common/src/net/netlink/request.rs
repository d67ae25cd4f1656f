//! Requests that change links and addresses, named as `ip` names them.

use std::fmt;
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd as _;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::unistd::Pid;

/// One message for [`Rtnetlink::batch`](super::Rtnetlink::batch), and the words for its failure.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) step: &'static str,
    pub(super) object: String,
    pub(super) flags: u16,
    pub(super) message: RouteNetlinkMessage,
}

impl Request {
    fn new(object: impl fmt::Display, flags: u16, message: RouteNetlinkMessage) -> Self {
        let step = match &message {
            RouteNetlinkMessage::NewAddress(_) => "RTM_NEWADDR",
            RouteNetlinkMessage::DelLink(_) => "RTM_DELLINK",
            RouteNetlinkMessage::NewRoute(_) => "RTM_NEWROUTE",
            _ => "RTM_NEWLINK",
        };
        Self {
            step,
            object: object.to_string(),
            flags,
            message,
        }
    }
}

/// The network namespace in which the peer of a veth pair is born.
#[derive(Clone, Debug)]
pub struct PeerNetns(LinkAttribute);

/// That of a process, by its PID in the caller's PID namespace.
impl From<Pid> for PeerNetns {
    fn from(pid: Pid) -> Self {
        Self(LinkAttribute::NetNsPid(pid.as_raw().unsigned_abs()))
    }
}

/// That of a file such as `/proc/PID/ns/net`, which is open still when the request is sent.
impl From<&File> for PeerNetns {
    fn from(namespace: &File) -> Self {
        Self(LinkAttribute::NetNsFd(namespace.as_raw_fd()))
    }
}

/// `ip link add NAME [index INDEX] up type veth peer name PEER netns PID`: a veth
/// pair in one request, see veth(4).
///
/// `name` appears here and is up at once; `peer` is born, down, in the network
/// namespace `peer_netns` and has never been in the caller's. With an `index` that the
/// caller chose, the requests that need it (such as [`add_address`]) fit the same batch.
///
/// Kernel's answers: EEXIST (one of the names is taken where it is to appear),
/// EBUSY (the index is), ESRCH (no such process), ERANGE (a name of more than 15
/// bytes), EINVAL (a name with `/`, `:` or white space), EOPNOTSUPP (no veth in
/// this kernel), EPERM (no CAP_NET_ADMIN over one of the two namespaces).
pub fn add_veth(
    name: &str,
    peer: &str,
    peer_netns: impl Into<PeerNetns>,
    index: Option<u32>,
) -> Request {
    let mut inside = LinkMessage::default();
    let PeerNetns(peer_netns) = peer_netns.into();
    inside.attributes.extend([interface_name(peer), peer_netns]);

    let mut link = up(name);
    link.header.index = index.unwrap_or_default();
    link.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(inside))),
    ]));
    Request::new(
        name,
        NLM_F_CREATE | NLM_F_EXCL,
        RouteNetlinkMessage::NewLink(link),
    )
}

/// `ip link add NAME up address MAC type bridge`: a switch without ports yet. Without an
/// address it would take the lowest of its ports'.
///
/// Kernel's answers: as for [`add_veth`]; EOPNOTSUPP: no bridge in this kernel.
pub fn add_bridge(name: &str, mac: [u8; 6]) -> Request {
    let mut link = up(name);
    let kind = vec![LinkInfo::Kind(InfoKind::Bridge)];
    link.attributes.extend([
        LinkAttribute::Address(mac.to_vec()),
        LinkAttribute::LinkInfo(kind),
    ]);
    Request::new(
        name,
        NLM_F_CREATE | NLM_F_EXCL,
        RouteNetlinkMessage::NewLink(link),
    )
}

/// `ip link set NAME master M`, M being the bridge of that index: makes the link a port of it.
///
/// Kernel's answers: ENODEV (no such link), EINVAL (no bridge, or a link that cannot be
/// a port), EPERM (no CAP_NET_ADMIN).
pub fn set_master(name: &str, bridge: u32) -> Request {
    let mut link = LinkMessage::default();
    link.attributes
        .extend([interface_name(name), LinkAttribute::Controller(bridge)]);
    Request::new(name, 0, RouteNetlinkMessage::NewLink(link))
}

/// `ip route add default via GATEWAY`.
///
/// Kernel's answers: ENETUNREACH (no link leads to the gateway), EEXIST (there is a
/// default route already), EPERM (no CAP_NET_ADMIN).
pub fn add_default_route(gateway: Ipv4Addr) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Boot;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    message
        .attributes
        .push(RouteAttribute::Gateway(RouteAddress::Inet(gateway)));
    Request::new(
        format!("default via {gateway}"),
        NLM_F_CREATE | NLM_F_EXCL,
        RouteNetlinkMessage::NewRoute(message),
    )
}

/// `ip link set NAME up`.
///
/// Kernel's answers: ENODEV (no such link), EPERM (no CAP_NET_ADMIN), ERANGE (a
/// name of more than 15 bytes).
pub fn link_up(name: &str) -> Request {
    Request::new(name, 0, RouteNetlinkMessage::NewLink(up(name)))
}

/// `ip address add ADDRESS/PREFIX_LEN dev D`, D being the link of that index: no
/// broadcast address, and scope global, for 127.0.0.0/8 scope host.
///
/// Kernel's answers: EEXIST (the link has that address already), ENODEV (no link
/// of that index), EINVAL (a prefix longer than 32), EPERM (no CAP_NET_ADMIN).
pub fn add_address(index: u32, address: Ipv4Addr, prefix_len: u8) -> Request {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = prefix_len;
    message.header.index = index;
    if address.is_loopback() {
        message.header.scope = AddressScope::Host;
    }
    // On a link that isn't point-to-point, the kernel wants the address twice: as
    // the end of the link that is its own (local), and as what the prefix is of.
    message
        .attributes
        .push(AddressAttribute::Local(address.into()));
    message
        .attributes
        .push(AddressAttribute::Address(address.into()));
    let object = format!("{address}/{prefix_len}");
    Request::new(
        object,
        NLM_F_CREATE | NLM_F_EXCL,
        RouteNetlinkMessage::NewAddress(message),
    )
}

/// `ip link delete NAME`; of a veth pair, both ends go.
///
/// Kernel's answers: ENODEV (no such link), EOPNOTSUPP (a link that only its
/// driver can remove, such as lo), EPERM (no CAP_NET_ADMIN).
pub fn delete_link(name: &str) -> Request {
    let mut link = LinkMessage::default();
    link.attributes.push(interface_name(name));
    Request::new(name, 0, RouteNetlinkMessage::DelLink(link))
}

/// A link named by its name and asked to be up.
fn up(name: &str) -> LinkMessage {
    let mut link = LinkMessage::default();
    link.header.flags = LinkFlags::Up;
    link.header.change_mask = LinkFlags::Up;
    link.attributes.push(interface_name(name));
    link
}

/// IFLA_IFNAME. Of a name that is too long as much is sent as the kernel needs to
/// refuse it itself: an attribute has room for 64 KiB, an argument may have more.
pub(super) fn interface_name(name: &str) -> LinkAttribute {
    LinkAttribute::IfName(name.chars().take(libc::IFNAMSIZ).collect())
}
