//! A socket stays in the network namespace that it was made in, wherever its process goes.

use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd as _, OwnedFd};

use common::lab::retry_eintr;
use common::net::netlink::Rtnetlink;
use common::ns::nsfs::get_socket_netns;
use common::{Error, Result, Step as _, explain, say};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, connect, socket};
use nix::sys::stat::{fstat, stat};

use crate::checks::listen;

pub(crate) fn lab() -> Result<u8> {
    let _server = listen(Ipv4Addr::LOCALHOST)?;
    let made_before = Sockets::new()?;
    let old = own_namespace()?;
    unshare(CloneFlags::CLONE_NEWNET).step("unshare", "CLONE_NEWNET")?;
    explain!(
        "unshare(CLONE_NEWNET): the process is in a new namespace, its sockets not;\n\
         ioctl(SIOCGSKNS) opens the namespace of a socket"
    );
    say!("The process has gone from {old} to {}.\n", own_namespace()?)?;
    say!("SOCKETS MADE  THEIR NAMESPACE   THEIR lo  connect() to port 80 there")?;
    made_before.row("before")?;
    Sockets::new()?.row("after")?;
    Ok(0)
}

/// Two sockets of one namespace: one that connects, and one that knows the links.
struct Sockets {
    tcp: OwnedFd,
    rtnetlink: Rtnetlink,
}

impl Sockets {
    fn new() -> Result<Self> {
        let (flags, protocol) = (SockFlag::SOCK_CLOEXEC, None);
        Ok(Self {
            tcp: socket(AddressFamily::Inet, SockType::Stream, flags, protocol)
                .step("socket", "AF_INET")?,
            rtnetlink: Rtnetlink::open()?,
        })
    }

    fn row(mut self, made: &str) -> Result<()> {
        let namespace = get_socket_netns(&self.tcp).step("SIOCGSKNS", "of a socket")?;
        let namespace = fstat(&namespace).step("fstat", "a network namespace")?;
        let lo = self.rtnetlink.link("lo")?;
        let lo = if lo.is_up() { "up" } else { "down" };
        let server = SockaddrIn::new(127, 0, 0, 1, 80);
        let answer = match retry_eintr(|| connect(self.tcp.as_raw_fd(), &server)) {
            Ok(()) => "done".to_owned(),
            Err(errno @ Errno::ENETUNREACH) => errno.to_string(),
            Err(errno) => return Err(Error::new("connect", server, errno)),
        };
        say!("{made:12}  net:[{}]  {lo:8}  {answer}", namespace.st_ino)
    }
}

fn own_namespace() -> Result<String> {
    let file = "/proc/self/ns/net";
    let namespace = stat(file).step("stat", file)?;
    Ok(format!("net:[{}]", namespace.st_ino))
}
