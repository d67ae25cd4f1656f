//! Network namespaces: a child with interfaces, routes and ports of its own.
//!
//! Chapter: book/src/net_ns.md. See network_namespaces(7), veth(4), rtnetlink(7).

mod checks;
mod connect;
mod ip;
mod list;
mod socket;
mod sysctls;

use std::net::Ipv4Addr;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use common::credentials::{Capability, enter_unless_capable, is_capable, nsenter};
use common::lab::{ExplainArgs, HoldArgs};
use common::net::netlink::{Links, Rtnetlink, link_up};
use common::{Checkpoint, Error, Result, Step as _, clone, explain, parse, say};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, getpid};

/// Connects a child in a new network namespace with a veth pair, and tries it out
#[derive(Parser)]
#[command(name = "net_ns", version)]
struct Args {
    /// Only list the links of both namespaces, nothing configured
    #[arg(long, group = "variant", conflicts_with_all = ["hold", "via"])]
    list: bool,
    /// Which settings in /proc/sys/net a new namespace has, and with what values
    #[arg(long, group = "variant", conflicts_with_all = ["hold", "via", "host"])]
    sysctls: bool,
    /// Sockets that were made before their process entered a new namespace, and after
    #[arg(long, group = "variant", conflicts_with_all = ["hold", "via", "host"])]
    socket: bool,
    /// Use the real host's network namespace, not a second new one in its place
    #[arg(long)]
    host: bool,
    /// How to configure: rtnetlink messages, or the article's ip commands
    #[arg(long, value_enum, default_value_t = Via::Netlink)]
    via: Via,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Via {
    Netlink,
    Ip,
}

const NEEDED: [Capability; 4] = [
    Capability::CAP_SYS_ADMIN,
    Capability::CAP_NET_ADMIN,
    Capability::CAP_NET_RAW,
    Capability::CAP_NET_BIND_SERVICE,
];

/// The article's addresses: a network of two hosts, link-local, so routed nowhere.
const NETWORK: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 0);
const PREFIX_LEN: u8 = 30;
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
const INSIDE: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 2);

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNET);

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    enter_stand_in(args.host, args.list)?;
    if args.list {
        list::lab()
    } else if args.sysctls {
        sysctls::lab()
    } else if args.socket {
        socket::lab()
    } else {
        connect_both(&args)
    }
}

/// Sees to it that nothing of the host is changed unless that was asked for: a
/// second new network namespace, with lo up as on any host, plays its part.
fn enter_stand_in(host: bool, only_list: bool) -> Result<()> {
    if host && !only_list && !is_capable(&NEEDED) {
        return Err(
            Error::new("RTM_NEWLINK", "veth0 on the real host", Errno::EPERM)
                .hint("only root changes the host's network: use sudo, or leave --host out"),
        );
    }
    enter_unless_capable(&NEEDED)?;
    if host {
        return Ok(());
    }
    unshare(CloneFlags::CLONE_NEWNET).step("unshare", "CLONE_NEWNET")?;
    Rtnetlink::open()?.batch(&[link_up("lo")])?;
    explain!(
        "unshare(CLONE_NEWNET): a new network namespace stands for the host, which\n\
         stays as it is (--host uses the real one); lo is up in it, as on a host\n\
         see: readlink /proc/{}/ns/net",
        getpid()
    );
    Ok(())
}

/// What `ip link list` prints in the namespace that this process is in.
fn links() -> Result<Links> {
    Rtnetlink::open()?.links()
}

fn connect_both(args: &Args) -> Result<u8> {
    let hold = args.hold.begin()?;
    let (outside_is_up, inside_is_up) = (Checkpoint::new()?, Checkpoint::new()?);
    let (outside_has_checked, inside_is_connected) = (Checkpoint::new()?, Checkpoint::new()?);
    let (inside_has_checked, all_is_seen) = (Checkpoint::new()?, Checkpoint::new()?);

    // ANCHOR: turns
    let child = clone(FLAGS, || {
        outside_is_up.wait()?;
        connect::inside(args.via)?;
        say!("New NET namespace:\n\n{}", links()?)?;
        let server = checks::listen(INSIDE)?;
        inside_is_up.open()?;

        checks::serve(server, "the new namespace")?;
        outside_has_checked.wait()?;
        checks::from_inside(&inside_is_connected)?;
        inside_has_checked.open()?;
        all_is_seen.wait()?; // Its namespace lives as long as it does.
        Ok(0)
    })?;
    explain_clone(child.pid());
    let veth0 = connect::outside(args.via, child.pid(), args.host)?;
    say!("\nOriginal NET namespace:\n\n{}", links()?)?;
    outside_is_up.open()?;
    // ANCHOR_END: turns

    inside_is_up.wait()?;
    connect::wait_until_up("veth0")?;
    let server = checks::listen(OUTSIDE)?;
    checks::from_outside(&inside_is_connected)?;
    outside_has_checked.open()?;
    inside_is_connected.wait()?;
    checks::serve(server, "the original namespace")?;
    inside_has_checked.wait()?;

    if let Some(hold) = &hold {
        hold.wait(&commands(getpid(), child.pid(), args.host))?;
    }
    veth0.remove()?;
    all_is_seen.open()?;
    child.wait()
}

fn explain_clone(child: Pid) {
    explain!(
        "clone(CLONE_NEWPID | CLONE_NEWNET): process {child}\n\
         has a network namespace of its own, with nothing in\n\
         it but a lo that is down, and waits at the checkpoint\n\
         see: readlink /proc/{child}/ns/net; cat /proc/{child}/net/dev"
    );
}

/// What to paste into another terminal while the namespaces are held.
fn commands(original: Pid, child: Pid, host: bool) -> String {
    let outside = if host {
        String::new()
    } else {
        nsenter(original, "--net") + " "
    };
    let inside = nsenter(child, "--net");
    format!(
        "  {outside}ping -c 1 {INSIDE}\n  \
           {outside}ip route list {NETWORK}/{PREFIX_LEN}\n  \
           {inside} ping -c 1 {OUTSIDE}\n  \
           {inside} ip link list\n  \
           readlink /proc/{original}/ns/net /proc/{child}/ns/net"
    )
}
