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
    /// The router drops what is not for itself: its ip_forward is 0
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

fn network(args: &Args) -> Result<u8> {
    let hold = args.hold.begin()?;
    let outside = Namespace::new("outside".into(), OUTSIDE)?;
    let router = Namespace::new("router".into(), ROUTER)?;
    let mut members = Vec::new();
    for number in 1..=args.members {
        let address = Ipv4Addr::new(192, 0, 2, 1 + number);
        members.push(Namespace::new(format!("member {number}"), address)?);
    }

    // ANCHOR: build
    build::bridge(&router)?;
    for (number, member) in (1..).zip(&members) {
        build::plug_in(&router, &format!("veth{number}"), member)?;
        if !args.no_route {
            build::default_route(member)?;
        }
    }
    build::uplink(&router, &outside)?;
    say!("The router's links:\n\n{}", router.rtnetlink()?.links()?)?;

    // All are set: a new network namespace may begin with the values of the machine's first.
    router.sysctl("ip_forward", if args.no_forward { "0" } else { "1" })?;
    // rp_filter drops a packet whose sender has no route back: here it is to be seen.
    outside.sysctl("conf/all/rp_filter", "0")?;
    outside.sysctl("conf/eth0/rp_filter", "0")?;
    nft::add_rules(&router, args)?;
    // ANCHOR_END: build

    ask(&router, &outside, &members, args)?;
    show_forwarding_table(&router, &members)?;
    if let Some(hold) = &hold {
        hold.wait(&commands(&router, &outside, &members))?;
    }
    Ok(0)
}

fn ask(router: &Namespace, outside: &Namespace, members: &[Namespace], args: &Args) -> Result<()> {
    // Who has no route is told so by the kernel at once. Of what a router drops, nobody is told.
    let is_lost = (args.no_forward || args.no_nat).then_some(Errno::ETIMEDOUT);
    let to_outside = args.no_route.then_some(Errno::ENETUNREACH).or(is_lost);
    let is_lost = (args.no_forward || args.no_route).then_some(Errno::ETIMEDOUT);
    let to_port = args.no_publish.then_some(Errno::ECONNREFUSED).or(is_lost);

    say!("FROM       TO         PING")?;
    for (from, to) in members.iter().zip(members.iter().skip(1)) {
        questions::ping(from, to, None)?;
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

fn show_forwarding_table(router: &Namespace, members: &[Namespace]) -> Result<()> {
    let mut owners = Vec::new();
    for member in members {
        owners.push((member.rtnetlink()?.link("eth0")?.mac, &member.name));
    }
    explain!("RTM_GETNEIGH, of the family AF_BRIDGE: bridge fdb show br br0");
    say!("\nThe bridge has learned:\n\nPORT    ADDRESS            OF")?;
    let mut rtnetlink = router.rtnetlink()?;
    let br0 = rtnetlink.index("br0")?;
    for learned in rtnetlink.forwarding_table(br0)? {
        let owner = owners.iter().find(|(mac, _)| *mac == learned.mac);
        let owner = owner.map_or("?", |(_, name)| name);
        say!("{:6}  {}  eth0 of {owner}", learned.port, learned.mac())?;
    }
    Ok(())
}

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
