//! One netlink socket: sequence numbers, acknowledgements, dumps.

use std::io;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;

use super::message::{self, Message, Outcome};
use super::request::Request;

/// The size of the buffer that datagrams are read into: dumps come in at most 32 KiB.
const DATAGRAM: usize = 64 * 1024;
/// How often a dump is begun anew because its table changed while it was read.
const DUMP_ATTEMPTS: u32 = 64;

/// Makes a value of a message, or nothing of a message that is about something else.
pub(super) type Parse<T> = fn(&Message<'_>) -> Outcome<Option<T>>;

/// How the answers to one request ended.
struct End {
    /// What the kernel says of the request.
    status: Outcome<()>,
    /// The table of a dump changed between two of its datagrams: some of it may be missing.
    interrupted: bool,
}

/// A socket and the requests that are under way on it.
pub(super) struct Connection {
    pub(super) socket: Socket,
    sequence: u32,
    datagram: Vec<u8>,
}

impl Connection {
    /// Opens a socket, close-on-exec, in the caller's network namespace.
    pub(super) fn open() -> Outcome<Self> {
        let socket = Socket::new(NETLINK_ROUTE).map_err(errno)?;
        // A kernel that checks strictly (4.20 and later) also filters its dumps; an
        // older one lacks the option and answers with more, which is dropped here.
        let _ = socket.set_netlink_get_strict_chk(true);
        Ok(Self {
            socket,
            sequence: 0,
            datagram: Vec::with_capacity(DATAGRAM),
        })
    }

    /// Joins multicast groups, given as a mask.
    ///
    /// The socket gets its port with that. Without one it would join and hear nothing:
    /// the kernel takes a socket of port 0, its own, for the one that the message is of.
    pub(super) fn subscribe(&mut self, groups: u32) -> Outcome<()> {
        self.socket.bind(&SocketAddr::new(0, groups)).map_err(errno)
    }

    /// Sends the requests together and returns their sequence numbers.
    pub(super) fn send_batch(&mut self, requests: &[Request]) -> Outcome<Vec<u32>> {
        let mut bytes = Vec::new();
        let mut sequences = Vec::with_capacity(requests.len());
        for request in requests {
            let flags = NLM_F_REQUEST | NLM_F_ACK | request.flags;
            let sequence = self.next_sequence();
            message::append(&mut bytes, request.message.clone(), flags, sequence);
            sequences.push(sequence);
        }
        self.send(&bytes)?;
        Ok(sequences)
    }

    /// Waits for the acknowledgement of one request and returns what it says. An outer
    /// error is one of the socket's, after which others may wait in vain.
    pub(super) fn acknowledgement(&mut self, sequence: u32) -> Outcome<Outcome<()>> {
        Ok(self.answers(sequence, |_| Ok(()))?.status)
    }

    /// Asks for one object; EBADMSG if the acknowledgement comes without it.
    pub(super) fn get<T>(&mut self, query: RouteNetlinkMessage, parse: Parse<T>) -> Outcome<T> {
        let sequence = self.ask(query, NLM_F_ACK)?;
        let mut found = None;
        let end = self.answers(sequence, |message| {
            found = parse(message)?.or(found.take());
            Ok(())
        })?;
        end.status?;
        found.ok_or(Errno::EBADMSG)
    }

    /// Asks for a whole table, again and again until it kept still while it was read.
    pub(super) fn dump<T>(
        &mut self,
        query: &RouteNetlinkMessage,
        parse: Parse<T>,
    ) -> Outcome<Vec<T>> {
        for _ in 0..DUMP_ATTEMPTS {
            let sequence = self.ask(query.clone(), NLM_F_DUMP)?;
            let mut found = Vec::new();
            let end = self.answers(sequence, |message| {
                found.extend(parse(message)?);
                Ok(())
            })?;
            end.status?;
            if !end.interrupted {
                return Ok(found);
            }
        }
        Err(Errno::EAGAIN)
    }

    /// Throws away what is queued; ENOBUFS if the kernel had to throw away some itself.
    pub(super) fn drain(&mut self) -> Outcome<()> {
        loop {
            match self.receive(libc::MSG_DONTWAIT) {
                Ok(()) => {}
                Err(Errno::EAGAIN) => return Ok(()),
                Err(errno) => return Err(errno),
            }
        }
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    fn ask(&mut self, query: RouteNetlinkMessage, flags: u16) -> Outcome<u32> {
        let sequence = self.next_sequence();
        let mut bytes = Vec::new();
        message::append(&mut bytes, query, NLM_F_REQUEST | flags, sequence);
        self.send(&bytes)?;
        Ok(sequence)
    }

    /// Hands over the answers to one request, up to the message that ends them.
    fn answers(
        &mut self,
        sequence: u32,
        mut each: impl FnMut(&Message<'_>) -> Outcome<()>,
    ) -> Outcome<End> {
        let mut interrupted = false;
        loop {
            self.receive(0)?;
            for message in message::messages(&self.datagram) {
                let message = message?;
                // What an earlier request left unread has another number.
                if message.sequence != sequence {
                    continue;
                }
                interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
                match message.kind {
                    NLMSG_ERROR | NLMSG_DONE => {
                        let status = message.status();
                        return Ok(End {
                            status,
                            interrupted,
                        });
                    }
                    _ => each(&message)?,
                }
            }
        }
    }

    fn send(&self, bytes: &[u8]) -> Outcome<()> {
        let kernel = SocketAddr::new(0, 0);
        loop {
            match self.socket.send_to(bytes, &kernel, 0) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(errno(error)),
            }
        }
    }

    /// Reads the next datagram that comes from the kernel; EMSGSIZE if it is too long.
    fn receive(&mut self, flags: libc::c_int) -> Outcome<()> {
        loop {
            self.datagram.clear();
            // With MSG_TRUNC the length is the datagram's own, also where it was cut.
            match self
                .socket
                .recv_from(&mut self.datagram, flags | libc::MSG_TRUNC)
            {
                Ok((_, sender)) if sender.port_number() != 0 => {}
                Ok((length, _)) if length > self.datagram.len() => return Err(Errno::EMSGSIZE),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(errno(error)),
            }
        }
    }
}

/// The errno that an I/O error of the socket carries.
fn errno(error: io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}
