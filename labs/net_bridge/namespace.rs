//! A network namespace without a process in it.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd as _;

use common::net::netlink::{Rtnetlink, link_up};
use common::{Result, Step as _, explain};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::getpid;

/// One of the machines: the router, the outside, or a member.
pub(crate) struct Namespace {
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    /// As long as it is open the namespace lives, also with no process inside.
    pub(crate) file: File,
}

impl Namespace {
    /// Makes it, with an lo that is up. This process is in it then.
    pub(crate) fn new(name: String, address: Ipv4Addr) -> Result<Self> {
        unshare(CloneFlags::CLONE_NEWNET).step("unshare", "CLONE_NEWNET")?;
        let path = "/proc/self/ns/net";
        let file = File::open(path).step("open", path)?;
        Rtnetlink::open()?.batch(&[link_up("lo")])?;
        let new = Self {
            name,
            address,
            file,
        };
        explain!(
            "{}: unshare(CLONE_NEWNET), open({path})\nsee: readlink {}",
            new.name,
            new.path()
        );
        Ok(new)
    }

    // ANCHOR: enter
    /// What this process opens from now on, sockets and /proc/sys/net, belongs to this one.
    pub(crate) fn enter(&self) -> Result<()> {
        setns(&self.file, CloneFlags::CLONE_NEWNET).step("setns", &self.name)
    }
    // ANCHOR_END: enter

    pub(crate) fn rtnetlink(&self) -> Result<Rtnetlink> {
        self.enter()?;
        Rtnetlink::open()
    }

    /// Sets a parameter of IPv4, as sysctl(8) does.
    pub(crate) fn sysctl(&self, name: &str, value: &str) -> Result<()> {
        self.enter()?;
        let path = format!("/proc/sys/net/ipv4/{name}");
        fs::write(&path, value).step("write", &path)?;
        explain!("{}: write({value} to {path})", self.name);
        Ok(())
    }

    /// Where other processes find it.
    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", getpid(), self.file.as_raw_fd())
    }
}
