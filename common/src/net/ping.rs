//! One ICMP echo request and its reply: what `ping -c 1` does. See icmp(7), raw(7), RFC 792.

use std::fmt;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use crate::lab::{Error, Result, Step};

const ECHO_REPLY: u8 = 0;
const DESTINATION_UNREACHABLE: u8 = 3;
const ECHO_REQUEST: u8 = 8;
/// The length of an ICMP header, and of the part of an echo that tells it from others:
/// type, code, checksum, identifier, sequence number.
const HEADER: usize = 8;
/// The data in an echo request, as many bytes as ping(8) sends.
const DATA: u8 = 56;
/// The only sequence number that is sent.
const SEQUENCE: u16 = 1;

/// The reply to an echo request.
///
/// Printed, it is the line of ping(8):
/// `64 bytes from 169.254.1.2: icmp_seq=1 ttl=64 time=0.077 ms`.
#[derive(Clone, Copy, Debug)]
pub struct Echo {
    /// Who replied.
    pub from: Ipv4Addr,
    /// The length of the reply without its IP header, in bytes.
    pub bytes: usize,
    /// The sequence number.
    pub sequence: u16,
    /// The time to live that was left, in hops.
    pub ttl: u8,
    /// From just before the request was sent until the reply was read.
    pub time: Duration,
}

impl fmt::Display for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            from,
            bytes,
            sequence,
            ttl,
            time,
        } = self;
        write!(
            f,
            "{bytes} bytes from {from}: icmp_seq={sequence} ttl={ttl} time="
        )?;
        // Three digits that count, as in ping(8), but never less than a microsecond.
        let microseconds = time.as_micros();
        let (unit, digits) = match microseconds {
            0..1_000 => (1, 3),
            1_000..9_995 => (10, 2),
            9_995..99_950 => (100, 1),
            _ => (1_000, 0),
        };
        let rounded = (microseconds + unit / 2) / unit;
        let (whole, rest) = (rounded * unit / 1_000, rounded * unit % 1_000 / unit);
        match digits {
            0 => write!(f, "{whole} ms"),
            digits => write!(f, "{whole}.{rest:0digits$} ms"),
        }
    }
}

/// Sends one echo request with 56 bytes of data and waits for its reply.
///
/// Needs CAP_NET_RAW in the user namespace that owns the network namespace.
///
/// Errors: EPERM without that capability; ENETUNREACH without a route; EACCES for a
/// broadcast address; EHOSTUNREACH if a host on the way, or this one, says that `to`
/// cannot be reached; ETIMEDOUT if nothing came back in time.
pub fn echo(to: Ipv4Addr, timeout: Duration) -> Result<Echo> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4));
    let socket = socket.step("socket", "SOCK_RAW, IPPROTO_ICMP")?;
    let request = request();
    let sent = Instant::now();
    send(&socket, &request, to).step("sendto", to)?;

    let mut datagram = [0; 2048];
    loop {
        let Some(rest) = timeout.checked_sub(sent.elapsed()) else {
            return Err(Error::new("ping", to, Errno::ETIMEDOUT));
        };
        // A timeout of zero would mean none at all.
        let rest = rest.max(Duration::from_millis(1));
        socket
            .set_read_timeout(Some(rest))
            .step("setsockopt", "SO_RCVTIMEO")?;
        let length = match (&socket).read(&mut datagram) {
            Ok(length) => length,
            Err(error) if is_temporary(&error) => continue,
            Err(error) => return Err(error).step("recv", to),
        };
        let time = sent.elapsed();
        // A raw socket gets every ICMP message of the namespace: replies to others,
        // and on loopback the request itself.
        match datagram.get(..length).and_then(Packet::parse) {
            Some(packet) if packet.replies_to(&request) => {
                let Packet {
                    from, ttl, icmp, ..
                } = packet;
                return Ok(Echo {
                    from,
                    bytes: icmp.len(),
                    sequence: SEQUENCE,
                    ttl,
                    time,
                });
            }
            Some(packet) if packet.rejects(&request, to) => {
                return Err(Error::new("ping", to, Errno::EHOSTUNREACH));
            }
            _ => {}
        }
    }
}

/// An IPv4 packet that carries ICMP, or as much as an error message quotes of one.
struct Packet<'a> {
    from: Ipv4Addr,
    to: Ipv4Addr,
    ttl: u8,
    icmp: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads the header of RFC 791; none if there is less than a header.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let address = |at: usize| {
            bytes
                .get(at..)?
                .first_chunk::<4>()
                .copied()
                .map(Ipv4Addr::from)
        };
        // The header's length is counted in words of four bytes.
        let header = usize::from(bytes.first()? & 0x0f) * 4;
        Some(Self {
            from: address(12)?,
            to: address(16)?,
            ttl: *bytes.get(8)?,
            icmp: bytes.get(header..)?,
        })
    }

    /// Whether this is the reply: the same identifier, sequence number and data.
    fn replies_to(&self, request: &[u8]) -> bool {
        self.icmp.first() == Some(&ECHO_REPLY)
            && checksum(self.icmp) == 0
            && self.icmp.get(4..) == request.get(4..)
    }

    /// Whether this says that the request did not arrive: it quotes its beginning.
    fn rejects(&self, request: &[u8], to: Ipv4Addr) -> bool {
        let quoted = self.icmp.get(HEADER..).and_then(Packet::parse);
        self.icmp.first() == Some(&DESTINATION_UNREACHABLE)
            && checksum(self.icmp) == 0
            && quoted
                .is_some_and(|it| it.to == to && it.icmp.get(..HEADER) == request.get(..HEADER))
    }
}

/// An echo request that no other program's is like. The identifier is the PID, as
/// ping(8) has it, and is the same in two PID namespaces; the time settles it.
fn request() -> Vec<u8> {
    let [.., high, low] = std::process::id().to_be_bytes();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let message = |checksum: u16| -> Vec<u8> {
        let mut bytes = vec![ECHO_REQUEST, 0];
        bytes.extend(checksum.to_be_bytes());
        bytes.extend([high, low]);
        bytes.extend(SEQUENCE.to_be_bytes());
        bytes.extend(now.as_secs().to_be_bytes());
        bytes.extend(u64::from(now.subsec_nanos()).to_be_bytes());
        bytes.extend(16..DATA);
        bytes
    };
    message(checksum(&message(0)))
}

/// The Internet checksum of RFC 1071; zero over a message that holds its own.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|word| match *word {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(high) << 8,
        _ => 0,
    });
    // At most 1024 words of a 2 KiB buffer: their sum fits, and so does its carry.
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let [_, _, high, low] = ((folded & 0xffff) + (folded >> 16)).to_be_bytes();
    !u16::from_be_bytes([high, low])
}

fn send(socket: &Socket, request: &[u8], to: Ipv4Addr) -> io::Result<()> {
    loop {
        match socket.send_to(request, &SocketAddrV4::new(to, 0).into()) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The time is over, or a signal came: the loop looks at the clock for both.
fn is_temporary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
