//! What the machine that runs the tests may not have: tunnels, and broken answers.

use netlink_packet_route::link::LinkFlags;

use super::link::{self, Link};
use super::link_list::Links;
use super::message::{Message, messages};
use super::route;

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// RTM_NEWLINK of a link that is down, without its netlink header.
fn tunnel(arphrd: u16, flags: LinkFlags, address: &[u8], peer: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend(arphrd.to_ne_bytes());
    bytes.extend(7_u32.to_ne_bytes());
    bytes.extend(flags.bits().to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend(attribute(libc::IFLA_IFNAME, b"tun7\0"));
    bytes.extend(attribute(libc::IFLA_MTU, &1480_u32.to_ne_bytes()));
    bytes.extend(attribute(libc::IFLA_LINK, &0_u32.to_ne_bytes()));
    bytes.extend(attribute(libc::IFLA_OPERSTATE, &[2]));
    bytes.extend(attribute(libc::IFLA_ADDRESS, address));
    bytes.extend(attribute(libc::IFLA_BROADCAST, peer));
    bytes
}

fn parsed(payload: &[u8]) -> Option<Link> {
    let message = Message {
        kind: libc::RTM_NEWLINK,
        flags: 0,
        sequence: 0,
        payload,
    };
    link::parse(&message).ok().flatten()
}

fn printed(payload: &[u8]) -> String {
    let links = parsed(payload).into_iter().collect();
    Links {
        links,
        netns_names: Vec::new(),
    }
    .to_string()
}

#[test]
fn a_tunnel_has_ip_addresses() {
    assert_eq!(
        printed(&tunnel(768, LinkFlags::Noarp, &[0; 4], &[0; 4])),
        "7: tun7@NONE: <NOARP> mtu 1480 state DOWN \n    link/ipip 0.0.0.0 brd 0.0.0.0\n"
    );
    let flags = LinkFlags::Pointopoint | LinkFlags::Noarp;
    assert_eq!(
        printed(&tunnel(778, flags, &[10, 0, 0, 1], &[10, 0, 0, 2])),
        "7: tun7@NONE: <POINTOPOINT,NOARP> mtu 1480 state DOWN \n    \
         link/gre 10.0.0.1 peer 10.0.0.2\n"
    );
    assert!(
        printed(&tunnel(769, flags, &[0; 16], &[0; 16])).ends_with("link/tunnel6 :: peer ::\n")
    );
    assert!(printed(&tunnel(519, flags, &[], &[])).ends_with("link/[519] \n"));
}

#[test]
fn an_answer_cut_off_anywhere_is_refused_or_shorter() {
    let payload = tunnel(1, LinkFlags::Up, &[2; 6], &[255; 6]);
    for length in 0..payload.len() {
        let cut = payload.get(..length).unwrap_or_default();
        assert!(parsed(cut).is_none_or(|link| link.index == 7));
        let message = Message {
            kind: libc::RTM_NEWROUTE,
            flags: 0,
            sequence: 0,
            payload: cut,
        };
        let _ = route::parse(&message);
        // A datagram that is no message at all ends with an error, not in a loop.
        assert!(messages(cut).count() <= 1 + cut.len() / 16);
    }
}
