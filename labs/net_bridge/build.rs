//! The links, their addresses and the routes.

use std::time::Duration;

use common::net::netlink::{
    LinkMonitor, add_address, add_bridge, add_default_route, add_veth, link_up, set_master,
};
use common::{Result, explain};

use crate::namespace::Namespace;
use crate::{PREFIX_LEN, ROUTER, ROUTER_OUTSIDE};

/// A bridge that is given no address has the lowest of its ports', and another one when a
/// port with a lower one comes. The 2 at the beginning marks it as chosen locally.
const BR0: [u8; 6] = [0x02, 0, 0xc0, 0, 0x02, 0x01];

/// Far longer than any link takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// A switch in the router's namespace. With an address it is the router's own link as well.
pub(crate) fn bridge(router: &Namespace) -> Result<()> {
    let mut rtnetlink = router.rtnetlink()?;
    rtnetlink.batch(&[add_bridge("br0", BR0)])?;
    let br0 = rtnetlink.index("br0")?;
    rtnetlink.batch(&[add_address(br0, ROUTER, PREFIX_LEN)])?;
    explain!(
        "router: RTM_NEWLINK, RTM_NEWADDR; the same as:\n\
         ip link add br0 up address 02:00:c0:00:02:01 type bridge\n\
         ip address add {ROUTER}/{PREFIX_LEN} dev br0"
    );
    Ok(())
}

/// A cable from a port of the bridge to a member.
pub(crate) fn plug_in(router: &Namespace, port: &str, member: &Namespace) -> Result<()> {
    connect(router, port, member)?;
    let mut rtnetlink = router.rtnetlink()?;
    let br0 = rtnetlink.index("br0")?;
    rtnetlink.batch(&[set_master(port, br0)])?;
    explain!("router: RTM_NEWLINK; ip link set {port} master br0");
    // The bridge passes frames on once the kernel has seen the port's carrier.
    wait_until_up(router, "br0")
}

pub(crate) fn default_route(member: &Namespace) -> Result<()> {
    let request = add_default_route(ROUTER);
    member.rtnetlink()?.batch(&[request])?;
    explain!(
        "{}: RTM_NEWROUTE; ip route add default via {ROUTER}",
        member.name
    );
    Ok(())
}

/// A cable from the router to the outside, which gets no route: of the network behind the
/// router it knows nothing, as the Internet knows nothing of 192.168.0.0/16.
pub(crate) fn uplink(router: &Namespace, outside: &Namespace) -> Result<()> {
    connect(router, "wan", outside)?;
    let mut rtnetlink = router.rtnetlink()?;
    let wan = rtnetlink.index("wan")?;
    rtnetlink.batch(&[add_address(wan, ROUTER_OUTSIDE, PREFIX_LEN)])?;
    explain!("router: RTM_NEWADDR; ip address add {ROUTER_OUTSIDE}/{PREFIX_LEN} dev wan");
    Ok(())
}

/// A veth pair; the far end is born in the other namespace, and always called eth0.
fn connect(router: &Namespace, near: &str, far: &Namespace) -> Result<()> {
    let pair = add_veth(near, "eth0", &far.file, None);
    router.rtnetlink()?.batch(&[pair])?;
    let mut rtnetlink = far.rtnetlink()?;
    let eth0 = rtnetlink.index("eth0")?;
    rtnetlink.batch(&[link_up("eth0"), add_address(eth0, far.address, PREFIX_LEN)])?;
    explain!(
        "router: RTM_NEWLINK, then {}: RTM_NEWLINK, RTM_NEWADDR; the same as:\n\
         ip link add {near} up type veth peer name eth0 netns {}\n\
         ip link set eth0 up\n\
         ip address add {}/{PREFIX_LEN} dev eth0",
        far.name,
        far.path(),
        far.address,
    );
    wait_until_up(far, "eth0")?;
    wait_until_up(router, near)
}

fn wait_until_up(namespace: &Namespace, link: &str) -> Result<()> {
    namespace.enter()?;
    LinkMonitor::open()?.wait_until_up(link, PATIENCE).map(drop)
}
