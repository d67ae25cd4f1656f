//! One link, as RTM_NEWLINK describes it.

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkHeader, LinkMessage};
use nix::errno::Errno;

use super::hardware;
use super::message::{Message, Outcome, attributes, number, text};
use super::request::interface_name;

/// The flags of a link, IFF_UP and others; see netdevice(7).
pub use netlink_packet_route::link::LinkFlags;
/// The operational state of a link after RFC 2863, which `ip` prints as `state`.
pub use netlink_packet_route::link::State as OperState;

/// The length of `struct ifinfomsg`.
const HEADER: usize = 16;

/// A link (network interface) of one network namespace.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its index, unique in its namespace.
    pub index: u32,
    /// Its name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// Its flags.
    pub flags: LinkFlags,
    /// Its operational state.
    pub operstate: OperState,
    /// Its hardware address: six bytes on Ethernet, none for some tunnels.
    pub mac: Vec<u8>,
    /// The largest packet it carries, in bytes.
    pub mtu: u32,
    pub(super) arphrd: u16,
    pub(super) broadcast: Vec<u8>,
    pub(super) permanent: Vec<u8>,
    /// The index of the other end, or of the link below; 0 is "none, but could have".
    pub(super) iflink: Option<u32>,
    /// The namespace of `iflink` by its number in this one, where it is another.
    pub(super) netns_id: Option<i32>,
    pub(super) qdisc: Option<String>,
    pub(super) master: Option<u32>,
    pub(super) mode: Option<u8>,
    pub(super) group: Option<u32>,
    pub(super) queue_length: u32,
    pub(super) proto_down: bool,
    pub(super) alias: Option<String>,
    pub(super) altnames: Vec<String>,
}

impl Link {
    /// Whether the link was raised (IFF_UP); it can be so without a carrier.
    pub fn is_up(&self) -> bool {
        self.flags.contains(LinkFlags::Up)
    }

    /// The hardware address as `ip` prints it: `02:fc:00:00:00:01`.
    pub fn mac(&self) -> String {
        hardware::address(&self.mac, self.arphrd)
    }

    fn new(header: &LinkHeader, arphrd: u16) -> Self {
        Self {
            index: header.index,
            name: String::new(),
            flags: header.flags,
            operstate: OperState::Unknown,
            mac: Vec::new(),
            mtu: 0,
            arphrd,
            broadcast: Vec::new(),
            permanent: Vec::new(),
            iflink: None,
            netns_id: None,
            qdisc: None,
            master: None,
            mode: None,
            group: None,
            queue_length: 0,
            proto_down: false,
            alias: None,
            altnames: Vec::new(),
        }
    }

    fn set(&mut self, kind: u16, value: &[u8]) -> Outcome<()> {
        match kind {
            libc::IFLA_IFNAME => self.name = text(value),
            libc::IFLA_OPERSTATE => self.operstate = byte(value)?.into(),
            libc::IFLA_ADDRESS => self.mac = value.to_vec(),
            libc::IFLA_BROADCAST => self.broadcast = value.to_vec(),
            libc::IFLA_PERM_ADDRESS => self.permanent = value.to_vec(),
            libc::IFLA_MTU => self.mtu = number(value)?,
            libc::IFLA_LINK => self.iflink = Some(number(value)?),
            libc::IFLA_LINK_NETNSID => self.netns_id = Some(signed(number(value)?)),
            libc::IFLA_QDISC => self.qdisc = Some(text(value)),
            libc::IFLA_MASTER => self.master = Some(number(value)?),
            libc::IFLA_LINKMODE => self.mode = Some(byte(value)?),
            libc::IFLA_GROUP => self.group = Some(number(value)?),
            libc::IFLA_TXQLEN => self.queue_length = number(value)?,
            libc::IFLA_PROTO_DOWN => self.proto_down = byte(value)? != 0,
            libc::IFLA_IFALIAS => self.alias = Some(text(value)),
            libc::IFLA_PROP_LIST => {
                for property in attributes(value) {
                    if let (libc::IFLA_ALT_IFNAME, name) = property? {
                        self.altnames.push(text(name));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads RTM_NEWLINK.
///
/// The attributes are taken one by one instead of through `LinkMessage`, which
/// decodes every attribute of every driver and fails as a whole where one of them
/// is new or odd.
pub(super) fn parse(message: &Message<'_>) -> Outcome<Option<Link>> {
    if message.kind != libc::RTM_NEWLINK {
        return Ok(None);
    }
    let header = LinkHeader::parse(message.payload).map_err(|_| Errno::EBADMSG)?;
    let (fixed, rest) = message
        .payload
        .split_at_checked(HEADER)
        .ok_or(Errno::EBADMSG)?;
    let arphrd = fixed.get(2..4).and_then(|bytes| bytes.try_into().ok());
    let mut link = Link::new(
        &header,
        arphrd.map(u16::from_ne_bytes).ok_or(Errno::EBADMSG)?,
    );
    for attribute in attributes(rest) {
        let (kind, value) = attribute?;
        link.set(kind, value)?;
    }
    Ok(Some(link))
}

/// RTM_GETLINK for the link of that name.
pub(super) fn by_name(name: &str) -> RouteNetlinkMessage {
    query(0, Some(interface_name(name)))
}

/// RTM_GETLINK for the link of that index.
pub(super) fn by_index(index: u32) -> RouteNetlinkMessage {
    query(index, None)
}

/// RTM_GETLINK for a dump of all links.
pub(super) fn all() -> RouteNetlinkMessage {
    query(0, None)
}

fn query(index: u32, name: Option<LinkAttribute>) -> RouteNetlinkMessage {
    let mut link = LinkMessage::default();
    link.header.index = index;
    link.attributes.extend(name);
    // The counters are most of an answer and nobody here reads them.
    link.attributes
        .push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    RouteNetlinkMessage::GetLink(link)
}

fn byte(value: &[u8]) -> Outcome<u8> {
    value.first().copied().ok_or(Errno::EBADMSG)
}

fn signed(number: u32) -> i32 {
    i32::from_ne_bytes(number.to_ne_bytes())
}
