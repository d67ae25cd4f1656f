//! What the article tries by hand: route, ping, and port 80 twice at once.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use common::net::echo;
use common::net::netlink::Rtnetlink;
use common::{Checkpoint, Error, Result, Step as _, explain, say};

use nix::errno::Errno;

use crate::{INSIDE, NETWORK, OUTSIDE, PREFIX_LEN};

const PORT: u16 = 80;
const PORT_IS_HELD: &str =
    "another server holds port 80, see `ss -ltnp 'sport = 80'`: end it, or leave --host out";

/// A packet between two ends of a veth pair takes microseconds, but on a busy machine
/// the process that answers waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn from_outside(inside_is_connected: &Checkpoint) -> Result<()> {
    say!("From the original namespace:\n")?;
    route_and_ping(INSIDE)?;
    let server = connect(INSIDE)?;
    match fetch(server, INSIDE) {
        // The child has failed before it could answer, and is about to say so.
        Err(Error::PeerGone) => inside_is_connected.wait(),
        fetched => fetched,
    }
}

pub(crate) fn from_inside(inside_is_connected: &Checkpoint) -> Result<()> {
    say!("From the new namespace:\n")?;
    route_and_ping(OUTSIDE)?;
    let server = connect(OUTSIDE)?;
    inside_is_connected.open()?;
    fetch(server, OUTSIDE)
}

fn route_and_ping(peer: Ipv4Addr) -> Result<()> {
    explain!(
        "RTM_GETROUTE: the address brought this\n\
         route along; ip route list {NETWORK}/{PREFIX_LEN}"
    );
    for route in Rtnetlink::open()?.route_list(NETWORK, PREFIX_LEN)? {
        say!("{route}")?;
    }
    explain!("a raw socket, one ICMP echo request and its reply: ping -c 1 {peer}");
    say!("PING {peer} ({peer}) 56(84) bytes of data.")?;
    say!("{}", echo(peer, PATIENCE)?)
}

/// Serves port 80 of one address. Bound to the lab's own address, it is in
/// nobody's way, and a server on another address not in its way.
pub(crate) fn listen(address: Ipv4Addr) -> Result<TcpListener> {
    TcpListener::bind((address, PORT))
        .step("bind", format!("{address}:{PORT}"))
        .map_err(|error| error.hint_if(Errno::EADDRINUSE, PORT_IS_HELD))
}

/// Answers one client, and serves no more.
pub(crate) fn serve(server: TcpListener, whose: &str) -> Result<()> {
    let (mut client, _) = server.accept().step("accept", "on port 80")?;
    client
        .write_all(format!("this is port 80 of {whose}").as_bytes())
        .step("send", "to a client")
}

fn connect(address: Ipv4Addr) -> Result<TcpStream> {
    let server = SocketAddr::from((address, PORT));
    loop {
        match TcpStream::connect_timeout(&server, PATIENCE) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            stream => return stream.step("connect", server),
        }
    }
}

/// Reads what the server on port 80 says.
fn fetch(mut server: TcpStream, address: Ipv4Addr) -> Result<()> {
    let mut answer = String::new();
    server
        .set_read_timeout(Some(PATIENCE))
        .step("setsockopt", "SO_RCVTIMEO")?;
    match server.read_to_string(&mut answer) {
        Err(error) if error.kind() == ErrorKind::ConnectionReset => return Err(Error::PeerGone),
        read => read.step("recv", format!("{address}:{PORT}"))?,
    };
    explain!("both namespaces serve port 80 at once: a port belongs to a network namespace");
    say!("{address}:{PORT} answers: {answer}\n")
}
