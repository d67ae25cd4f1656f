//! With what a call is made to fail: three errnos for each, and more for what it does.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use nix::errno::Errno::{self, *};
use nix::libc;
use nix::unistd::Pid;

use super::site::{Fault, Site};

/// A kernel that refuses, that does not know what is asked for, that has no memory.
const ALWAYS: &[Errno] = &[EPERM, EINVAL, ENOMEM];

/// What a call does; some do several of these things.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing follows from its answer: it asks for what the kernel always knows, sets
    /// what is a constant here, gives something back, or does not return. Memory and
    /// random numbers are among these: Rust ends a process that gets none.
    Certain,
    /// The argument of this number is a path.
    Path(usize),
    /// It makes a descriptor.
    Opens,
    /// It makes, joins, changes or removes what is counted, or in use.
    Changes,
    /// It moves bytes by the descriptor that is its first argument, or sleeps for one; a
    /// signal ends that early.
    Moves,
    /// It waits for a child of this process, and nothing but a signal ends that early.
    Waits,
    /// It only has a name.
    Plain,
}
use Kind::{Certain, Changes, Moves, Opens, Path, Plain, Waits};

impl Kind {
    const fn errnos(self) -> &'static [Errno] {
        match self {
            Certain | Waits | Plain => &[],
            Path(_) => &[ENOENT, EACCES],
            Opens => &[EMFILE, ENOSYS],
            Changes => &[ENOSPC, EBUSY, EAGAIN],
            Moves => &[EIO, EINTR],
        }
    }
}

macro_rules! kinds {
    ($($kind:expr => $($call:ident)+;)+) => {
        &[$($((libc::$call, stringify!($call), $kind),)+)+]
    };
}

/// A call that does not stand here fails as every call does, and is shown as a number.
const KINDS: &[(i64, &str, Kind)] = kinds! {
    Certain => SYS_exit SYS_exit_group SYS_rt_sigreturn SYS_restart_syscall SYS_sched_yield;
    Certain => SYS_rt_sigaction SYS_rt_sigprocmask SYS_sigaltstack SYS_set_robust_list SYS_rseq;
    Certain => SYS_set_tid_address;
    Certain => SYS_getpid SYS_getppid SYS_gettid SYS_getuid SYS_geteuid SYS_getgid SYS_getegid;
    Certain => SYS_getpgrp SYS_getpgid SYS_capget SYS_clock_gettime SYS_clock_nanosleep SYS_pause;
    Certain => SYS_close SYS_munmap SYS_madvise SYS_brk SYS_mremap SYS_getrandom;
    Path(0) => SYS_open SYS_stat SYS_readlink SYS_access SYS_mkdir SYS_rmdir SYS_unlink;
    Path(0) => SYS_execve SYS_chdir SYS_chroot SYS_pivot_root SYS_umount2;
    Path(1) => SYS_openat SYS_openat2 SYS_statx SYS_newfstatat SYS_readlinkat SYS_mknodat SYS_mount;
    Opens => SYS_open SYS_openat SYS_openat2 SYS_pipe2 SYS_fcntl SYS_dup2 SYS_memfd_create;
    Opens => SYS_pidfd_open SYS_signalfd4 SYS_socket SYS_socketpair SYS_accept4 SYS_mq_open;
    Changes => SYS_clone SYS_clone3 SYS_fork SYS_vfork SYS_unshare SYS_setns SYS_setuid;
    Changes => SYS_mount SYS_umount2 SYS_pivot_root SYS_mkdir SYS_rmdir SYS_unlink SYS_mknodat;
    Changes => SYS_bind SYS_msgget SYS_msgsnd SYS_mq_open SYS_mq_timedsend;
    Moves => SYS_read SYS_write SYS_sendto SYS_recvfrom SYS_sendmsg SYS_recvmsg SYS_connect;
    Moves => SYS_accept4 SYS_poll SYS_ppoll;
    Waits => SYS_wait4 SYS_waitid;
    Plain => SYS_mmap SYS_mprotect SYS_fstat SYS_fchdir SYS_fchown SYS_lseek SYS_getdents64;
    Plain => SYS_ioctl SYS_listen SYS_getsockname SYS_setsockopt SYS_getsockopt SYS_kill SYS_prctl;
    Plain => SYS_setsid SYS_setgroups SYS_getgroups SYS_setgid SYS_setresuid SYS_setresgid;
    Plain => SYS_capset SYS_uname SYS_sethostname SYS_setdomainname SYS_prlimit64;
    Plain => SYS_msgrcv SYS_mq_timedreceive;
};

