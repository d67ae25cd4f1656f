//! What is asked inside a namespace, by a child that has joined it or by this process itself.

use std::fs;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use common::net::echo;
use common::net::netlink::Rtnetlink;
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nameindex;

use crate::world::{errno_of, read_file};

/// An echo between two namespaces of one machine takes microseconds.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) fn addresses() -> nix::Result<String> {
    let all = getifaddrs()?.filter_map(|interface| interface.address);
    let addresses = all.filter_map(|address| Some(address.as_sockaddr_in()?.ip().to_string()));
    Ok(addresses.collect::<Vec<_>>().join(" "))
}

pub(crate) fn links() -> nix::Result<String> {
    let interfaces = if_nameindex()?;
    let names = interfaces
        .iter()
        .map(|interface| interface.name().to_string_lossy());
    Ok(names.collect::<Vec<_>>().join(" "))
}

/// How many ports a bridge has.
pub(crate) fn ports(bridge: &str) -> nix::Result<String> {
    let links = Rtnetlink::open().and_then(|mut netlink| netlink.links());
    let links = links.map_err(|error| error.errno().unwrap_or(Errno::EIO))?;
    Ok(links.ports(bridge).to_string())
}

pub(crate) fn echo_to(address: &str) -> nix::Result<String> {
    let Ok(address) = address.parse::<Ipv4Addr>() else {
        return Ok("no address".into());
    };
    Ok(match echo(address, PATIENCE) {
        Ok(_) => "answered".into(),
        Err(error) => error
            .errno()
            .map_or_else(|| "no answer".into(), |errno| errno.to_string()),
    })
}

/// The value of a setting, by its name with dots: the namespaces of who opens the file decide.
pub(crate) fn sysctl(proc: &OwnedFd, name: &str) -> nix::Result<String> {
    let value = read_file(proc, &format!("sys/{}", name.replace('.', "/")))?;
    Ok(value.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The keys of the System V message queues.
pub(crate) fn queues() -> nix::Result<String> {
    let text = fs::read_to_string("/proc/sysvipc/msg").map_err(|error| errno_of(&error))?;
    let keys = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    Ok(keys.collect::<Vec<_>>().join(" "))
}

/// The ports in a /proc/PID/net/tcp on which somebody listens.
pub(crate) fn listening(tcp: &str) -> String {
    const LISTEN: &str = "0A";
    let sockets = tcp.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, state) = (fields.next()?, fields.nth(1)?);
        let (_, port) = local.rsplit_once(':').filter(|_| state == LISTEN)?;
        u16::from_str_radix(port, 16).ok()
    });
    let ports: Vec<_> = sockets.map(|port| port.to_string()).collect();
    ports.join(" ")
}

/// The gateway of the default route in a /proc/PID/net/route.
pub(crate) fn gateway(routes: &str) -> String {
    let mut gateways = routes.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (destination, gateway) = (fields.next()?, fields.next()?);
        let gateway = u32::from_str_radix(gateway, 16).ok();
        // The kernel prints the number as the machine has it in memory.
        gateway
            .filter(|_| destination == "00000000")
            .map(u32::to_ne_bytes)
    });
    let gateway = gateways.next();
    gateway.map_or_else(|| "none".into(), |bytes| Ipv4Addr::from(bytes).to_string())
}
