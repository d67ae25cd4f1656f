//! One namespace's life: made, joined, destroyed, and each of them timed.

use std::cell::Cell;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::Child;
use common::clone::fork;
use common::namespace::Type;
use common::reports::Reports;
use common::{Checkpoint, ChildStack, Error, Result, Step as _, clone};
use nix::errno::Errno;
use nix::sched::{CloneFlags, sched_yield, setns, unshare};

use crate::kind::{Kind, file};
use crate::limits;

/// How long a full limit may be the fault of namespaces that are still being freed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Before this there is no pause, which lasts 50 µs longer than it is asked to: the
/// timer slack of prctl(2).
const BRIEF: Duration = Duration::from_millis(1);

/// Namespaces that only descriptors hold. They end with the process, however it ends.
pub(crate) type Handles = Vec<OwnedFd>;

pub(crate) struct Life {
    child_stack: ChildStack,
}

impl Life {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            child_stack: ChildStack::new()?,
        })
    }

    // ANCHOR: create
    /// Has a child leave the namespaces that it shares with this process. It says
    /// how long that took, and lives until the new ones are open here.
    pub(crate) fn create(&mut self, kind: &Kind) -> Result<(Duration, Handles)> {
        let (reports, opened) = (Reports::new()?, Checkpoint::new()?);
        let flags = kind.flags();
        let child = self.child(|| {
            // A child takes a page fault for every page that it touches for the first
            // time, code as well: a call that changes nothing has those behind it.
            timed(|| unshare(CloneFlags::empty())).step("unshare", "nothing")?;
            let took = match timed(|| unshare(flags)) {
                Ok(took) => took,
                Err(errno) => return refuse(&reports, errno),
            };
            // A PID namespace can be opened only once a process has been in it.
            if kind.has("pid") {
                fork(None, || Ok(0))?.wait()?;
            }
            send(&reports, took)?;
            opened.wait()?;
            Ok(0)
        })?;
        let took = receive(&reports, "unshare", kind)?;
        let mut handles = Handles::new();
        for &each in &kind.types {
            let path = format!("/proc/{}/ns/{}", child.pid(), file(each));
            handles.push(File::open(&path).step("open", path)?.into());
        }
        opened.open()?;
        child.wait()?;
        Ok((took, handles))
    }
    // ANCHOR_END: create

    // ANCHOR: join
    /// Has another child enter the namespaces, one setns() for each.
    pub(crate) fn join(&mut self, kind: &Kind, handles: &Handles) -> Result<Duration> {
        let reports = Reports::new()?;
        let child = self.child(|| {
            // No handle is of every type: refused (EINVAL), but the pages are there.
            let _ = timed(|| enter(kind, handles, |_| CloneFlags::all()));
            match timed(|| enter(kind, handles, |each| each.flag)) {
                Ok(took) => send(&reports, took).map(|()| 0),
                Err(errno) => refuse(&reports, errno),
            }
        })?;
        let took = receive(&reports, "setns", kind)?;
        child.wait()?;
        Ok(took)
    }
    // ANCHOR_END: join

    // ANCHOR: destroy
    /// Closes the last descriptors. close() returns when the kernel has done what
    /// it does at once; a child sees when the namespaces are really gone: it may have
    /// one of each type, and is refused a new one while the old one is there.
    pub(crate) fn destroy(
        &mut self,
        kind: &Kind,
        handles: Handles,
    ) -> Result<(Duration, Option<Duration>)> {
        if !limits::allow_one_each(kind) {
            return Ok((closed(handles), None));
        }
        let reports = Reports::new()?;
        let handles = Cell::new(handles);
        let begun = Instant::now();
        let watcher = self.child(|| {
            drop(handles.take());
            send(&reports, Duration::ZERO)?;
            match kind
                .types
                .iter()
                .try_for_each(|each| wait_for_place(each.flag))
            {
                Ok(()) => send(&reports, begun.elapsed()).map(|()| 0),
                Err(errno) => refuse(&reports, errno),
            }
        })?;
        receive(&reports, "unshare", kind)?;
        let before = begun.elapsed();
        let close = closed(handles.take());
        let gone = receive(&reports, "unshare", kind)?;
        watcher.wait()?;
        Ok((close, Some(gone.saturating_sub(before))))
    }
    // ANCHOR_END: destroy

    pub(crate) fn child(&mut self, child_function: impl FnMut() -> Result<u8>) -> Result<Child> {
        clone(CloneFlags::empty(), &mut self.child_stack, child_function)
    }
}

fn enter(kind: &Kind, handles: &Handles, flag: fn(&Type) -> CloneFlags) -> nix::Result<()> {
    for (each, handle) in kind.types.iter().zip(handles) {
        setns(handle, flag(each))?;
    }
    Ok(())
}

fn timed(call: impl FnOnce() -> nix::Result<()>) -> nix::Result<Duration> {
    let start = Instant::now();
    call()?;
    Ok(start.elapsed())
}

// ANCHOR: wait
/// Tries to make a namespace until the limit allows it (ENOSPC before that).
fn wait_for_place(flag: CloneFlags) -> nix::Result<()> {
    let begun = Instant::now();
    loop {
        match (unshare(flag), begun.elapsed()) {
            // The kernel may need this CPU to free the old one, and waits itself until
            // every CPU has done its part: a try now and then leaves both in peace.
            (Err(Errno::ENOSPC), waited) if waited < BRIEF => sched_yield()?,
            (Err(Errno::ENOSPC), waited) if waited < PATIENCE => sleep(waited / 50),
            (result, _) => return result,
        }
    }
}
// ANCHOR_END: wait

fn closed(handles: Handles) -> Duration {
    let start = Instant::now();
    drop(handles);
    start.elapsed()
}

/// In a child: reports an error, which the lab then prints, and ends without one.
fn refuse(reports: &Reports, errno: Errno) -> Result<u8> {
    reports.send(-(errno as i32)).map(|()| 0)
}

/// In a child: reports a time, as seconds and nanoseconds.
pub(crate) fn send(reports: &Reports, time: Duration) -> Result<()> {
    reports.send(i32::try_from(time.as_secs()).unwrap_or(i32::MAX))?;
    reports.send(i32::try_from(time.subsec_nanos()).unwrap_or_default())
}

/// The time that a child reports, or the errno that it met instead.
pub(crate) fn receive(reports: &Reports, step: &'static str, kind: &Kind) -> Result<Duration> {
    receive_or(reports, |errno| {
        Error::new(step, clone::describe(kind.flags()), errno)
    })
}

/// The same for another step, whose error the caller knows.
pub(crate) fn receive_or(
    reports: &Reports,
    error: impl FnOnce(Errno) -> Error,
) -> Result<Duration> {
    let (_, seconds) = reports.receive()?;
    let Ok(seconds) = u64::try_from(seconds) else {
        return Err(error(Errno::from_raw(-seconds)));
    };
    let (_, nanoseconds) = reports.receive()?;
    Ok(Duration::new(seconds, nanoseconds.unsigned_abs()))
}
