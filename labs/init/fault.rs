//! PID 1 and SIGSEGV: dropped where a process sends it, not where the kernel does for a fault.

use std::hint::black_box;

use common::process::{Ended, Reports};
use common::procfs::field;
use common::{Checkpoint, Error, Result, Step as _, clone, explain, say};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::prctl::set_dumpable;
use nix::sys::signal::Signal::SIGSEGV;
use nix::sys::signal::{kill, raise};
use nix::unistd::{Pid, pause};

pub(crate) fn lab() -> Result<u8> {
    say!("SIGSEGV                        WHAT BECOMES OF PID 1")?;
    let reports = Reports::new()?;
    let init = clone(CloneFlags::CLONE_NEWPID, || init_function(&reports))?;
    let (pid_2, _) = reports.receive()?;
    match init.wait_ended()? {
        Ended::Signaled(signal) if signal == SIGSEGV as i32 => {
            say!("a stack overflow of PID 1      waitpid(): ended by SIGSEGV")?;
        }
        Ended::Exited(0) => return Ok(0), // It has said why.
        Ended::Signaled(signal) => return Err(Error::ChildKilled(signal)),
        Ended::Exited(status) => return Err(Error::ChildFailed(status)),
    }
    match kill(pid_2, None) {
        Err(Errno::ESRCH) => say!("PID 2 of the namespace: gone, too")?,
        other => other.step("kill", format!("0 to process {pid_2}"))?,
    }
    Ok(0)
}

fn init_function(reports: &Reports) -> Result<u8> {
    // A core dump would outlive the lab.
    set_dumpable(false).step("prctl", "PR_SET_DUMPABLE")?;
    let is_sent = Checkpoint::new()?;
    let pid_2 = clone(CloneFlags::empty(), || {
        reports.send(0)?;
        kill(Pid::from_raw(1), SIGSEGV).step("kill", "SIGSEGV to PID 1")?;
        is_sent.open()?;
        pause();
        Ok(0)
    })?;
    reports.leave();
    is_sent.wait()?;
    say!("kill(1, SIGSEGV) by PID 2      goes on")?;
    raise(SIGSEGV).step("raise", "SIGSEGV")?;
    say!("raise(SIGSEGV) by PID 1        goes on")?;
    let tracer = field("self", "TracerPid")?.ok_or(Errno::ENOENT);
    if tracer.step("open", "/proc/self/status")? != "0" {
        say!("a stack overflow of PID 1      not tried: a tracer keeps PID 1 alive, for ever")?;
        pid_2.end()?;
        return Ok(0);
    }
    explain!(
        "PID 1 touches a page that it must not: this signal the kernel cannot drop,\n\
         the instruction would only fault again; it takes PID 1's protection away\n\
         see: dmesg, which may tell of it"
    );
    Ok(overflow(u64::MAX) as u8)
}

/// Calls itself until the stack is used up, and touches the page below, which nobody may.
fn overflow(left: u64) -> u64 {
    if left == 0 {
        return 0;
    }
    // What the compiler cannot look into stays a call.
    black_box(overflow(black_box(left - 1)))
}