fn kinds(call: i64) -> impl Iterator<Item = Kind> {
    let rows = KINDS.iter().filter(move |(number, ..)| *number == call);
    rows.map(|(.., kind)| *kind)
}

pub(super) fn name(call: i64) -> String {
    let row = KINDS.iter().find(|(number, ..)| *number == call);
    let name = row.and_then(|(_, name, _)| name.strip_prefix("SYS_"));
    name.map_or_else(|| format!("call {call}"), str::to_owned)
}

/// Whether a call is left alone.
pub(super) fn is_certain(call: i64, arguments: [u64; 4]) -> bool {
    let [_, command, _, flags] = arguments;
    match call {
        // Stacks and what is shared are a lab's; all else is the allocator's.
        libc::SYS_mmap => flags & (libc::MAP_STACK | libc::MAP_SHARED) as u64 == 0,
        // The other commands ask, or set a flag of an open descriptor.
        libc::SYS_fcntl => command != libc::F_DUPFD_CLOEXEC as u64,
        _ => kinds(call).any(|kind| kind == Certain),
    }
}

/// What a site is made to fail with.
pub(super) fn faults(site: &Site) -> Vec<Fault> {
    if site.before_main {
        // The same runtime in every lab.
        return vec![Fault::Errno(EPERM)];
    }
    // A pipe or a signalfd has what is read, or waits for it.
    let object = site.object.as_str();
    let waits = site.call == libc::SYS_read && ["pipe:", "anon_inode:"].contains(&object)
        || kinds(site.call).any(|kind| kind == Waits);
    let always: &[_] = match site.call {
        _ if waits => &[EINTR],
        // Of a mapping that is refused musl says that there is no memory.
        libc::SYS_mmap => &[EINVAL, ENOMEM],
        _ => ALWAYS,
    };
    let by_kind = kinds(site.call).filter(|_| !waits).flat_map(Kind::errnos);
    let errnos = always.iter().chain(by_kind);
    let mut faults: Vec<_> = errnos.map(|&errno| Fault::Errno(errno)).collect();
    if site.writes_stdout() {
        faults.extend([Fault::Errno(ENOSPC), Fault::Errno(EPIPE), Fault::Short]);
    }
    faults
}

/// What a call works on, in words that stay the same from run to run.
pub(super) fn object(pid: Pid, call: i64, arguments: [u64; 4]) -> String {
    let words = kinds(call).find_map(|kind| match kind {
        Path(number) => Some(text_at(pid, arguments[number])),
        Moves => Some(descriptor(pid, arguments[0])),
        _ => None,
    });
    let words = words.unwrap_or_default();
    let in_proc = words.strip_prefix("/proc/").unwrap_or_default();
    match in_proc.trim_start_matches(|c: char| c.is_ascii_digit()) {
        rest if rest == in_proc => words,
        rest => format!("/proc/PID{rest}"),
    }
}

/// `stdout`, a path, or the kernel's word for something that has none.
fn descriptor(pid: Pid, number: u64) -> String {
    if let 1 | 2 = number {
        return ["stdout", "stderr"][usize::from(number == 2)].into();
    }
    let link = fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap_or_default();
    let words = link.to_string_lossy();
    // Pipes and sockets have an inode number behind the colon.
    let kind = words.split_once(":[").map(|(kind, _)| format!("{kind}:"));
    kind.unwrap_or_else(|| words.into_owned())
}

/// The text at an address of a process, up to its zero byte.
fn text_at(pid: Pid, address: u64) -> String {
    let mut bytes = [0; 256];
    let memory = File::open(format!("/proc/{pid}/mem"));
    // At the end of what is mapped, fewer bytes are read.
    let length = memory.and_then(|memory| memory.read_at(&mut bytes, address));
    let text = &bytes[..length.unwrap_or_default()];
    let text = text.split(|&byte| byte == 0).next();
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}
