//! The forwarding database of a bridge, as RTM_NEWNEIGH describes it.

use netlink_packet_route::neighbour::{
    NeighbourAttribute, NeighbourHeader, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;

use super::hardware;
use super::message::{Message, Outcome, attributes};

/// The length of `struct ndmsg`.
const HEADER: usize = 12;
/// NDA_LLADDR of linux/neighbour.h.
const NDA_LLADDR: u16 = 2;
/// The type of every link that can be a port.
const ARPHRD_ETHER: u16 = 1;

/// An address that a bridge has learned from a frame.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The hardware address that the frame came from.
    pub mac: Vec<u8>,
    /// The name of the port that it came in by.
    pub port: String,
    pub(super) index: u32,
}

impl Learned {
    /// The address as `ip` prints it: `02:fc:00:00:00:01`.
    pub fn mac(&self) -> String {
        hardware::address(&self.mac, ARPHRD_ETHER)
    }
}

/// RTM_GETNEIGH for a dump of what one bridge knows.
pub(super) fn table(bridge: u32) -> RouteNetlinkMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message
        .attributes
        .push(NeighbourAttribute::Controller(bridge));
    RouteNetlinkMessage::GetNeighbour(message)
}

/// Reads RTM_NEWNEIGH; an address that is there without having been learned, such as a
/// port's own, is none.
pub(super) fn parse(message: &Message<'_>) -> Outcome<Option<Learned>> {
    if message.kind != libc::RTM_NEWNEIGH {
        return Ok(None);
    }
    let header = NeighbourHeader::parse(message.payload).map_err(|_| Errno::EBADMSG)?;
    let rest = message.payload.get(HEADER..).ok_or(Errno::EBADMSG)?;
    let mut mac = Vec::new();
    for attribute in attributes(rest) {
        if let (NDA_LLADDR, value) = attribute? {
            mac = value.to_vec();
        }
    }
    let is_learned = header.state != NeighbourState::Permanent;
    Ok(is_learned.then_some(Learned {
        mac,
        port: String::new(),
        index: header.ifindex,
    }))
}
