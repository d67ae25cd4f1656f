//! The list of links, printed as `ip link list` prints it.

use std::fmt;

use super::hardware;
use super::link::{Link, LinkFlags, OperState};

/// The flags in the order of iproute2, which is not that of their bits.
const FLAGS: [(LinkFlags, &str); 18] = [
    (LinkFlags::Loopback, "LOOPBACK"),
    (LinkFlags::Broadcast, "BROADCAST"),
    (LinkFlags::Pointopoint, "POINTOPOINT"),
    (LinkFlags::Multicast, "MULTICAST"),
    (LinkFlags::Noarp, "NOARP"),
    (LinkFlags::Allmulti, "ALLMULTI"),
    (LinkFlags::Promisc, "PROMISC"),
    (LinkFlags::Controller, "MASTER"),
    (LinkFlags::Port, "SLAVE"),
    (LinkFlags::Debug, "DEBUG"),
    (LinkFlags::Dynamic, "DYNAMIC"),
    (LinkFlags::Automedia, "AUTOMEDIA"),
    (LinkFlags::Portsel, "PORTSEL"),
    (LinkFlags::Notrailers, "NOTRAILERS"),
    (LinkFlags::Up, "UP"),
    (LinkFlags::LowerUp, "LOWER_UP"),
    (LinkFlags::Dormant, "DORMANT"),
    (LinkFlags::Echo, "ECHO"),
];

/// All links of a network namespace, in the kernel's order.
///
/// Printed, it is what `ip link list` of iproute2 6.1 prints, byte by byte, the
/// last newline included. Left out: what only hardware or attached programs have
/// (virtual functions, XDP, the reasons of `protodown`), and the names of groups
/// other than `default`, which the user may set in /etc/iproute2/group.
#[derive(Clone, Debug)]
pub struct Links {
    pub(super) links: Vec<Link>,
    /// The names in /run/netns by the number that their namespace has in this one.
    pub(super) netns_names: Vec<(i32, String)>,
}

impl Links {
    /// The link of that name.
    pub fn get(&self, name: &str) -> Option<&Link> {
        self.iter().find(|link| link.name == name)
    }

    /// How many links are ports of the bridge of that name (IFLA_MASTER).
    pub fn ports(&self, bridge: &str) -> usize {
        let Some(bridge) = self.get(bridge) else {
            return 0;
        };
        let ports = self.iter().filter(|link| link.master == Some(bridge.index));
        ports.count()
    }

    /// The links one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Link> {
        self.links.iter()
    }

    fn by_index(&self, index: u32) -> Option<&Link> {
        self.iter().find(|link| link.index == index)
    }

    /// A link of this namespace by its name, or, where it cannot be seen, its number.
    fn name_of(&self, index: u32) -> String {
        self.by_index(index)
            .map_or_else(|| format!("if{index}"), |link| link.name.clone())
    }

    /// `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 … qlen 1000`
    fn write_first_line(&self, f: &mut fmt::Formatter<'_>, link: &Link) -> fmt::Result {
        write!(f, "{}: {}", link.index, link.name)?;
        let mut lower_is_down = false;
        match link.iflink {
            None => {}
            Some(0) => f.write_str("@NONE")?,
            // The index is one of another namespace, where no name is known.
            Some(index) if link.netns_id.is_some() => write!(f, "@if{index}")?,
            Some(index) => {
                lower_is_down = self.by_index(index).is_some_and(|lower| !lower.is_up());
                write!(f, "@{}", self.name_of(index))?;
            }
        }
        write!(f, ": <{}", flags(link.flags))?;
        f.write_str(if lower_is_down { ",M-DOWN> " } else { "> " })?;
        write!(f, "mtu {} ", link.mtu)?;
        if let Some(qdisc) = &link.qdisc {
            write!(f, "qdisc {qdisc} ")?;
        }
        if let Some(master) = link.master {
            write!(f, "master {} ", self.name_of(master))?;
        }
        match link.operstate {
            // Without a space after it: so does iproute2.
            OperState::Other(state) => write!(f, "state {state:#x}")?,
            state => write!(f, "state {state} ")?,
        }
        match link.mode {
            None => {}
            Some(0) => f.write_str("mode DEFAULT ")?,
            Some(1) => f.write_str("mode DORMANT ")?,
            Some(mode) => write!(f, "mode {mode} ")?,
        }
        match link.group {
            None => {}
            Some(0) => f.write_str("group default ")?,
            Some(group) => write!(f, "group {group} ")?,
        }
        if link.queue_length != 0 {
            write!(f, "qlen {}", link.queue_length)?;
        }
        writeln!(f)
    }

    /// `    link/ether 02:fc:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0`
    fn write_second_line(&self, f: &mut fmt::Formatter<'_>, link: &Link) -> fmt::Result {
        let address = |bytes: &[u8]| hardware::address(bytes, link.arphrd);
        write!(f, "    link/{} {}", hardware::name(link.arphrd), link.mac())?;
        if !link.broadcast.is_empty() {
            let point_to_point = link.flags.contains(LinkFlags::Pointopoint);
            let word = if point_to_point { "peer" } else { "brd" };
            write!(f, " {word} {}", address(&link.broadcast))?;
        }
        if !link.permanent.is_empty() && link.permanent != link.mac {
            write!(f, " permaddr {}", address(&link.permanent))?;
        }
        if let Some(id) = link.netns_id {
            // Where two names mean one namespace, iproute2 keeps the one that it read first.
            match self.netns_names.iter().find(|(known, _)| *known == id) {
                Some((_, name)) => write!(f, " link-netns {name}")?,
                None if id < 0 => f.write_str(" link-netnsid unknown")?,
                None => write!(f, " link-netnsid {id}")?,
            }
        }
        if link.proto_down {
            f.write_str(" protodown on ")?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for link in self {
            self.write_first_line(f, link)?;
            self.write_second_line(f, link)?;
            if let Some(alias) = &link.alias {
                writeln!(f, "    alias {alias}")?;
            }
            for altname in &link.altnames {
                writeln!(f, "    altname {altname}")?;
            }
        }
        Ok(())
    }
}

impl<'a> IntoIterator for &'a Links {
    type Item = &'a Link;
    type IntoIter = std::slice::Iter<'a, Link>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The flags between `<` and `>`. IFF_RUNNING says what the state says and is left
/// out; NO-CARRIER is no flag but the lack of it on a link that is up.
fn flags(flags: LinkFlags) -> String {
    let mut words = Vec::new();
    if flags.contains(LinkFlags::Up) && !flags.contains(LinkFlags::Running) {
        words.push("NO-CARRIER".to_owned());
    }
    let mut rest = flags.difference(LinkFlags::Running);
    for (flag, word) in FLAGS {
        if rest.contains(flag) {
            words.push(word.to_owned());
            rest.remove(flag);
        }
    }
    if !rest.is_empty() {
        words.push(format!("{:x}", rest.bits()));
    }
    words.join(",")
}
