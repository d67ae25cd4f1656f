//! Link-layer types and addresses in the words of iproute2.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The words of iproute2 for the types (ARPHRD_* of linux/if_arp.h) that machines of
/// today have.
const NAMES: [(u16, &str); 13] = [
    (1, "ether"),
    (32, "infiniband"),
    (280, "can"),
    (512, "ppp"),
    (768, "ipip"),
    (769, "tunnel6"),
    (772, "loopback"),
    (776, "sit"),
    (778, "gre"),
    (801, "ieee802.11"),
    (823, "gre6"),
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
