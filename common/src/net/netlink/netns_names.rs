//! The names that `ip netns` gave to network namespaces, as files in /run/netns.

use std::fs::{self, File};
use std::os::fd::AsRawFd;

use netlink_packet_core::Parseable;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::nsid::{NsidAttribute, NsidMessage};
use nix::errno::Errno;

use super::connection::Connection;
use super::message::{Message, Outcome};

/// Where `ip netns add` bind-mounts a namespace under its name.
const NAMES: &str = "/run/netns";

/// The numbers that this namespace uses for others, with their names, in the order
/// of the directory. What cannot be read or has no number is left out, as `ip` does.
pub(super) fn read(connection: &mut Connection) -> Vec<(i32, String)> {
    let mut names = Vec::new();
    for entry in fs::read_dir(NAMES).into_iter().flatten().flatten() {
        let Ok(namespace) = File::open(entry.path()) else {
            continue;
        };
        if let Ok(id) = connection.get(query(&namespace), parse) {
            names.push((id, entry.file_name().to_string_lossy().into_owned()));
        }
    }
    names.retain(|(id, _)| *id >= 0);
    names
}

/// RTM_GETNSID: the number that this namespace uses for the one of the descriptor.
fn query(namespace: &File) -> RouteNetlinkMessage {
    let mut message = NsidMessage::default();
    message
        .attributes
        .push(NsidAttribute::Fd(namespace.as_raw_fd().unsigned_abs()));
    RouteNetlinkMessage::GetNsId(message)
}

fn parse(message: &Message<'_>) -> Outcome<Option<i32>> {
    if message.kind != libc::RTM_NEWNSID {
        return Ok(None);
    }
    let answer = NsidMessage::parse(message.payload).map_err(|_| Errno::EBADMSG)?;
    Ok(answer
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            NsidAttribute::Id(id) => Some(*id),
            _ => None,
        }))
}
