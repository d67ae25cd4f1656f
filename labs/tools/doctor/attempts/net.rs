//! Two network namespaces connected, a raw socket, and a port that only root opens.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use common::credentials::Capability;
use common::net::echo;
use common::net::netlink::{
    LinkMonitor, Rtnetlink, add_address, add_bridge, add_veth, link_up, set_master,
};
use common::process::run_tool;
use common::{Checkpoint, Step as _};
use nix::sched::{CloneFlags, setns};

use super::{enter_unless_capable, unshare};
use crate::trial::{Trial, Tried};

/// What net_ns needs, which works directly only with all of them.
const NEEDED: [Capability; 4] = [
    Capability::CAP_SYS_ADMIN,
    Capability::CAP_NET_ADMIN,
    Capability::CAP_NET_RAW,
    Capability::CAP_NET_BIND_SERVICE,
];

/// Nothing outside these namespaces has such addresses: they are of no use there.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
const INSIDE: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 2);
const PREFIX_LEN: u8 = 30;

/// It takes milliseconds, where the machine is not busy.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn ping() -> Tried {
    enter_network()?;
    Ok(echo(Ipv4Addr::LOCALHOST, PATIENCE).map(drop)?)
}

pub(super) fn port_80() -> Tried {
    enter_network()?;
    TcpListener::bind((Ipv4Addr::LOCALHOST, 80)).step("bind", "127.0.0.1:80")?;
    Ok(())
}

fn enter_network() -> Tried {
    enter_unless_capable(&NEEDED)?;
    unshare(CloneFlags::CLONE_NEWNET)?;
    Ok(Rtnetlink::open()?.batch(&[link_up("lo")])?)
}

pub(super) fn veth_pair() -> Tried {
    enter_network()?;
    let connected = Checkpoint::new()?;
    let inside = Trial::start(CloneFlags::CLONE_NEWNET, || {
        connected.wait()?;
        set_up("veth1", INSIDE)?;
        LinkMonitor::open()?.wait_until_up("veth1", PATIENCE)?;
        Ok(())
    })?;
    Rtnetlink::open()?.batch(&[add_veth("veth0", "veth1", inside.child.pid(), None)])?;
    set_up("veth0", OUTSIDE)?;
    connected.open()?;
    inside.end()
}

/// As many namespaces as the lab has, without a packet on the way.
pub(super) fn bridge() -> Tried {
    const RULES: &str = "table ip doctor {
        chain leaving { type nat hook postrouting priority srcnat; oifname wan masquerade; }
        chain arriving {
            type nat hook prerouting priority dstnat
            iifname wan tcp dport 8080 dnat to 169.254.1.2:80
        }
    }";
    enter_unless_capable(&NEEDED)?;
    let path = "/proc/self/ns/net";
    let mut namespaces = Vec::new();
    for _ in 0..5 {
        unshare(CloneFlags::CLONE_NEWNET)?;
        namespaces.push(File::open(path).step("open", path)?);
    }
    let mut rtnetlink = Rtnetlink::open()?;
    rtnetlink.batch(&[add_bridge("br0", [2, 0, 0, 0, 0, 1])])?;
    let br0 = rtnetlink.index("br0")?;
    for (number, namespace) in namespaces.iter().enumerate() {
        let port = format!("veth{number}");
        let pair = add_veth(&port, "eth0", namespace, None);
        rtnetlink.batch(&[pair, set_master(&port, br0)])?;
    }
    let ip_forward = "/proc/sys/net/ipv4/ip_forward";
    fs::write(ip_forward, "1").step("write", ip_forward)?;
    run_tool("nft", &[RULES])?;
    for namespace in &namespaces {
        setns(namespace, CloneFlags::CLONE_NEWNET).step("setns", path)?;
    }
    Ok(())
}

fn set_up(link: &str, address: Ipv4Addr) -> Tried {
    let mut rtnetlink = Rtnetlink::open()?;
    let index = rtnetlink.index(link)?;
    Ok(rtnetlink.batch(&[link_up(link), add_address(index, address, PREFIX_LEN)])?)
}
