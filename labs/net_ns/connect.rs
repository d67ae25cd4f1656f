//! The veth pair and the addresses, by rtnetlink or by `ip`.

use std::time::Duration;

use common::lab::notice;
use common::net::netlink::{
    LinkMonitor, OperState, Rtnetlink, add_address, add_veth, delete_link, link_up,
};
use common::{Error, Result, explain};
use nix::errno::Errno;
use nix::unistd::Pid;

use crate::ip::ip;
use crate::{INSIDE, OUTSIDE, PREFIX_LEN, Via};

/// The state word of a veth end without a carrier depends on the kernel: newer ones
/// settle it by the interface that has the peer's index in this namespace, if any.
const NO_CARRIER: [OperState; 2] = [OperState::Down, OperState::LowerLayerDown];

const VETH0_EXISTS: &str = "veth0 exists in this network namespace already, perhaps of another run \
    with --host: wait for its end, or leave --host out; one that is nobody's: ip link del veth0";

/// How often another index is tried where the chosen one was taken meanwhile.
const ATTEMPTS: u32 = 10;

/// Far longer than any link takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pair, and the outside's end of it. The peer is born inside: it ends with
/// the child's namespace, and the pair with it, even if this process is killed.
pub(crate) fn outside(via: Via, child: Pid, host: bool) -> Result<Veth0> {
    let commands = [
        "ip link add veth0 type veth peer name veth1".to_owned(),
        format!("ip link set veth1 netns {child}"),
        "ip link set veth0 up".to_owned(),
        format!("ip address add {OUTSIDE}/{PREFIX_LEN} dev veth0"),
    ];
    let veth0 = match via {
        Via::Ip => {
            ip(&commands[..1])?;
            let veth0 = Veth0 { on_the_host: host };
            ip(&commands[1..])?;
            veth0
        }
        Via::Netlink => {
            // ANCHOR: outside
            let mut rtnetlink = Rtnetlink::open()?;
            let index = add_pair(&mut rtnetlink, child)?;
            let veth0 = Veth0 { on_the_host: host };
            rtnetlink.batch(&[add_address(index, OUTSIDE, PREFIX_LEN)])?;
            veth0
            // ANCHOR_END: outside
        }
    };
    explain_commands("outside: RTM_NEWLINK, RTM_NEWADDR", via, &commands);
    // The other end is down, so veth0 is up without a carrier.
    LinkMonitor::open()?.wait_for("veth0", PATIENCE, |link| {
        NO_CARRIER.contains(&link.operstate)
    })?;
    Ok(veth0)
}

/// Adds the pair, and returns the index of veth0: the one that `ip` would end up with,
/// and in the transcript no other link's, also not in the other namespace.
fn add_pair(rtnetlink: &mut Rtnetlink, child: Pid) -> Result<u32> {
    let mut attempts = 0;
    loop {
        let highest = rtnetlink.links()?.iter().map(|link| link.index).max();
        let index = highest.unwrap_or_default() + 2;
        match rtnetlink.batch(&[add_veth("veth0", "veth1", child, Some(index))]) {
            // Another link was made meanwhile, and has the index.
            Err(error) if error.errno() == Some(Errno::EBUSY) && attempts < ATTEMPTS => {
                attempts += 1;
            }
            Err(error) => return Err(error.hint_if(Errno::EEXIST, VETH0_EXISTS)),
            Ok(()) => return Ok(index),
        }
    }
}

/// The child's end, and its lo.
pub(crate) fn inside(via: Via) -> Result<()> {
    let commands = [
        "ip link set lo up".to_owned(),
        "ip link set veth1 up".to_owned(),
        format!("ip address add {INSIDE}/{PREFIX_LEN} dev veth1"),
    ];
    match via {
        Via::Ip => ip(&commands)?,
        Via::Netlink => {
            // ANCHOR: inside
            let mut rtnetlink = Rtnetlink::open()?;
            let index = rtnetlink.index("veth1")?;
            rtnetlink.batch(&[
                link_up("lo"),
                link_up("veth1"),
                add_address(index, INSIDE, PREFIX_LEN),
            ])?;
            // ANCHOR_END: inside
        }
    }
    explain_commands("inside: RTM_NEWLINK twice, RTM_NEWADDR", via, &commands);
    wait_until_up("veth1")
}

/// Both ends are up now, but the kernel settles the state of each from a work
/// queue: a moment after the acknowledgement its routes may still be `linkdown`.
pub(crate) fn wait_until_up(link: &str) -> Result<()> {
    LinkMonitor::open()?.wait_until_up(link, PATIENCE).map(drop)
}

/// The outside's end. On the real host it is removed before the lab returns, on
/// every path; a stand-in takes it along.
pub(crate) struct Veth0 {
    on_the_host: bool,
}

impl Veth0 {
    /// `ip link del veth0`; its peer goes with it.
    pub(crate) fn remove(mut self) -> Result<()> {
        self.take_away()
    }

    fn take_away(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.on_the_host) {
            return Ok(());
        }
        let removed = Rtnetlink::open()?.batch(&[delete_link("veth0")]);
        match removed {
            // The child has ended, and the kernel was faster.
            Err(error) if error.errno() == Some(Errno::ENODEV) => Ok(()),
            removed => removed,
        }
    }
}

impl Drop for Veth0 {
    fn drop(&mut self) {
        if let Err(Error::Step(failure)) = self.take_away() {
            notice(format_args!("{failure}"));
        }
    }
}

fn explain_commands(what: &str, via: Via, commands: &[String]) {
    let how = match via {
        Via::Ip => "ip, one process for each step:",
        Via::Netlink => "the same as:",
    };
    explain!("{what}; {how}\n{}", commands.join("\n"));
}
