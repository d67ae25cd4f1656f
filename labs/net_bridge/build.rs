//! The links, their addresses and the routes.

use std::time::Duration;

use common::net::netlink::{
    LinkMonitor, Rtnetlink, add_address, add_bridge, add_default_route, add_veth, link_up,
    set_master,
};
use common::{Result, explain};

use crate::namespace::Namespace;
use crate::{PREFIX_LEN, ROUTER, ROUTER_OUTSIDE};

/// Far longer than any link takes.
const PATIENCE: Duration = Duration::from_secs(5);

// ANCHOR: build
/// A switch in the router's namespace. The address makes the router a machine of its network.
pub(crate) fn bridge(router: &Namespace) -> Result<()> {
    router.enter()?;
    let mut rtnetlink = Rtnetlink::open()?;
    rtnetlink.batch(&[add_bridge("br0")])?;
    let br0 = rtnetlink.index("br0")?;
    rtnetlink.batch(&[add_address(br0, ROUTER, PREFIX_LEN)])?;
    explain!(
        "the router: RTM_NEWLINK, RTM_NEWADDR; the same as:\n\
         ip link add br0 up type bridge\n\
         ip address add {ROUTER}/{PREFIX_LEN} dev br0"
    );
    Ok(())
}

/// A cable from a port of the bridge to a member.
pub(crate) fn connect_member(
    router: &Namespace,
    port: &str,
    member: &Namespace,
    has_route: bool,
) -> Result<()> {
    connect(router, port, member)?;
    router.enter()?;
    let mut rtnetlink = Rtnetlink::open()?;
    let br0 = rtnetlink.index("br0")?;
    rtnetlink.batch(&[set_master(port, br0)])?;
    explain!("the router: RTM_NEWLINK; the same as:\nip link set {port} master br0");
    if has_route {
        member.enter()?;
        Rtnetlink::open()?.batch(&[add_default_route(ROUTER)])?;
        explain!(
            "{}: RTM_NEWROUTE; the same as:\nip route add default via {ROUTER}",
            member.name
        );
    }
    Ok(())
}

/// A cable from the router to the outside, which gets no route: it knows nothing of the
/// network behind the router.
pub(crate) fn connect_outside(router: &Namespace, outside: &Namespace) -> Result<()> {
    connect(router, "wan", outside)?;
    router.enter()?;
    let mut rtnetlink = Rtnetlink::open()?;
    let wan = rtnetlink.index("wan")?;
    rtnetlink.batch(&[add_address(wan, ROUTER_OUTSIDE, PREFIX_LEN)])?;
    explain!(
        "the router: RTM_NEWADDR; the same as:\n\
         ip address add {ROUTER_OUTSIDE}/{PREFIX_LEN} dev wan"
    );
    Ok(())
}

/// A veth pair. The far end is born in the other namespace, and is always called eth0.
fn connect(router: &Namespace, near: &str, far: &Namespace) -> Result<()> {
    router.enter()?;
    Rtnetlink::open()?.batch(&[add_veth(near, "eth0", &far.file, None)])?;
    far.enter()?;
    let mut rtnetlink = Rtnetlink::open()?;
    let eth0 = rtnetlink.index("eth0")?;
    rtnetlink.batch(&[link_up("eth0"), add_address(eth0, far.address, PREFIX_LEN)])?;
    explain!(
        "{name}: RTM_NEWLINK, RTM_NEWADDR; the same as, the first in the router:\n\
         ip link add {near} up type veth peer name eth0 netns {path}\n\
         ip link set eth0 up\n\
         ip address add {address}/{PREFIX_LEN} dev eth0",
        name = far.name,
        path = far.path(),
        address = far.address,
    );
    LinkMonitor::open()?.wait_until_up("eth0", PATIENCE)?;
    router.enter()?;
    LinkMonitor::open()?.wait_until_up(near, PATIENCE).map(drop)
}
// ANCHOR_END: build

/// A bridge has a carrier, and passes frames on, a moment after its ports have one.
pub(crate) fn wait_for_the_bridge(router: &Namespace) -> Result<()> {
    router.enter()?;
    LinkMonitor::open()?
        .wait_until_up("br0", PATIENCE)
        .map(drop)
}
