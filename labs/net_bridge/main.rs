//! A bridge, a router and a stand-in for the Internet: the network of a container engine.
//!
//! Chapter: book/src/net_bridge.md. See network_namespaces(7), veth(4), nft(8), ip-sysctl in
//! the kernel's documentation.

mod build;
mod namespace;
mod nft;
mod questions;

use std::net::Ipv4Addr;
use std::process::ExitCode;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable, nsenter};
use common::lab::{ExplainArgs, HoldArgs};
use common::net::netlink::Rtnetlink;
use common::procfs::check_proc;
use common::{Result, explain, parse, say};
use namespace::Namespace;
use nix::errno::Errno;
use nix::unistd::getpid;

/// Connects network namespaces by a bridge, and leads them out through a router
#[derive(Parser)]
#[command(name = "net_bridge", version)]
struct Args {
    /// How many members the bridge connects
    #[arg(long, value_name = "N", default_value_t = 3,
        value_parser = clap::value_parser!(u8).range(1..=20))]
    members: u8,
    /// The router keeps what is not for itself: ip_forward stays 0
    #[arg(long)]
    no_forward: bool,
    /// Packets leave with the member's own address
    #[arg(long)]
    no_nat: bool,
    /// The members have no default route
    #[arg(long)]
    no_route: bool,
    /// Port 8080 of the router leads nowhere
    #[arg(long)]
    no_publish: bool,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

const NEEDED: [Capability; 4] = [
    Capability::CAP_SYS_ADMIN,
    Capability::CAP_NET_ADMIN,
    Capability::CAP_NET_RAW,
    Capability::CAP_NET_BIND_SERVICE,
];

/// Addresses for examples, which no machine of the Internet has (RFC 5737).
const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const ROUTER_OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);
const PREFIX_LEN: u8 = 24;

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    check_proc()?;
    enter_unless_capable(&NEEDED)?;
    network(&args)
}

// ANCHOR: main
fn network(args: &Args) -> Result<u8> {
    let hold = args.hold.begin()?;
    let outside = Namespace::new("outside".into(), OUTSIDE)?;
    let router = Namespace::new("router".into(), ROUTER)?;
    let mut members = Vec::new();
    for number in 1..=args.members {
        let address = Ipv4Addr::new(192, 0, 2, 1 + number);
        members.push(Namespace::new(format!("member {number}"), address)?);
    }

    build::bridge(&router)?;
    for (number, member) in (1..).zip(&members) {
        build::connect_member(&router, &format!("veth{number}"), member, !args.no_route)?;
    }
    build::connect_outside(&router, &outside)?;
    build::wait_for_the_bridge(&router)?;
    forward(&router, &outside, !args.no_forward)?;
    nft::add_rules(&router, !args.no_nat, !args.no_publish)?;

    show_links_and_routes(&router, &members)?;
    ask(&router, &outside, &members, args)?;
    show_forwarding_table(&router, &members)?;

    if let Some(hold) = &hold {
        hold.wait(&commands(&router, &outside, &members))?;
    }
    Ok(0)
}

fn forward(router: &Namespace, outside: &Namespace, is_on: bool) -> Result<()> {
    // A new network namespace begins with the values of the machine's first one.
    router.sysctl("ip_forward", if is_on { "1" } else { "0" })?;
    // Without NAT packets arrive there from an address that has no route: they are to be seen.
    outside.sysctl("conf/all/rp_filter", "0")?;
    outside.sysctl("conf/eth0/rp_filter", "0")?;
    explain!(
        "write(/proc/sys/net/ipv4/ip_forward) in the router: it alone passes on what is\n\
         not for itself; /proc/sys/net shows each process its own network namespace"
    );
    Ok(())
}
// ANCHOR_END: main

fn show_links_and_routes(router: &Namespace, members: &[Namespace]) -> Result<()> {
    router.enter()?;
    say!("The router's links:\n\n{}", Rtnetlink::open()?.links()?)?;
    for member in members {
        member.enter()?;
        let routes = Rtnetlink::open()?.route_list(Ipv4Addr::UNSPECIFIED, 0)?;
        let route = routes.first().map(|route| route.to_string());
        say!(
            "{}: {}",
            member.name,
            route.as_deref().unwrap_or("no default route")
        )?;
    }
    Ok(())
}

// ANCHOR: ask
fn ask(router: &Namespace, outside: &Namespace, members: &[Namespace], args: &Args) -> Result<()> {
    // Without a route the sender knows at once. What a router drops, nobody tells.
    let is_lost = (args.no_forward || args.no_nat).then_some(Errno::ETIMEDOUT);
    let to_outside = args.no_route.then_some(Errno::ENETUNREACH).or(is_lost);
    let is_lost = (args.no_forward || args.no_route).then_some(Errno::ETIMEDOUT);
    let to_port = args.no_publish.then_some(Errno::ECONNREFUSED).or(is_lost);

    say!("\nFROM      TO        PING")?;
    for pair in members.windows(2) {
        if let [one, next] = pair {
            questions::ping(one, next, None)?;
        }
    }
    let Some(member) = members.first() else {
        return Ok(());
    };
    questions::ping(member, router, None)?;
    questions::ping(member, outside, to_outside)?;
    questions::ping(outside, member, Some(Errno::ENETUNREACH))?;
    questions::udp(member, outside, args)?;
    questions::tcp(outside, member, to_port)
}
// ANCHOR_END: ask

// ANCHOR: table
fn show_forwarding_table(router: &Namespace, members: &[Namespace]) -> Result<()> {
    let mut owners = Vec::new();
    for member in members {
        member.enter()?;
        owners.push((Rtnetlink::open()?.link("eth0")?.mac, &member.name));
    }
    router.enter()?;
    let mut rtnetlink = Rtnetlink::open()?;
    let br0 = rtnetlink.index("br0")?;
    say!("\nThe bridge has learned:\n\nPORT    ADDRESS            OF")?;
    for learned in rtnetlink.forwarding_table(br0)? {
        let owner = owners.iter().find(|(mac, _)| *mac == learned.mac);
        let owner = owner.map_or("?", |(_, name)| name);
        say!("{:6}  {}  eth0 of {owner}", learned.port, learned.mac())?;
    }
    explain!("RTM_GETNEIGH of the family AF_BRIDGE; bridge fdb show br br0");
    Ok(())
}
// ANCHOR_END: table

/// What to paste into another terminal while the namespaces are held.
fn commands(router: &Namespace, outside: &Namespace, members: &[Namespace]) -> String {
    let within = |namespace: &Namespace| nsenter(getpid(), &format!("--net={}", namespace.path()));
    let (router, outside) = (within(router), within(outside));
    let member = members.first().map(within).unwrap_or_default();
    format!(
        "  {member} ping -c 1 {OUTSIDE}\n  \
           {member} ip route list\n  \
           {outside} ip route list\n  \
           {router} ip link list\n  \
           {router} bridge fdb show br br0\n  \
           {router} nft list ruleset"
    )
}
