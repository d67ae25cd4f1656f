//! Two PID namespaces side by side: A with two processes, B with one.

use common::lab::Hold;
use common::process::Reports;
use common::procfs::check_proc;
use common::{Checkpoint, Result, clone, explain, ns, say};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::kill;
use nix::unistd::{Pid, getpid, pause};

use crate::commands;

pub(crate) fn lab(hold: Option<&Hold>) -> Result<u8> {
    check_proc()?;
    let a = Reports::new()?;

    let a1 = clone(CloneFlags::CLONE_NEWPID, || first_of_a(&a))?;
    let (_, a1_inside) = a.receive()?;
    let (a2, a2_inside) = a.receive()?;
    // Not earlier: A would hold an end as well, and the end of B would go unnoticed.
    let b = Reports::new()?;
    let b1 = clone(CloneFlags::CLONE_NEWPID, || first_of_b(&b))?;
    let (_, b1_inside) = b.receive()?;
    explain!(
        "clone(CLONE_NEWPID) twice, and clone() without it inside A: three processes\n\
         see: grep NSpid /proc/{}/status /proc/{a2}/status /proc/{}/status",
        a1.pid(),
        b1.pid()
    );

    say!("Namespace A holds two processes, namespace B one. Seen from outside:\n")?;
    say!("PROCESS  PID OUTSIDE  PID INSIDE  NAMESPACE")?;
    for (name, outside, inside) in [
        ("A1", a1.pid(), a1_inside),
        ("A2", a2, a2_inside),
        ("B1", b1.pid(), b1_inside),
    ] {
        say!(
            "{name:7}  {outside:>11}  {inside:>10}  {}",
            ns::link(outside, "pid")?
        )?;
    }

    if let Some(hold) = hold {
        hold.wait(&commands(&[a1.pid(), a2, b1.pid()]))?;
    }
    explain!("kill(PID, 0) sends nothing: it asks whether the PID names a process in here");
    a.answer(b1.pid().as_raw())?;
    let (_, answer) = a.receive()?;
    say!(
        "\nA1 inside A: kill({}, 0) to B1: {}",
        b1.pid(),
        words(answer)
    )?;
    b.answer(a1.pid().as_raw())?;
    let (_, answer) = b.receive()?;
    say!(
        "B1 inside B: kill({}, 0) to A1: {}",
        a1.pid(),
        words(answer)
    )?;
    for (name, pid) in [("A1", a1.pid()), ("A2", a2), ("B1", b1.pid())] {
        say!("the parent:  kill({pid}, 0) to {name}: {}", words(ask(pid)))?;
    }

    explain!(
        "kill(A1, SIGKILL) from outside: with PID\n\
         1 the kernel ends every process of A\n\
         see: pid_namespaces(7), the namespace's init process"
    );
    let a1_pid = a1.pid();
    let status = a1.end()?;
    say!("\nthe parent:  kill({a1_pid}, SIGKILL) to A1: ended with status {status}")?;
    say!("the parent:  kill({a2}, 0) to A2: {}", words(ask(a2)))?;
    say!(
        "the parent:  kill({}, 0) to B1: {}",
        b1.pid(),
        words(ask(b1.pid()))
    )?;
    b1.end()?;
    Ok(0)
}

fn first_of_a(reports: &Reports) -> Result<u8> {
    reports.send(getpid().as_raw())?;
    let begun = Checkpoint::new()?;
    let a2 = clone(CloneFlags::empty(), || {
        reports.send(getpid().as_raw())?;
        begun.open()?;
        pause();
        Ok(0)
    })?;
    begun.wait()?; // While it asks the parent, it would not notice that A2 has failed.
    reports.send(ask(Pid::from_raw(reports.ask()?)))?;
    a2.wait()
}

fn first_of_b(reports: &Reports) -> Result<u8> {
    reports.send(getpid().as_raw())?;
    reports.send(ask(Pid::from_raw(reports.ask()?)))?;
    pause();
    Ok(0)
}

/// Whether the PID names a process in the caller's namespace: 0 or the errno.
fn ask(pid: Pid) -> i32 {
    kill(pid, None).err().map_or(0, |errno| errno as i32)
}

fn words(answer: i32) -> String {
    match answer {
        0 => "0, it is there".to_owned(),
        errno => Errno::from_raw(errno).to_string(),
    }
}
