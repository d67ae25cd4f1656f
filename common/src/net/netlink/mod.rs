//! The rtnetlink socket: what `ip` uses to list and change links, addresses and routes.
//!
//! A request is one netlink message and the kernel acknowledges each of them;
//! several requests travel in one `sendto()`, which is what makes a batch cheap.
//! See netlink(7), rtnetlink(7) and veth(4).
//!
//! A socket belongs to the network namespace in which it was opened and stays
//! there, whatever namespace its process enters later.

mod connection;
mod forwarding;
mod hardware;
mod link;
mod link_list;
mod message;
mod monitor;
mod netns_names;
mod request;
mod route;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

pub use forwarding::Learned;
pub use link::{Link, LinkFlags, OperState};
pub use link_list::Links;
pub use monitor::LinkMonitor;
pub use request::{
    PeerNetns, Request, add_address, add_bridge, add_default_route, add_veth, delete_link, link_up,
    set_master,
};
pub use route::Route;

use crate::lab::{Result, Step};
use connection::Connection;

/// A socket of the family NETLINK_ROUTE; closed on exec and on drop.
pub struct Rtnetlink {
    connection: Connection,
}

impl Rtnetlink {
    /// Opens a socket that speaks for the caller's present network namespace.
    ///
    /// Reading needs no privilege; what changes the namespace needs CAP_NET_ADMIN
    /// in the user namespace that owns it.
    ///
    /// Errors: those of socket(2), such as EMFILE.
    pub fn open() -> Result<Self> {
        let connection = Connection::open().step("socket", "NETLINK_ROUTE")?;
        Ok(Self { connection })
    }

    /// Sends all requests in one `sendto()` and waits until each is acknowledged.
    ///
    /// The kernel carries them out in order and does not stop at one that fails:
    /// what follows it is tried too. A few hundred requests are the most whose
    /// answers fit the socket's buffer.
    ///
    /// Errors: the first failed request, under its own step and object, with what
    /// the kernel answered (EPERM without CAP_NET_ADMIN, EEXIST, ENODEV, …; see
    /// rtnetlink(7)); EBADMSG for an answer that makes no sense.
    pub fn batch(&mut self, requests: &[Request]) -> Result<()> {
        let Some(first) = requests.first() else {
            return Ok(());
        };
        let sent = self
            .connection
            .send_batch(requests)
            .step(first.step, &first.object)?;
        // Every acknowledgement is read, also after a failure, so that none is left
        // in the socket for the next caller.
        let mut outcome = Ok(());
        for (request, sequence) in requests.iter().zip(sent) {
            let answer = self.connection.acknowledgement(sequence);
            let is_last = answer.is_err();
            let answer = answer.and_then(|status| status);
            outcome = outcome.and(answer.step(request.step, &request.object));
            if is_last {
                break;
            }
        }
        outcome
    }

    /// The link of that name (RTM_GETLINK).
    ///
    /// Errors: ENODEV if the namespace has none; ERANGE for a name of more than 15 bytes.
    pub fn link(&mut self, name: &str) -> Result<Link> {
        self.connection
            .get(link::by_name(name), link::parse)
            .step("RTM_GETLINK", name)
    }

    /// The index of the link of that name; errors as for [`link`](Self::link).
    pub fn index(&mut self, name: &str) -> Result<u32> {
        Ok(self.link(name)?.index)
    }

    /// All links of the namespace, in the kernel's order: by index.
    ///
    /// A list that changed while it was read is read again.
    ///
    /// Errors: EAGAIN if it never came to rest; those of recv(2).
    pub fn links(&mut self) -> Result<Links> {
        let links = self
            .connection
            .dump(&link::all(), link::parse)
            .step("RTM_GETLINK", "all links")?;
        // Only a link whose other end is elsewhere has a use for these names.
        let elsewhere = links.iter().any(|link| link.netns_id.is_some());
        let names = if elsewhere {
            netns_names::read(&mut self.connection)
        } else {
            Vec::new()
        };
        Ok(Links {
            links,
            netns_names: names,
        })
    }

    /// The IPv4 routes of the main table to exactly this network, as
    /// `ip route list NETWORK/PREFIX_LEN` finds them; none is not an error.
    ///
    /// Errors: as for [`links`](Self::links).
    pub fn route_list(&mut self, network: Ipv4Addr, prefix_len: u8) -> Result<Vec<Route>> {
        let object = format!("{network}/{prefix_len}");
        let mut routes = self
            .connection
            .dump(&route::main_table(), route::parse)
            .step("RTM_GETROUTE", &object)?;
        routes.retain(|route| route.network == network && route.prefix_len == prefix_len);
        for route in &mut routes {
            if let Some(index) = route.index {
                let device = self.connection.get(link::by_index(index), link::parse);
                route.device = Some(device.step("RTM_GETLINK", &object)?.name);
            }
        }
        Ok(routes)
    }

    /// What the bridge of that index has learned (its forwarding database), by port:
    /// `bridge fdb show br BRIDGE` without what is permanent.
    ///
    /// Errors: as for [`links`](Self::links); ENODEV if there is no such bridge.
    pub fn forwarding_table(&mut self, bridge: u32) -> Result<Vec<Learned>> {
        let object = format!("of bridge {bridge}");
        let dump = self
            .connection
            .dump(&forwarding::table(bridge), forwarding::parse);
        let mut table = dump.step("RTM_GETNEIGH", &object)?;
        table.sort_by_key(|entry| entry.index);
        for entry in &mut table {
            let port = self
                .connection
                .get(link::by_index(entry.index), link::parse);
            entry.port = port.step("RTM_GETLINK", &object)?.name;
        }
        Ok(table)
    }
}
