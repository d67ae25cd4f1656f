//! The system calls that labs make, and with what each can fail on a real kernel.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use nix::errno::Errno::{self, *};
use nix::libc;
use nix::unistd::Pid;

use super::site::Fault;

/// A call, what it works on (a part of [`object`]'s words; all of them if empty), and
/// what happens to it.
pub(crate) type Row = (i64, &'static str, &'static str, Plan);

/// What the runs do with a call.
#[derive(Clone, Copy)]
pub(crate) enum Plan {
    /// It is made to fail with each of these, and the step that the error may name.
    Fails(&'static [Errno], &'static [&'static str]),
    /// The same, and once it transfers a single byte.
    FailsOrIsShort(&'static [Errno], &'static [&'static str]),
    /// It is left alone, for this reason.
    Exempt(&'static str),
}
use Plan::{Exempt, Fails, FailsOrIsShort};

const ASKS: &str = "asks the kernel for what it always knows";
const SIGNALS: &str = "fails for arguments only that are constants here";
const FREES: &str = "gives something back; whatever it answers, nothing follows from it";
const MEMORY: &str = "the allocator's: Rust ends a process that gets no memory";
const ENDS: &str = "does not return";
const WAITS: &str = "returns when a signal comes, with EINTR and nothing else";

/// The first row that fits counts. A call without one fails the tests: give it a row.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Namespaces.
    (libc::SYS_clone, "clone", "", Fails(&[EPERM, ENOSPC, EAGAIN, ENOMEM, EINVAL], &["clone", "fork", "execvp"])),
    (libc::SYS_clone3, "clone3", "", Fails(&[EAGAIN, ENOMEM, EPERM], &["execvp", "newuidmap"])),
    (libc::SYS_unshare, "unshare", "", Fails(&[EPERM, ENOSPC, EINVAL, ENOMEM], &["unshare"])),
    (libc::SYS_setns, "setns", "", Fails(&[EPERM, EINVAL, ENOMEM], &["setns"])),
    // Mounts and roots.
    (libc::SYS_mount, "mount", "", Fails(&[EPERM, EINVAL, EACCES, ENOENT, EBUSY, ENODEV, ENOSPC], &["mount"])),
    (libc::SYS_umount2, "umount2", "", Fails(&[EINVAL, EPERM, EBUSY], &["umount"])),
    (libc::SYS_pivot_root, "pivot_root", "", Fails(&[EINVAL, EBUSY, EPERM], &["pivot_root"])),
    (libc::SYS_chroot, "chroot", "", Fails(&[EPERM, EACCES, ENOENT], &["chroot"])),
    (libc::SYS_chdir, "chdir", "", Fails(&[EACCES, ENOENT], &["chdir"])),
    (libc::SYS_fchdir, "fchdir", "", Fails(&[EACCES], &["fchdir"])),
    // Files.
    // The runtime opens it for a program's stdin.
    (libc::SYS_openat, "openat", "/dev/null", Fails(&[EACCES, ENOENT, EMFILE], &["execvp"])),
    (libc::SYS_openat, "openat", "", Fails(&[EACCES, ENOENT, EMFILE, ENFILE], &["open", "write", "read"])),
    (libc::SYS_readlink, "readlink", "", Fails(&[ENOENT, EACCES], &["readlink"])),
    (libc::SYS_readlinkat, "readlinkat", "", Fails(&[ENOENT, EACCES], &["readlink"])),
    (libc::SYS_openat2, "openat2", "", Fails(&[ENOENT, EACCES, EMFILE], &["open"])),
    (libc::SYS_mkdir, "mkdir", "", Fails(&[EACCES, ENOSPC, EROFS, EEXIST], &["mkdir"])),
    (libc::SYS_rmdir, "rmdir", "", Fails(&[EBUSY, EPERM], &["rmdir"])),
    (libc::SYS_mknodat, "mknodat", "", Fails(&[EPERM, EACCES], &["mknod"])),
    (libc::SYS_access, "access", "", Fails(&[EACCES, EROFS], &["access"])),
    (libc::SYS_fchown, "fchown", "", Fails(&[EPERM, EINVAL], &["fchown"])),
    (libc::SYS_statx, "statx", "fd ", Exempt("a hint at the length of what is read next")),
    (libc::SYS_statx, "statx", "/tmp/", Exempt("create_dir_all() asks whether what exists is a directory")),
    (libc::SYS_statx, "statx", "", Fails(&[EACCES, ENOENT], &["stat", "open", "execvp"])),
    (libc::SYS_newfstatat, "newfstatat", "", Fails(&[ENOMEM], &["stat", "open"])),
    (libc::SYS_getdents64, "getdents64", "", Fails(&[EIO], &["getdents", "open"])),
    (libc::SYS_lseek, "lseek", "memfd:steps", Exempt("the number of a step in the narration")),
    (libc::SYS_lseek, "lseek", "", Exempt("a hint at the length of what is read next")),
    (libc::SYS_memfd_create, "memfd_create", "", Fails(&[EMFILE, ENFILE, ENOMEM], &["memfd_create"])),
    (libc::SYS_pidfd_open, "pidfd_open", "", Fails(&[ENOSYS, ESRCH, EMFILE], &["pidfd_open"])),
    // Reading and writing.
    (libc::SYS_write, "write", "stdout", FailsOrIsShort(&[EIO, ENOSPC, EBADF, EFBIG, EPIPE, EINTR], &["write"])),
    (libc::SYS_write, "write", "stderr", Fails(&[EIO, ENOSPC, EPIPE], &["write"])),
    (libc::SYS_write, "write", "/proc/", Fails(&[EPERM, EINVAL, EACCES, EIO], &["write"])),
    (libc::SYS_write, "write", "cgroup.procs", Fails(&[EACCES, EBUSY, EPERM, ENODEV], &["write"])),
    (libc::SYS_write, "write", "pipe:", Fails(&[ENOMEM, EINTR], &["write"])),
    (libc::SYS_write, "write", "", Fails(&[EIO, EINTR], &["write"])),
    (libc::SYS_read, "read", "/proc/", Fails(&[EIO, ESRCH, ENOMEM], &["read", "open"])),
    // A pipe and a signalfd know no other failure.
    (libc::SYS_read, "read", "pipe:", Fails(&[EINTR], &["read"])),
    (libc::SYS_read, "read", "anon_inode:", Fails(&[EINTR], &["read"])),
    (libc::SYS_read, "read", "", Fails(&[EIO, EINTR], &["read", "open", "ip"])),
    (libc::SYS_poll, "poll", "pause", Exempt("of no descriptors: a pause of milliseconds")),
    (libc::SYS_clock_nanosleep, "clock_nanosleep", "", Exempt("the runtime sleeps on after EINTR")),
    (libc::SYS_poll, "poll", "", Fails(&[ENOMEM, EINTR], &["poll", "RTM_NEWLINK", "connect", "ip", "execvp"])),
    (libc::SYS_pipe2, "pipe2", "", Fails(&[EMFILE, ENFILE], &["pipe2", "execvp"])),
    (libc::SYS_signalfd4, "signalfd4", "", Fails(&[EMFILE, ENFILE, ENOMEM], &["signalfd"])),
    // Sockets.
    (libc::SYS_socket, "socket", "", Fails(&[EMFILE, EPERM, EACCES, EAFNOSUPPORT, ENOBUFS], &["socket", "bind", "connect"])),
    (libc::SYS_socketpair, "socketpair", "", Fails(&[EMFILE, ENFILE], &["socketpair"])),
    (libc::SYS_bind, "bind", "", Fails(&[EADDRINUSE, EACCES, ENOMEM], &["bind", "socket"])),
    (libc::SYS_listen, "listen", "", Fails(&[EADDRINUSE], &["bind"])),
    (libc::SYS_getsockname, "getsockname", "", Fails(&[ENOBUFS], &["bind", "socket"])),
    (libc::SYS_connect, "connect", "", Fails(&[ECONNREFUSED, ENETUNREACH, EACCES, EINTR, ETIMEDOUT], &["connect"])),
    (libc::SYS_accept4, "accept4", "", Fails(&[EMFILE, ECONNABORTED, ENOBUFS, EINTR], &["accept"])),
    (libc::SYS_setsockopt, "setsockopt", "SOL_NETLINK", Exempt("an option that older kernels lack; without it more is answered")),
    (libc::SYS_setsockopt, "setsockopt", "", Fails(&[ENOMEM, ENOBUFS], &["setsockopt", "bind"])),
    (libc::SYS_getsockopt, "getsockopt", "", Exempt(ASKS)),
    (libc::SYS_ioctl, "ioctl", "FIONBIO", Exempt("FIONBIO sets a flag of an open socket")),
    (libc::SYS_ioctl, "ioctl", "", Exempt("asks whether stdin or stderr is a terminal; an error is the answer no")),
    (libc::SYS_sendto, "sendto", "", Fails(&[ENOBUFS, EINTR, EPERM, EHOSTUNREACH], &["sendto", "send", "RTM_"])),
    (libc::SYS_recvfrom, "recvfrom", "", Fails(&[ENOBUFS, EINTR, ENOMEM], &["recv", "RTM_", "operstate"])),
    (libc::SYS_sendmsg, "sendmsg", "", Fails(&[ENOBUFS, EINTR], &["sendmsg"])),
    (libc::SYS_recvmsg, "recvmsg", "", Fails(&[ENOMEM, EINTR], &["recvmsg"])),
    // Processes and signals.
    (libc::SYS_execve, "execve", "", Fails(&[ENOENT, EACCES, E2BIG, ENOMEM], &["execvp", "execve", "posix_spawn", "newuidmap"])),
    // ECHILD cannot come: `main` sets SIGCHLD to its default.
    (libc::SYS_wait4, "wait4", "", Fails(&[EINTR], &["waitpid"])),
    (libc::SYS_waitid, "waitid", "", Fails(&[EINTR], &["waitid"])),
    (libc::SYS_kill, "kill", "", Fails(&[EPERM, ESRCH], &["kill"])),
    (libc::SYS_setsid, "setsid", "", Fails(&[EPERM], &["setsid"])),
    (libc::SYS_prctl, "prctl", "PR_CAPBSET_READ", Exempt(ASKS)),
    (libc::SYS_prctl, "prctl", "PR_CAP_AMBIENT", Fails(&[EPERM], &["prctl"])),
    (libc::SYS_prctl, "prctl", "", Fails(&[EINVAL, EPERM], &["prctl"])),
    (libc::SYS_rt_sigprocmask, "rt_sigprocmask", "", Exempt(SIGNALS)),
    (libc::SYS_rt_sigaction, "rt_sigaction", "", Exempt(SIGNALS)),
    (libc::SYS_sigaltstack, "sigaltstack", "", Exempt("the runtime's, after main")),
    (libc::SYS_rt_sigreturn, "rt_sigreturn", "", Exempt(ENDS)),
    (libc::SYS_pause, "pause", "", Exempt(WAITS)),
    (libc::SYS_restart_syscall, "restart_syscall", "", Exempt("the call before it, once more")),
    // Names, IDs and queues.
    (libc::SYS_sethostname, "sethostname", "", Fails(&[EPERM], &["sethostname"])),
    (libc::SYS_setdomainname, "setdomainname", "", Fails(&[EPERM], &["setdomainname"])),
    (libc::SYS_setgroups, "setgroups", "", Fails(&[EPERM, ENOMEM], &["setgroups"])),
    (libc::SYS_setuid, "setuid", "", Fails(&[EPERM, EINVAL, EAGAIN], &["setuid"])),
    (libc::SYS_setgid, "setgid", "", Fails(&[EPERM, EINVAL], &["setgid"])),
    (libc::SYS_setresuid, "setresuid", "", Fails(&[EPERM, EINVAL, EAGAIN], &["setresuid"])),
    (libc::SYS_setresgid, "setresgid", "", Fails(&[EPERM, EINVAL], &["setresgid"])),
    (libc::SYS_capset, "capset", "", Fails(&[EPERM], &["prctl", "capset"])),
    (libc::SYS_msgget, "msgget", "", Fails(&[EACCES, ENOSPC, ENOSYS, ENOMEM], &["msgget"])),
    (libc::SYS_msgsnd, "msgsnd", "", Fails(&[EACCES, EAGAIN, EIDRM, ENOMEM], &["msgsnd"])),
    (libc::SYS_msgrcv, "msgrcv", "", Fails(&[EACCES, EIDRM], &["msgrcv"])),
    (libc::SYS_mq_open, "mq_open", "", Fails(&[EACCES, EMFILE, ENOSPC, ENOSYS, ENOMEM], &["mq_open"])),
    (libc::SYS_mq_timedsend, "mq_timedsend", "", Fails(&[EAGAIN, ENOMEM], &["mq_send"])),
    (libc::SYS_mq_timedreceive, "mq_timedreceive", "", Fails(&[EBADF], &["mq_receive"])),
    // Memory.
    (libc::SYS_mmap, "mmap", "MAP_STACK", Fails(&[ENOMEM, EAGAIN], &["mmap", "execvp", "newuidmap"])),
    (libc::SYS_mprotect, "mprotect", "PROT_NONE", Fails(&[ENOMEM], &["mprotect"])),
    (libc::SYS_mprotect, "mprotect", "", Exempt(MEMORY)),
    (libc::SYS_mmap, "mmap", "", Exempt(MEMORY)),
    (libc::SYS_mremap, "mremap", "", Exempt(MEMORY)),
    (libc::SYS_brk, "brk", "", Exempt(MEMORY)),
    (libc::SYS_munmap, "munmap", "", Exempt(FREES)),
    (libc::SYS_close, "close", "", Exempt(FREES)),
    (libc::SYS_madvise, "madvise", "", Exempt(FREES)),
    // What cannot fail.
    (libc::SYS_fcntl, "fcntl", "F_DUPFD_CLOEXEC", Fails(&[EMFILE], &["fcntl"])),
    (libc::SYS_fcntl, "fcntl", "", Exempt("F_GETFD of a descriptor that is open (a check of debug builds)")),
    (libc::SYS_capget, "capget", "", Exempt(ASKS)),
    (libc::SYS_uname, "uname", "", Exempt(ASKS)),
    (libc::SYS_clock_gettime, "clock_gettime", "", Exempt(ASKS)),
    (libc::SYS_set_robust_list, "set_robust_list", "", Exempt("the C library's, in a child of fork()")),
    (libc::SYS_sched_yield, "sched_yield", "", Exempt("sched_yield(2) always succeeds on Linux")),
    (libc::SYS_getpid, "getpid", "", Exempt(ASKS)),
    (libc::SYS_getppid, "getppid", "", Exempt(ASKS)),
    (libc::SYS_gettid, "gettid", "", Exempt(ASKS)),
    (libc::SYS_getuid, "getuid", "", Exempt(ASKS)),
    (libc::SYS_geteuid, "geteuid", "", Exempt(ASKS)),
    (libc::SYS_getgid, "getgid", "", Exempt(ASKS)),
    (libc::SYS_getegid, "getegid", "", Exempt(ASKS)),
    (libc::SYS_getpgrp, "getpgrp", "", Exempt(ASKS)),
    (libc::SYS_getgroups, "getgroups", "", Exempt(ASKS)),
    (libc::SYS_prlimit64, "prlimit64", "", Exempt(ASKS)),
    (libc::SYS_dup2, "dup2", "", Exempt("the runtime's, between two descriptors that are open")),
    (libc::SYS_getrandom, "getrandom", "", Exempt("the seed of a hash table; Rust has a second source")),
    (libc::SYS_exit, "exit", "", Exempt(ENDS)),
    (libc::SYS_exit_group, "exit_group", "", Exempt(ENDS)),
];

/// The row of a call.
pub(crate) fn row(call: i64, object: &str) -> Option<&'static Row> {
    ROWS.iter()
        .find(|(number, _, on, _)| *number == call && object.contains(on))
}

/// The name of a call, or its number where the table has none.
pub(crate) fn name(call: i64) -> String {
    let row = ROWS.iter().find(|(number, ..)| *number == call);
    row.map_or_else(
        || format!("call {call}"),
        |(_, name, ..)| (*name).to_owned(),
    )
}

impl Plan {
    /// The faults, in the order of the row.
    pub(crate) fn faults(self) -> Vec<Fault> {
        let (errnos, short) = match self {
            Fails(errnos, _) => (errnos, None),
            FailsOrIsShort(errnos, _) => (errnos, Some(Fault::Short)),
            Exempt(_) => return Vec::new(),
        };
        errnos
            .iter()
            .copied()
            .map(Fault::Errno)
            .chain(short)
            .collect()
    }

    /// The steps under which a lab may report it.
    pub(crate) fn steps(self) -> &'static [&'static str] {
        match self {
            Fails(_, steps) | FailsOrIsShort(_, steps) => steps,
            Exempt(_) => &[],
        }
    }
}

/// The C library musl still makes the older calls; these are the newer ones that glibc
/// and Rust make in their place, so that one row is enough.
pub(crate) fn newer(pid: Pid, call: i64, arguments: [u64; 4]) -> (i64, [u64; 4]) {
    let [first, second, third, _] = arguments;
    let here = libc::AT_FDCWD as u64;
    match call {
        libc::SYS_open => (libc::SYS_openat, [here, first, second, third]),
        libc::SYS_stat => (libc::SYS_newfstatat, [here, first, second, 0]),
        // Rust asks for the length of a file that it is about to read.
        libc::SYS_fstat if is_plain_file(pid, first) => (libc::SYS_statx, [first, 0, 0, 0]),
        libc::SYS_fstat => (libc::SYS_newfstatat, [first, 0, second, 0]),
        libc::SYS_getpgid if first == 0 => (libc::SYS_getpgrp, arguments),
        _ => (call, arguments),
    }
}

fn is_plain_file(pid: Pid, number: u64) -> bool {
    let is_file = fs::metadata(format!("/proc/{pid}/fd/{number}")).is_ok_and(|file| file.is_file());
    // A namespace's file is one of these, too, but has no path.
    is_file && descriptor(pid, number).starts_with('/')
}

/// What a call works on, in words that stay the same from run to run.
pub(crate) fn object(pid: Pid, call: i64, [first, second, third, fourth]: [u64; 4]) -> String {
    let path = |address| text_at(pid, address);
    match call {
        libc::SYS_statx | libc::SYS_newfstatat if path(second).is_empty() => {
            format!("fd {}", descriptor(pid, first))
        }
        libc::SYS_openat | libc::SYS_statx | libc::SYS_newfstatat | libc::SYS_mount => path(second),
        libc::SYS_readlink
        | libc::SYS_mkdir
        | libc::SYS_rmdir
        | libc::SYS_chdir
        | libc::SYS_chroot
        | libc::SYS_umount2
        | libc::SYS_execve
        | libc::SYS_access
        | libc::SYS_pivot_root => path(first),
        libc::SYS_read
        | libc::SYS_write
        | libc::SYS_lseek
        | libc::SYS_fcntl
        | libc::SYS_close
        | libc::SYS_getdents64
        | libc::SYS_fchown
        | libc::SYS_sendto
        | libc::SYS_recvfrom => descriptor(pid, first),
        libc::SYS_unshare => format!("{first:#x}"),
        libc::SYS_poll if second == 0 => "pause".into(),
        libc::SYS_ioctl if second == libc::FIONBIO => "FIONBIO".into(),
        libc::SYS_setsockopt if second == libc::SOL_NETLINK as u64 => "SOL_NETLINK".into(),
        libc::SYS_prctl if first == libc::PR_CAPBSET_READ as u64 => "PR_CAPBSET_READ".into(),
        libc::SYS_prctl if first == libc::PR_CAP_AMBIENT as u64 => "PR_CAP_AMBIENT".into(),
        libc::SYS_mprotect if third == libc::PROT_NONE as u64 => "PROT_NONE".into(),
        libc::SYS_mmap if fourth & libc::MAP_STACK as u64 != 0 => "MAP_STACK".into(),
        _ => String::new(),
    }
}

/// `stdout`, a path, or the kernel's word for something that has none.
fn descriptor(pid: Pid, number: u64) -> String {
    match number {
        1 => return "stdout".into(),
        2 => return "stderr".into(),
        _ => {}
    }
    let link = fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap_or_default();
    let words = link.to_string_lossy().into_owned();
    // Pipes and sockets have an inode number behind the colon.
    words
        .split_once(":[")
        .map_or(words.clone(), |(kind, _)| format!("{kind}:"))
}

/// The text at an address of a process, up to its zero byte.
fn text_at(pid: Pid, address: u64) -> String {
    let mut bytes = [0; 256];
    let memory = File::open(format!("/proc/{pid}/mem"));
    // At the end of what is mapped, fewer bytes are read.
    let length = memory
        .and_then(|memory| memory.read_at(&mut bytes, address))
        .unwrap_or_default();
    let text = bytes[..length].split(|&byte| byte == 0).next();
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}
