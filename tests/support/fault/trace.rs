//! Runs a lab under ptrace(2): lists its system calls, and has one of them fail.
//!
//! strace injects as well, but it counts the calls of each process from the process's
//! start. A fault meant for a child's first write would hit its parent's first, and one
//! for a child's first mmap the parent's runtime. Here a site is one call of one process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::errnos;
use super::site::{Fault, Run, Site};
use super::watch::Watch;

/// Runs a command whose last program, after others such as setpriv, is the lab at this path.
#[expect(
    clippy::zombie_processes,
    reason = "the tracer reaps it, among the others"
)]
pub(super) fn run(
    lab: &str,
    command: &str,
    fault: Option<(&Site, Fault)>,
    patience: Duration,
) -> Run {
    let start = Instant::now();
    let [stdout, stderr] = [(); 2].map(|()| tempfile::tempfile().expect("a file"));
    let mut child = Command::new("/bin/sh")
        .args(["-c", "read -r go; exec \"$@\" </dev/null", "sh"])
        .args(command.split(' '))
        .stdin(Stdio::piped())
        .stdout(stdout.try_clone().expect("a descriptor"))
        .stderr(stderr.try_clone().expect("a descriptor"))
        .spawn()
        .expect("a shell");
    let first = Pid::from_raw(i32::try_from(child.id()).expect("a PID"));
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(first, options).expect("a tracee");
    drop(child.stdin.take()); // Go.

    let mut tracer = Tracer {
        lab,
        first,
        fault,
        met: BTreeSet::new(),
        processes: BTreeMap::new(),
        watch: Watch::new(patience),
        run: Run::default(),
    };
    tracer.meet(first, None);
    tracer.follow();
    let (hung, left) = tracer.watch.end();
    Run {
        took: start.elapsed(),
        hung,
        left,
        stdout: text(stdout),
        stderr: text(stderr),
        ..tracer.run
    }
}

fn text(mut file: File) -> String {
    let mut bytes = Vec::new();
    file.rewind().expect("a file");
    file.read_to_end(&mut bytes).expect("a file");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// With this a call is begun anew by the kernel itself, as is a write() to
/// /proc/sys/net/ipv4/ip_forward while another has the lock of all network namespaces.
const ERESTARTNOINTR: i64 = 513;

/// What a traced process is at.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// Another program: its calls are not the lab's.
    #[default]
    Foreign,
    /// The lab before its `main`.
    Starting,
    Main,
}

#[derive(Default)]
struct Process {
    name: String,
    stage: Stage,
    children: u32,
    counts: BTreeMap<i64, u32>,
    /// The fault that the call it is in returns with.
    pending: Option<Errno>,
}

struct Tracer<'a> {
    lab: &'a str,
    first: Pid,
    fault: Option<(&'a Site, Fault)>,
    /// All that there were.
    met: BTreeSet<Pid>,
    processes: BTreeMap<Pid, Process>,
    watch: Watch,
    run: Run,
}

