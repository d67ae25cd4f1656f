//! Runs a lab under ptrace(2): lists its system calls, and has one of them fail.
//!
//! strace injects as well, but it counts the calls of each process from the process's
//! start. A fault meant for a child's first write would hit its parent's first, and one
//! for a child's first mmap the parent's runtime. Here a site is one call of one process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::process::{Process, Stage};
use super::site::{Fault, Run, Site};
use super::state;
use super::watch::Watched;

/// Runs a command whose last program, after others such as setpriv, is the lab.
#[expect(
    clippy::zombie_processes,
    reason = "the tracer reaps it, among the others"
)]
pub(crate) fn run(
    lab: &Path,
    words: &[String],
    fault: Option<(&Site, Fault)>,
    patience: Duration,
) -> Run {
    let start = Instant::now();
    let [mut stdout, mut stderr] = [(); 2].map(|()| tempfile::tempfile().expect("a file"));
    let mut child = Command::new("/bin/sh")
        .args(["-c", "read -r go; exec \"$@\" </dev/null", "sh"])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(stdout.try_clone().expect("a descriptor"))
        .stderr(stderr.try_clone().expect("a descriptor"))
        .spawn()
        .expect("a shell");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a PID"));
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).expect("a tracee");
    let mut go = child.stdin.take().expect("a pipe");
    go.write_all(b"go\n").expect("a shell that reads");
    drop(go);

    let mut tracer = Tracer::new(lab, pid, fault, patience);
    tracer.follow();
    let mut run = tracer.run;
    run.took = start.elapsed();
    run.stdout = text(&mut stdout);
    run.stderr = text(&mut stderr);
    run
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().expect("a file");
    file.read_to_end(&mut bytes).expect("a file");
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Tracer<'a> {
    lab: PathBuf,
    first: Pid,
    fault: Option<(&'a Site, Fault)>,
    processes: BTreeMap<Pid, Process>,
    /// Those that stopped before their parent's stop has told of them.
    early: BTreeSet<Pid>,
    watched: Watched,
    run: Run,
}

