//! Waiting for a link to reach a state, without looking again and again.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Rtnetlink;
use super::connection::Connection;
use super::link::{Link, OperState};
use super::message::Outcome;
use crate::lab::{Error, Result, Step};

/// The multicast group of the messages on links (RTNLGRP_LINK), as a mask.
const RTMGRP_LINK: u32 = 1;

/// Hears of every change of a link in the network namespace that it was opened in.
///
/// A veth end gets its carrier when the other end goes up, and the kernel settles
/// the operational state a little later, from a work queue: right after the
/// acknowledgement a listing may still show the old state.
pub struct LinkMonitor {
    notifications: Connection,
    queries: Rtnetlink,
}

impl LinkMonitor {
    /// Subscribes to the links of the caller's present network namespace.
    ///
    /// Errors: those of socket(2) and bind(2), such as EMFILE.
    pub fn open() -> Result<Self> {
        let mut notifications = Connection::open().step("socket", "NETLINK_ROUTE")?;
        notifications
            .subscribe(RTMGRP_LINK)
            .step("bind", "RTMGRP_LINK")?;
        Ok(Self {
            notifications,
            queries: Rtnetlink::open()?,
        })
    }

    /// Waits until the link's operational state is UP, and returns the link as it is then.
    ///
    /// Errors: as for [`wait_for`](Self::wait_for).
    pub fn wait_until_up(&mut self, name: &str, timeout: Duration) -> Result<Link> {
        self.wait_for(name, timeout, |link| link.operstate == OperState::Up)
    }

    /// Waits until the link is as wished, and returns it as it is then.
    ///
    /// Errors: ETIMEDOUT if that took longer than `timeout`; ENODEV if there is no
    /// link of that name (any more).
    pub fn wait_for(
        &mut self,
        name: &str,
        timeout: Duration,
        wished: impl Fn(&Link) -> bool,
    ) -> Result<Link> {
        let start = Instant::now();
        loop {
            // A notification only says when to look: what it tells may be the state
            // before the last, and the kernel drops some where they come too fast.
            let link = self.queries.link(name)?;
            if wished(&link) {
                return Ok(link);
            }
            let Some(rest) = timeout.checked_sub(start.elapsed()) else {
                return Err(Error::new("operstate", name, Errno::ETIMEDOUT));
            };
            self.notified(rest).step("RTM_NEWLINK", name)?;
        }
    }

    /// Sleeps until there are notifications, a signal, or the end of the time.
    fn notified(&mut self, timeout: Duration) -> Outcome<()> {
        // poll() counts whole milliseconds: rounded down, the last one would be spun away.
        let timeout = timeout.saturating_add(Duration::from_millis(1));
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut sockets = [PollFd::new(
            self.notifications.socket.as_fd(),
            PollFlags::POLLIN,
        )];
        match poll(&mut sockets, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        match self.notifications.drain() {
            // The kernel dropped notifications for want of room: reason enough to look.
            Err(Errno::ENOBUFS) => Ok(()),
            drained => drained,
        }
    }
}