impl Tracer<'_> {
    /// Until none of the lab's processes is left.
    fn follow(&mut self) {
        // Without the second flag this would take other tests' children.
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(flags)) {
                Err(Errno::ECHILD) => break,
                Ok(WaitStatus::Exited(pid, status)) => self.ended(pid, status),
                Ok(WaitStatus::Signaled(pid, signal, _)) => self.ended(pid, 128 + signal as i32),
                Ok(WaitStatus::Stopped(pid, signal)) => self.resume(pid, Some(signal)),
                Ok(WaitStatus::PtraceSyscall(pid)) => self.system_call(pid),
                Ok(WaitStatus::PtraceEvent(pid, _, event)) => self.event(pid, event),
                _ => {}
            }
        }
    }

    fn ended(&mut self, pid: Pid, status: i32) {
        self.processes.remove(&pid);
        if pid == self.first {
            self.run.status = status;
            self.watch.lab_has_ended();
        }
    }

    fn event(&mut self, pid: Pid, event: i32) {
        if event == Event::PTRACE_EVENT_EXEC as i32 {
            self.executed(pid);
        } else if event == Event::PTRACE_EVENT_STOP as i32 {
            self.meet(pid, maker(pid));
        } else if let Ok(child) = ptrace::getevent(pid) {
            let child = i32::try_from(child).expect("a PID");
            self.meet(Pid::from_raw(child), Some(pid));
        }
        self.resume(pid, None);
    }

    /// A child's first stop and its parent's tell of it, in either order.
    fn meet(&mut self, pid: Pid, parent: Option<Pid>) {
        if !self.met.insert(pid) {
            return;
        }
        let mut process = Process::default();
        if pid == self.first {
            process.name = "1".into();
        } else if let Some(parent) = parent.and_then(|pid| self.processes.get_mut(&pid)) {
            parent.children += 1;
            process.name = format!("{}.{}", parent.name, parent.children);
            process.stage = parent.stage;
        } else {
            // Its parent was killed before it could tell.
            process.name = "orphan".into();
            process.stage = Stage::Main;
        }
        self.processes.insert(pid, process);
    }

    fn executed(&mut self, pid: Pid) {
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        if process.stage == Stage::Main {
            process.name.push('+');
        }
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        process.stage = match program.to_str() {
            Some(path) if path == self.lab || is_sealed_copy(path) => Stage::Starting,
            _ => Stage::Foreign,
        };
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
        let (stop, registers) = (ptrace::syscall_info(pid), ptrace::getregs(pid));
        if let (Ok(stop), Ok(registers)) = (stop, registers) {
            match stop.op {
                libc::PTRACE_SYSCALL_INFO_ENTRY => self.enters(pid, registers),
                libc::PTRACE_SYSCALL_INFO_EXIT => self.leaves(pid, registers),
                _ => {}
            }
        }
        self.resume(pid, None);
    }

    fn enters(&mut self, pid: Pid, mut registers: libc::user_regs_struct) {
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        let call = registers.orig_rax as i64;
        let arguments = [registers.rdi, registers.rsi, registers.rdx, registers.r10];
        if process.stage == Stage::Starting && begins_main(call, arguments) {
            process.stage = Stage::Main;
            process.counts.clear();
        }
        let count = process.counts.entry(call).or_default();
        *count += 1;
        let site = Site {
            process: process.name.clone(),
            call,
            nth: *count,
            object: errnos::object(pid, call, arguments),
            before_main: process.stage == Stage::Starting,
            certain: errnos::is_certain(call, arguments),
        };
        if let Some((_, fault)) = self.fault.filter(|(wanted, _)| wanted.is_same(&site)) {
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
        self.run.sites.push(site);
    }

    fn leaves(&mut self, pid: Pid, mut registers: libc::user_regs_struct) {
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        if let Some(errno) = process.pending.take() {
            registers.rax = (-(errno as i64)) as u64;
            let _ = ptrace::setregs(pid, registers);
        } else if registers.rax as i64 == -ERESTARTNOINTR {
            // It is entered once more, and remains one call of the lab's.
            let call = registers.orig_rax as i64;
            process.counts.entry(call).and_modify(|count| *count -= 1);
            let mut sites = self.run.sites.iter();
            let site = sites.rposition(|site| site.process == process.name && site.call == call);
            site.map(|site| self.run.sites.remove(site));
        }
    }
}

/// The lab's own calls begin with its disposition of SIGCHLD, which no runtime sets.
fn begins_main(call: i64, [signal, action, ..]: [u64; 4]) -> bool {
    call == libc::SYS_rt_sigaction && signal == libc::SIGCHLD as u64 && action != 0
}

/// The process that a new one, or a new thread, is of.
fn maker(pid: Pid) -> Option<Pid> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name| status.lines().find_map(|line| line.strip_prefix(name));
    let is_pid = |text: &&str| text.trim() == pid.to_string();
    let thread = field("Tgid:").filter(|group| !is_pid(group));
    let maker = thread.or_else(|| field("PPid:"))?;
    maker.trim().parse().ok().map(Pid::from_raw)
}

/// A lab's copy of itself, in memory.
fn is_sealed_copy(path: &str) -> bool {
    path.starts_with("/memfd:")
}