impl<'a> Tracer<'a> {
    fn new(lab: &Path, first: Pid, fault: Option<(&'a Site, Fault)>, patience: Duration) -> Self {
        let process = Process::new("1".into(), Stage::Foreign);
        Self {
            lab: fs::canonicalize(lab).expect("a lab"),
            first,
            fault,
            processes: [(first, process)].into(),
            early: BTreeSet::new(),
            watched: Watched::new(first, patience),
            run: Run::default(),
        }
    }

    /// Until none of the lab's processes is left.
    fn follow(&mut self) {
        // Without the second flag this would take other tests' children.
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(flags)) {
                Err(Errno::ECHILD) => break,
                Ok(status) => self.handle(status),
                Err(_) => {}
            }
        }
        (self.run.hung, self.run.left) = self.watched.end();
    }

    fn handle(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::Exited(pid, status) => self.ended(pid, status),
            WaitStatus::Signaled(pid, signal, _) => self.ended(pid, 128 + signal as i32),
            WaitStatus::Stopped(pid, signal) => self.resume(pid, Some(signal)),
            WaitStatus::PtraceSyscall(pid) => {
                self.system_call(pid);
                self.resume(pid, None);
            }
            WaitStatus::PtraceEvent(pid, _, event) => self.event(pid, event),
            _ => {}
        }
    }

    fn ended(&mut self, pid: Pid, status: i32) {
        self.processes.remove(&pid);
        self.watched.forget(pid);
        if pid == self.first {
            self.run.status = status;
            self.watched.lab_has_ended();
        }
        self.adopt_orphans();
    }

    fn event(&mut self, pid: Pid, event: i32) {
        let is = |kind: Event| event == kind as i32;
        if is(Event::PTRACE_EVENT_EXEC) {
            self.executed(pid);
        } else if is(Event::PTRACE_EVENT_CLONE)
            || is(Event::PTRACE_EVENT_FORK)
            || is(Event::PTRACE_EVENT_VFORK)
        {
            self.born(pid);
        } else if !self.processes.contains_key(&pid) {
            self.early.insert(pid);
            self.watched.remember(pid);
            self.adopt_orphans();
            return;
        }
        self.resume(pid, None);
    }

    fn born(&mut self, parent: Pid) {
        let (Ok(child), Some(parent)) = (ptrace::getevent(parent), self.processes.get_mut(&parent))
        else {
            return;
        };
        let child = Pid::from_raw(i32::try_from(child).expect("a PID"));
        parent.children += 1;
        let name = format!("{}.{}", parent.name, parent.children);
        let process = Process::new(name, parent.stage);
        self.processes.insert(child, process);
        self.watched.remember(child);
        if self.early.remove(&child) {
            self.resume(child, None);
        }
    }

    /// A process that is killed while it makes a child cannot tell of it any more: the
    /// child has another parent by then, outside of what is traced.
    fn adopt_orphans(&mut self) {
        let outside = |child: &Pid| {
            state::parent(*child).is_some_and(|pid| !self.processes.contains_key(&pid))
        };
        let orphans: Vec<_> = self.early.iter().copied().filter(outside).collect();
        for child in orphans {
            self.early.remove(&child);
            self.processes
                .insert(child, Process::new("orphan".into(), Stage::Main));
            self.resume(child, None);
        }
    }

    fn executed(&mut self, pid: Pid) {
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        let is_lab = program == self.lab;
        if let Some(process) = self.processes.get_mut(&pid) {
            if process.stage == Stage::Main {
                process.name.push('+');
            }
            process.stage = if is_lab {
                Stage::Starting
            } else {
                Stage::Foreign
            };
        }
    }

    /// What has ended meanwhile is resumed no more: ESRCH.
    fn resume(&self, pid: Pid, signal: Option<Signal>) {
        let stage = self.processes.get(&pid).map(|process| process.stage);
        let _ = match stage {
            Some(Stage::Foreign) | None => ptrace::cont(pid, signal),
            Some(_) => ptrace::syscall(pid, signal),
        };
    }

    fn system_call(&mut self, pid: Pid) {
        let (Ok(stop), Ok(mut registers)) = (ptrace::syscall_info(pid), ptrace::getregs(pid))
        else {
            return;
        };
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        if stop.op == libc::PTRACE_SYSCALL_INFO_EXIT {
            if let Some(errno) = process.pending.take() {
                registers.rax = (-(errno as i64)) as u64;
                let _ = ptrace::setregs(pid, registers);
            }
            let site = process
                .site
                .take()
                .and_then(|site| self.run.sites.get_mut(site));
            let result = i32::try_from(registers.rax as i64).unwrap_or_default();
            if let Some(site) = site.filter(|_| (-4095..0).contains(&result)) {
                site.own = Some(Errno::from_raw(-result));
            }
            return;
        }
        if stop.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
            return;
        }
        let arguments = [registers.rdi, registers.rsi, registers.rdx, registers.r10];
        let (call, arguments) = super::calls::newer(pid, registers.orig_rax as i64, arguments);
        if process.stage == Stage::Starting && !begins_main(call, arguments) {
            self.run.before_main += 1;
            return;
        }
        process.stage = Stage::Main;
        let count = process.counts.entry(call).or_default();
        *count += 1;
        let site = Site {
            process: process.name.clone(),
            call,
            nth: *count,
            object: super::calls::object(pid, call, arguments),
            own: None,
        };
        process.site = Some(self.run.sites.len());
        let fault = self.fault.filter(|(wanted, _)| wanted.is_same(&site));
        self.run.sites.push(site);
        let Some((_, fault)) = fault else {
            return;
        };
        self.run.fired = true;
        match fault {
            Fault::Errno(errno) => {
                registers.orig_rax = u64::MAX; // No system call: it is left out.
                process.pending = Some(errno);
            }
            Fault::Short => registers.rdx = 1,
        }
        let _ = ptrace::setregs(pid, registers);
    }
}

/// The first signal whose disposition `main` changes is SIGPIPE.
fn begins_main(call: i64, [signal, action, ..]: [u64; 4]) -> bool {
    call == libc::SYS_rt_sigaction && signal == libc::SIGPIPE as u64 && action != 0
}
