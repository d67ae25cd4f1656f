//! Netlink messages in a datagram, and the attributes in a message.

use netlink_packet_core::{
    NLA_HEADER_SIZE, NetlinkBuffer, NetlinkHeader, NetlinkMessage, NlasIterator,
};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;

/// What reading an answer gives; EBADMSG for one that is cut off or makes no sense.
pub(super) type Outcome<T> = std::result::Result<T, Errno>;

/// The header of a netlink message, and the alignment of messages in a datagram.
const HEADER: usize = 16;
const ALIGNMENT: usize = 4;

/// One message of the kernel's.
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(super) payload: &'a [u8],
}

impl Message<'_> {
    /// What NLMSG_ERROR and NLMSG_DONE begin with: zero, or an errno with a minus sign.
    pub(super) fn status(&self) -> Outcome<()> {
        match self.payload.first_chunk().copied().map(i32::from_ne_bytes) {
            Some(0) => Ok(()),
            Some(code) if code < 0 => Err(Errno::from_raw(code.wrapping_neg())),
            _ => Err(Errno::EBADMSG),
        }
    }
}

/// The messages of one datagram, up to the first that is malformed.
pub(super) fn messages(datagram: &[u8]) -> impl Iterator<Item = Outcome<Message<'_>>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let message = message_at(rest);
        let length = message
            .as_ref()
            .map_or(rest.len(), |it| HEADER + it.payload.len());
        // The last message of a datagram may lack its padding.
        rest = rest
            .get(length.next_multiple_of(ALIGNMENT)..)
            .unwrap_or_default();
        Some(message)
    })
}

fn message_at(bytes: &[u8]) -> Outcome<Message<'_>> {
    let header = NetlinkBuffer::new_checked(bytes).map_err(|_| Errno::EBADMSG)?;
    let length = usize::try_from(header.length()).map_err(|_| Errno::EBADMSG)?;
    Ok(Message {
        kind: header.message_type(),
        flags: header.flags(),
        sequence: header.sequence_number(),
        payload: bytes.get(HEADER..length).ok_or(Errno::EBADMSG)?,
    })
}

/// Appends a request to the bytes of a batch; its length is a multiple of the
/// alignment, as that of every rtnetlink header and attribute is.
pub(super) fn append(bytes: &mut Vec<u8>, payload: RouteNetlinkMessage, flags: u16, sequence: u32) {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    header.sequence_number = sequence;
    let mut message = NetlinkMessage::new(header, payload.into());
    message.finalize();
    let mut encoded = vec![0; message.buffer_len()];
    message.serialize(&mut encoded);
    bytes.append(&mut encoded);
}

/// The attributes in these bytes, as (type, value); a value may hold more of them.
pub(super) fn attributes(bytes: &[u8]) -> impl Iterator<Item = Outcome<(u16, &[u8])>> {
    NlasIterator::new(bytes).map(|attribute| {
        let attribute = attribute.map_err(|_| Errno::EBADMSG)?;
        let (kind, length) = (attribute.kind(), usize::from(attribute.length()));
        let value = attribute.into_inner().get(NLA_HEADER_SIZE..length);
        Ok((kind, value.ok_or(Errno::EBADMSG)?))
    })
}

/// A string attribute without the zero byte that ends it. A name may hold any byte
/// but `/`, `:` and white space, hence not even valid UTF-8 is certain.
pub(super) fn text(value: &[u8]) -> String {
    let end = value
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}

/// An attribute of 32 bits in the byte order of the machine.
pub(super) fn number(value: &[u8]) -> Outcome<u32> {
    value
        .try_into()
        .map(u32::from_ne_bytes)
        .map_err(|_| Errno::EBADMSG)
}
