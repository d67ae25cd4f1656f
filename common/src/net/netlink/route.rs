//! IPv4 routes, as RTM_NEWROUTE describes them.

use std::fmt;
use std::net::Ipv4Addr;

use netlink_packet_route::route::{RouteHeader, RouteMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;

use super::message::{Message, Outcome, attributes, number};

/// The length of `struct rtmsg`.
const HEADER: usize = 12;
/// What iproute2 says of a next hop, in its order, by the bits of linux/rtnetlink.h.
const FLAGS: [(u32, &str); 3] = [(1 << 0, "dead"), (1 << 2, "onlink"), (1 << 4, "linkdown")];

/// What goes without saying: a route to hosts, made by hand, that leads anywhere.
const RTN_UNICAST: u8 = 1;
const RTPROT_BOOT: u8 = 3;
const RT_SCOPE_UNIVERSE: u8 = 0;
/// The words of iproute2 for the types (RTN_*) that a main table can hold …
const TYPES: [(u8, &str); 8] = [
    (2, "local"),
    (3, "broadcast"),
    (4, "anycast"),
    (5, "multicast"),
    (6, "blackhole"),
    (7, "unreachable"),
    (8, "prohibit"),
    (9, "throw"),
];
/// … for who made a route (RTPROT_*) …
const PROTOCOLS: [(u8, &str); 6] = [
    (0, "unspec"),
    (1, "redirect"),
    (2, "kernel"),
    (4, "static"),
    (9, "ra"),
    (16, "dhcp"),
];
/// … and for how far it leads (RT_SCOPE_*).
const SCOPES: [(u8, &str); 4] = [
    (200, "site"),
    (253, "link"),
    (254, "host"),
    (255, "nowhere"),
];

/// A route of the main table.
///
/// Printed, it is the line of `ip route list`, without the space that iproute2
/// leaves at its end. Left out: next hops of a multipath route, metrics such as
/// mtu, realms and the rest of what an administrator can add; routing daemons go
/// by their number.
#[derive(Clone, Debug)]
pub struct Route {
    /// The network that it leads to.
    pub network: Ipv4Addr,
    /// The length of the network's prefix in bits, 0 to 32.
    pub prefix_len: u8,
    /// The name of the link that it leaves by.
    pub device: Option<String>,
    /// The next hop; none for a network that the link itself reaches.
    pub gateway: Option<Ipv4Addr>,
    /// The source address for connections that take this route.
    pub source: Option<Ipv4Addr>,
    pub(super) index: Option<u32>,
    kind: u8,
    protocol: u8,
    scope: u8,
    metric: Option<u32>,
    flags: u32,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != RTN_UNICAST {
            write!(f, "{} ", word(&TYPES, self.kind))?;
        }
        match self.prefix_len {
            0 if self.network.is_unspecified() => f.write_str("default")?,
            32 => write!(f, "{}", self.network)?,
            length => write!(f, "{}/{length}", self.network)?,
        }
        if let Some(gateway) = self.gateway {
            write!(f, " via {gateway}")?;
        }
        if let Some(device) = &self.device {
            write!(f, " dev {device}")?;
        }
        if self.protocol != RTPROT_BOOT {
            write!(f, " proto {}", word(&PROTOCOLS, self.protocol))?;
        }
        if self.scope != RT_SCOPE_UNIVERSE {
            write!(f, " scope {}", word(&SCOPES, self.scope))?;
        }
        if let Some(source) = self.source {
            write!(f, " src {source}")?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        for (_, word) in FLAGS.iter().filter(|(bit, _)| self.flags & bit != 0) {
            write!(f, " {word}")?;
        }
        Ok(())
    }
}

/// RTM_GETROUTE for a dump of the IPv4 routes in the main table.
pub(super) fn main_table() -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    RouteNetlinkMessage::GetRoute(message)
}

/// Reads RTM_NEWROUTE; a route of another table is none.
pub(super) fn parse(message: &Message<'_>) -> Outcome<Option<Route>> {
    if message.kind != libc::RTM_NEWROUTE {
        return Ok(None);
    }
    let header = RouteHeader::parse(message.payload).map_err(|_| Errno::EBADMSG)?;
    let rest = message.payload.get(HEADER..).ok_or(Errno::EBADMSG)?;
    let mut route = Route {
        network: Ipv4Addr::UNSPECIFIED,
        prefix_len: header.destination_prefix_length,
        device: None,
        gateway: None,
        source: None,
        index: None,
        kind: header.kind.into(),
        protocol: header.protocol.into(),
        scope: header.scope.into(),
        metric: None,
        flags: header.flags.bits(),
    };
    for attribute in attributes(rest) {
        match attribute? {
            (libc::RTA_DST, value) => route.network = address(value)?,
            (libc::RTA_GATEWAY, value) => route.gateway = Some(address(value)?),
            (libc::RTA_PREFSRC, value) => route.source = Some(address(value)?),
            (libc::RTA_OIF, value) => route.index = Some(number(value)?),
            (libc::RTA_PRIORITY, value) => route.metric = Some(number(value)?),
            _ => {}
        }
    }
    let ours =
        header.address_family == AddressFamily::Inet && header.table == RouteHeader::RT_TABLE_MAIN;
    Ok(ours.then_some(route))
}

fn address(value: &[u8]) -> Outcome<Ipv4Addr> {
    <[u8; 4]>::try_from(value)
        .map(Ipv4Addr::from)
        .map_err(|_| Errno::EBADMSG)
}

/// The word for a number, or the number where there is none.
fn word(words: &[(u8, &str)], number: u8) -> String {
    let known = words.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| number.to_string(), |(_, word)| (*word).to_owned())
}
