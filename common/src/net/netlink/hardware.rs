//! Link-layer types and addresses in the words of iproute2.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The types (ARPHRD_* of linux/if_arp.h) that iproute2 6.1 has a word for.
const NAMES: [(u16, &str); 62] = [
    (0, "netrom"),
    (1, "ether"),
    (2, "eether"),
    (3, "ax25"),
    (4, "pronet"),
    (5, "chaos"),
    (6, "ieee802"),
    (7, "arcnet"),
    (8, "atalk"),
    (15, "dlci"),
    (19, "atm"),
    (23, "metricom"),
    (24, "ieee1394"),
    (32, "infiniband"),
    (256, "slip"),
    (257, "cslip"),
    (258, "slip6"),
    (259, "cslip6"),
    (260, "rsrvd"),
    (264, "adapt"),
    (270, "rose"),
    (271, "x25"),
    (272, "hwx25"),
    (280, "can"),
    (512, "ppp"),
    (513, "hdlc"),
    (516, "lapb"),
    (517, "ddcmp"),
    (518, "rawhdlc"),
    (768, "ipip"),
    (769, "tunnel6"),
    (770, "frad"),
    (771, "skip"),
    (772, "loopback"),
    (773, "ltalk"),
    (774, "fddi"),
    (775, "bif"),
    (776, "sit"),
    (777, "ip/ddp"),
    (778, "gre"),
    (779, "pimreg"),
    (780, "hippi"),
    (781, "ash"),
    (782, "econet"),
    (783, "irda"),
    (784, "fcpp"),
    (785, "fcal"),
    (786, "fcpl"),
    (800, "tr"),
    (801, "ieee802.11"),
    (802, "ieee802.11/prism"),
    (803, "ieee802.11/radiotap"),
    (804, "ieee802.15.4"),
    (805, "ieee802.15.4/monitor"),
    (820, "phonet"),
    (821, "phonet_pipe"),
    (822, "caif"),
    (823, "gre6"),
    (824, "netlink"),
    (825, "6lowpan"),
    (0xfffe, "none"),
    (0xffff, "void"),
];

/// The types whose addresses are IPv4 addresses: ipip, sit, gre.
const OVER_IPV4: [u16; 3] = [768, 776, 778];
/// The types whose addresses are IPv6 addresses: tunnel6, gre6.
const OVER_IPV6: [u16; 2] = [769, 823];

/// The word after `link/`; a number in brackets for a type without one.
pub(super) fn name(arphrd: u16) -> String {
    match NAMES.iter().find(|(known, _)| *known == arphrd) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("[{arphrd}]"),
    }
}

/// An address of a link of this type; empty for one that has none.
pub(super) fn address(bytes: &[u8], arphrd: u16) -> String {
    if let (Ok(octets), true) = (<[u8; 4]>::try_from(bytes), OVER_IPV4.contains(&arphrd)) {
        return Ipv4Addr::from(octets).to_string();
    }
    if let (Ok(octets), true) = (<[u8; 16]>::try_from(bytes), OVER_IPV6.contains(&arphrd)) {
        return Ipv6Addr::from(octets).to_string();
    }
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}
