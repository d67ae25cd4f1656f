//! A namespace's life: created, joined and destroyed, and each of them timed.

use std::cell::Cell;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::ns::{Type, describe};
use common::process::{Reports, fork_untied};
use common::{Checkpoint, Result, Step as _};
use nix::errno::Errno;
use nix::sched::{CloneFlags, sched_yield, setns, unshare};

use crate::kind::Kind;
use crate::numbers::{child, measured, receive, report, since};

/// Namespaces that only descriptors hold. They end with the process, however it ends.
pub(crate) type Handles = Vec<OwnedFd>;

// ANCHOR: create
/// Has a child leave the namespaces that it shares with this process. It reports how
/// long that took, and lives until the new ones are open here.
pub(crate) fn create(kind: &Kind, object: &str) -> Result<(f64, Handles)> {
    let (reports, opened) = (Reports::new()?, Checkpoint::new()?);
    let child = child(|| {
        // A child takes a page fault for every page that it touches for the first
        // time, code as well: a call that changes nothing has those behind it.
        let warm_up = Instant::now();
        unshare(CloneFlags::empty()).step("unshare", "nothing")?;
        since(warm_up);
        let begun = Instant::now();
        unshare(kind.flags).step("unshare", object)?;
        let time = since(begun);
        // A PID namespace can be opened only once a process has been in it.
        if kind.flags.contains(CloneFlags::CLONE_NEWPID) {
            fork_untied(|| Ok(0))?.wait()?;
        }
        report(&reports, time)?;
        opened.wait()
    })?;
    let time = receive(&reports)?;
    let mut handles = Handles::new();
    for Type { name, .. } in kind.types() {
        // The child itself stays where it was in these two, only its children do not.
        let of_children = ["pid", "time"].contains(&name);
        let file = name.to_owned() + if of_children { "_for_children" } else { "" };
        let path = format!("/proc/{}/ns/{file}", child.pid());
        handles.push(File::open(&path).step("open", path)?.into());
    }
    opened.open()?;
    child.succeed()?;
    Ok((time, handles))
}
// ANCHOR_END: create

// ANCHOR: join
/// Has another child enter the namespaces, one setns() for each.
pub(crate) fn join(kind: &Kind, handles: &Handles) -> Result<f64> {
    let enter = |flag: fn(Type) -> CloneFlags| {
        let mut each = kind.types().zip(handles);
        each.try_for_each(|(each, handle)| setns(handle, flag(each)))
    };
    let object = describe(kind.flags);
    let [time] = measured(|reports| {
        // No handle is of every type: refused (EINVAL), but the pages are there.
        let warm_up = Instant::now();
        let _ = enter(|_| CloneFlags::all());
        since(warm_up);
        let begun = Instant::now();
        enter(|each| each.flag).step("setns", &object)?;
        report(reports, since(begun))
    })?;
    Ok(time)
}
// ANCHOR_END: join

// ANCHOR: destroy
/// Closes the last descriptors. close() returns when the kernel has done what it
/// does at once; a child sees when the namespaces are really gone: it may have one of
/// each type, and is refused a new one while the old one is there.
pub(crate) fn destroy(kind: &Kind, handles: Handles) -> Result<(f64, f64)> {
    let limited = limit(kind, 1);
    let (reports, object) = (Reports::new()?, describe(kind.flags));
    let handles = Cell::new(handles);
    let begun = Instant::now();
    let watcher = child(|| {
        drop(handles.take());
        report(&reports, since(begun))?;
        for each in kind.types().filter(|_| limited) {
            wait_for_place(each.flag).step("unshare", &object)?;
        }
        report(&reports, since(begun))
    })?;
    receive(&reports)?;
    let closing = since(begun);
    drop(handles.take());
    let closed = since(begun);
    let gone = receive(&reports)?;
    watcher.succeed()?;
    limit(kind, i32::MAX);
    let seen = if limited { gone } else { f64::NAN };
    Ok((closed - closing, seen - closing))
}
// ANCHOR_END: destroy

// ANCHOR: wait
/// Allows so many namespaces of each of these types. `false` where /proc/sys may not
/// be written, as in most containers.
fn limit(kind: &Kind, number: i32) -> bool {
    kind.types().all(|each| {
        let file = format!("/proc/sys/user/max_{each}_namespaces");
        fs::write(file, number.to_string()).is_ok()
    })
}

/// Tries to make a namespace until the limit allows it (ENOSPC before that).
fn wait_for_place(flag: CloneFlags) -> nix::Result<()> {
    const BRIEF: Duration = Duration::from_millis(1);
    const PATIENCE: Duration = Duration::from_secs(30);
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
