//! Who reaches whom: by ICMP, by UDP and by TCP.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use common::net::echo;
use common::{Error, Result, Step as _, explain, say};
use nix::errno::Errno;

use crate::namespace::Namespace;
use crate::{Args, ROUTER_OUTSIDE};

/// How long an answer that is to come may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one is waited for that is not to come. If it came it would take microseconds.
const IN_VAIN: Duration = Duration::from_millis(500);

/// `fails` is the errno that a question is to end with, by the options.
fn patience(fails: Option<Errno>) -> Duration {
    if fails.is_some() { IN_VAIN } else { PATIENCE }
}

/// One line of the table.
pub(crate) fn ping(from: &Namespace, to: &Namespace, fails: Option<Errno>) -> Result<()> {
    from.enter()?;
    let answer = match echo(to.address, patience(fails)) {
        Ok(echo) => echo.to_string(),
        Err(Error::Step(failure)) if fails == Some(failure.errno) => failure.errno.to_string(),
        Err(error) => return Err(error),
    };
    say!("{:9}  {:9}  {answer}", from.name, to.name)
}

/// The outside tells everyone who asks which address it sees, as a STUN server does.
pub(crate) fn udp(member: &Namespace, outside: &Namespace, args: &Args) -> Result<()> {
    let to = SocketAddr::from((outside.address, 53));
    let is_lost = args.no_forward.then_some(Errno::EAGAIN);
    outside.enter()?;
    let server = UdpSocket::bind(to).step("bind", to)?;
    listen(&server, patience(is_lost))?;
    member.enter()?;
    let client = UdpSocket::bind((member.address, 0)).step("bind", member.address)?;
    listen(&client, PATIENCE)?;

    explain!(
        "{}, {}: socket(), bind(), sendto(), recvfrom(); each socket\n\
         belongs to the namespace that it was opened in, wherever its process is now",
        member.name,
        outside.name
    );
    say!("\nUDP, {} to {to}:", member.name)?;
    let sent = again(|| client.send_to(b"Who am I?", to)).step("sendto", to);
    let no_route = args.no_route.then_some(Errno::ENETUNREACH);
    if told(member, sent, no_route)?.is_none() {
        return Ok(());
    }
    let received = again(|| server.recv_from(&mut [0; 64])).step("recvfrom", to);
    let Some((_, seen)) = told(outside, received, is_lost)? else {
        return Ok(());
    };
    say!("  {} receives it from {}", outside.name, seen.ip())?;
    let answer = seen.ip().to_string();
    let sent = again(|| server.send_to(answer.as_bytes(), seen)).step("sendto", seen);
    let no_way_back = args.no_nat.then_some(Errno::ENETUNREACH);
    if told(outside, sent, no_way_back)?.is_none() {
        return Ok(());
    }
    again(|| client.recv(&mut [0; 64])).step("recvfrom", to)?;
    say!("  {} receives the answer", member.name)
}

/// A client outside knows the router's address only, and gets to the member's port 80.
pub(crate) fn tcp(outside: &Namespace, member: &Namespace, fails: Option<Errno>) -> Result<()> {
    let at = SocketAddr::from((member.address, 80));
    member.enter()?;
    let server = TcpListener::bind(at).step("bind", at)?;

    let to = SocketAddr::from((ROUTER_OUTSIDE, 8080));
    outside.enter()?;
    say!("\nTCP, {} to {to}:", outside.name)?;
    let connected = again(|| TcpStream::connect_timeout(&to, patience(fails)));
    let connected = connected.map_err(|error| match error.kind() {
        // The library's own timeout, which carries no errno.
        ErrorKind::TimedOut => Errno::ETIMEDOUT.into(),
        _ => error,
    });
    if told(outside, connected.step("connect", to), fails)?.is_none() {
        return Ok(());
    }
    let (_, seen) = server.accept().step("accept", "on port 80")?;
    say!(
        "  {} accepts it on port 80, from {}",
        member.name,
        seen.ip()
    )
}

fn listen(socket: &UdpSocket, timeout: Duration) -> Result<()> {
    let set = socket.set_read_timeout(Some(timeout));
    set.step("setsockopt", "SO_RCVTIMEO")
}

/// What a step returns; nothing where it ends with the errno that it is to, which is said.
fn told<T>(who: &Namespace, result: Result<T>, fails: Option<Errno>) -> Result<Option<T>> {
    match result {
        Err(Error::Step(failure)) if fails == Some(failure.errno) => {
            say!("  {}: {}(): {}", who.name, failure.step, failure.errno)?;
            Ok(None)
        }
        result => result.map(Some),
    }
}

/// A signal that interrupts a call is no end of it.
fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}
