//! The system calls that a program may make: all others are refused before they begin.

use std::collections::BTreeMap;

use common::credentials::seccomp_mode;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;
use nix::libc::{self, *};
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{MaskedEq, Ne};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
    apply_filter,
};

use crate::trees::not_as_asked;

// ANCHOR: allowed
/// After the default profile of Docker, without what needs capabilities that are gone.
#[rustfmt::skip]
const ALLOWED: &[c_long] = &[
    SYS_accept, SYS_accept4, SYS_bind, SYS_brk, SYS_capget, SYS_capset, SYS_chdir, SYS_clock_getres,
    SYS_clock_gettime, SYS_clock_nanosleep, SYS_close, SYS_close_range, SYS_connect, SYS_copy_file_range, SYS_dup,
    SYS_dup3, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd2, SYS_execve,
    SYS_execveat, SYS_exit, SYS_exit_group, SYS_faccessat, SYS_faccessat2, SYS_fadvise64, SYS_fallocate, SYS_fchdir,
    SYS_fchown, SYS_fchownat, SYS_fdatasync, SYS_fgetxattr, SYS_flistxattr, SYS_flock, SYS_fremovexattr,
    SYS_fsetxattr, SYS_fstat, SYS_fstatfs, SYS_fsync, SYS_ftruncate, SYS_futex, SYS_futex_waitv, SYS_get_robust_list,
    SYS_getcpu, SYS_getcwd, SYS_getdents64, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getgroups, SYS_getitimer,
    SYS_getpeername, SYS_getpgid, SYS_getpid, SYS_getppid, SYS_getpriority, SYS_getrandom, SYS_getresgid,
    SYS_getresuid, SYS_getrlimit, SYS_getrusage, SYS_getsid, SYS_getsockname, SYS_getsockopt, SYS_gettid,
    SYS_gettimeofday, SYS_getuid, SYS_getxattr, SYS_inotify_add_watch, SYS_inotify_init1, SYS_inotify_rm_watch,
    SYS_io_cancel, SYS_io_destroy, SYS_io_getevents, SYS_io_setup, SYS_io_submit, SYS_ioprio_get, SYS_ioprio_set,
    SYS_kill, SYS_landlock_add_rule, SYS_landlock_create_ruleset, SYS_landlock_restrict_self, SYS_lgetxattr,
    SYS_linkat, SYS_listen, SYS_listxattr, SYS_llistxattr, SYS_lremovexattr, SYS_lseek, SYS_lsetxattr, SYS_madvise,
    SYS_membarrier, SYS_memfd_create, SYS_mincore, SYS_mlock, SYS_mlock2, SYS_mlockall, SYS_mmap, SYS_mprotect,
    SYS_mq_getsetattr, SYS_mq_notify, SYS_mq_open, SYS_mq_timedreceive, SYS_mq_timedsend, SYS_mq_unlink, SYS_mremap,
    SYS_msgctl, SYS_msgget, SYS_msgrcv, SYS_msgsnd, SYS_msync, SYS_munlock, SYS_munlockall, SYS_munmap, SYS_nanosleep,
    SYS_newfstatat, SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pipe2, SYS_pkey_alloc, SYS_pkey_free,
    SYS_pkey_mprotect, SYS_ppoll, SYS_prctl, SYS_pread64, SYS_preadv, SYS_preadv2, SYS_prlimit64, SYS_process_mrelease,
    SYS_pselect6, SYS_pwrite64, SYS_pwritev, SYS_pwritev2, SYS_read, SYS_readahead, SYS_readlinkat, SYS_readv,
    SYS_recvfrom, SYS_recvmmsg, SYS_recvmsg, SYS_remap_file_pages, SYS_removexattr, 
    SYS_restart_syscall, SYS_rseq, SYS_rt_sigaction, SYS_rt_sigpending, SYS_rt_sigprocmask, SYS_rt_sigqueueinfo,
    SYS_rt_sigreturn, SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_rt_tgsigqueueinfo, SYS_sched_get_priority_max,
    SYS_sched_get_priority_min, SYS_sched_getaffinity, SYS_sched_getattr, SYS_sched_getparam,
    SYS_sched_getscheduler, SYS_sched_rr_get_interval, SYS_sched_setaffinity, SYS_sched_setattr, SYS_sched_setparam,
    SYS_sched_setscheduler, SYS_sched_yield, SYS_seccomp, SYS_semctl, SYS_semget, SYS_semop, SYS_semtimedop,
    SYS_sendfile, SYS_sendmmsg, SYS_sendmsg, SYS_sendto, SYS_set_robust_list, SYS_set_tid_address, SYS_setfsgid,
    SYS_setfsuid, SYS_setgid, SYS_setgroups, SYS_setitimer, SYS_setpgid, SYS_setpriority, SYS_setregid,
    SYS_setresgid, SYS_setresuid, SYS_setreuid, SYS_setrlimit, SYS_setsid, SYS_setsockopt, SYS_setuid, SYS_setxattr,
    SYS_shmat, SYS_shmctl, SYS_shmdt, SYS_shmget, SYS_shutdown, SYS_sigaltstack, SYS_signalfd4,
    SYS_splice, SYS_statfs, SYS_statx, SYS_symlinkat, SYS_sync, SYS_sync_file_range, SYS_syncfs, SYS_sysinfo, SYS_tee,
    SYS_tgkill, SYS_timer_create, SYS_timer_delete, SYS_timer_getoverrun, SYS_timer_gettime, SYS_timer_settime,
    SYS_timerfd_create, SYS_timerfd_gettime, SYS_timerfd_settime, SYS_times, SYS_tkill, SYS_truncate, SYS_umask,
    SYS_uname, SYS_unlinkat, SYS_utimensat, SYS_vmsplice, SYS_wait4, SYS_waitid, SYS_write, SYS_writev,
];
/// The older calls, which newer architectures have no more.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const ALLOWED_HERE: &[c_long] = &[
    SYS_access, SYS_alarm, SYS_arch_prctl, SYS_chown, SYS_dup2, SYS_epoll_create, SYS_epoll_wait, SYS_eventfd,
    SYS_fork, SYS_futimesat, SYS_getdents, SYS_getpgrp, SYS_inotify_init, SYS_lchown, SYS_link, SYS_lstat, SYS_pause,
    SYS_pipe, SYS_poll, SYS_readlink, SYS_rename, SYS_renameat, SYS_rmdir, SYS_select, SYS_signalfd, SYS_stat, SYS_symlink, SYS_time,
    SYS_unlink, SYS_utime, SYS_utimes, SYS_vfork,
];
#[cfg(target_arch = "aarch64")]
const ALLOWED_HERE: &[c_long] = &[SYS_renameat];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const ALLOWED_HERE: &[c_long] = &[];
// ANCHOR_END: allowed

// ANCHOR: conditions
/// The flags of clone() for seven types; CLONE_NEWTIME is none of its.
const NAMESPACES: u64 = (CLONE_NEWNS
    | CLONE_NEWCGROUP
    | CLONE_NEWUTS
    | CLONE_NEWIPC
    | CLONE_NEWUSER
    | CLONE_NEWPID
    | CLONE_NEWNET) as u64;
/// A file with one of these runs as its owner, for whoever starts it, also on the host.
const SET_ID: u64 = (S_ISUID | S_ISGID) as u64;
/// Where no file is made, the mode is whatever stands in the register.
const MAKES: u64 = (O_CREAT | (O_TMPFILE & !O_DIRECTORY)) as u64;
const NODE: u64 = SET_ID | S_IFMT as u64;
const ALL: u64 = u32::MAX as u64;
const SYS_FCHMODAT2: c_long = 452;
/// Since Linux 6.19.
const F_SETDELEG: u32 = 1040;

/// A call, an argument, and which of its bits must be what. Each row allows by itself.
#[rustfmt::skip]
const CONDITIONS: &[(c_long, u8, u64, u64)] = &[
    (SYS_clone, 0, NAMESPACES, 0),
    (SYS_socket, 0, ALL, AF_UNIX as u64), (SYS_socket, 0, ALL, AF_INET as u64),
    (SYS_socket, 0, ALL, AF_INET6 as u64), (SYS_socket, 0, ALL, AF_NETLINK as u64),
    (SYS_socketpair, 0, ALL, AF_UNIX as u64),
    (SYS_personality, 0, ALL, 0), (SYS_personality, 0, ALL, 0x8), (SYS_personality, 0, ALL, 0x20000),
    (SYS_personality, 0, ALL, 0x20008), (SYS_personality, 0, ALL, ALL),
    (SYS_fchmod, 1, SET_ID, 0), (SYS_fchmodat, 2, SET_ID, 0), (SYS_FCHMODAT2, 2, SET_ID, 0),
    (SYS_mkdirat, 2, SET_ID, 0), (SYS_mknodat, 2, NODE, S_IFIFO as u64),
    (SYS_renameat2, 4, RENAME_WHITEOUT as u64, 0),
    (SYS_openat, 2, MAKES, 0), (SYS_openat, 3, SET_ID, 0),
];
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const CONDITIONS_HERE: &[(c_long, u8, u64, u64)] = &[
    (SYS_chmod, 1, SET_ID, 0), (SYS_mkdir, 1, SET_ID, 0), (SYS_creat, 1, SET_ID, 0),
    (SYS_mknod, 1, NODE, S_IFIFO as u64), (SYS_open, 1, MAKES, 0), (SYS_open, 2, SET_ID, 0),
];
#[cfg(not(target_arch = "x86_64"))]
const CONDITIONS_HERE: &[(c_long, u8, u64, u64)] = &[];
// ANCHOR_END: conditions

// ANCHOR: filter
/// Installs the two filters; the stricter answer counts.
pub(crate) fn filter() -> Result<()> {
    let refuse = |errno: Errno| SeccompAction::Errno(errno as u32);
    // ANCHOR: two
    // The argument of clone3() and openat2() is a structure, which no filter can look into.
    // ENOSYS has the C library fall back to clone() and openat().
    let unseen = [SYS_clone3, SYS_openat2].map(|call| (call, Vec::new()));
    install(
        unseen.clone().into(),
        SeccompAction::Allow,
        refuse(Errno::ENOSYS),
    )?;
    let mut rules = rules().map_err(|_| refused(Errno::EINVAL))?;
    rules.extend(unseen);
    explain!(
        "seccomp(SECCOMP_SET_MODE_FILTER): {} system calls are left",
        rules.len() - 2
    );
    install(rules, refuse(Errno::EPERM), SeccompAction::Allow)?;
    // ANCHOR_END: two
    if seccomp_mode().step("prctl", "PR_GET_SECCOMP")? != 2 {
        return Err(not_as_asked("seccomp"));
    }
    Ok(())
}

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

fn rules() -> std::result::Result<Rules, seccompiler::BackendError> {
    let plain = ALLOWED.iter().chain(ALLOWED_HERE);
    let mut rules: Rules = plain.map(|&call| (call, Vec::new())).collect();
    for &(call, argument, mask, value) in CONDITIONS.iter().chain(CONDITIONS_HERE) {
        let condition = SeccompCondition::new(argument, Qword, MaskedEq(mask), value)?;
        let rule = SeccompRule::new(vec![condition])?;
        rules.entry(call).or_default().push(rule);
    }
    // No typing for others, and no pasting into a console; no lease, with which the owner of a
    // file has everyone wait who opens it, and root inside owns what root does.
    for (call, neither) in [
        (SYS_ioctl, [TIOCSTI as u32, TIOCLINUX as u32]),
        (SYS_fcntl, [F_SETLEASE as u32, F_SETDELEG]),
    ] {
        let conditions = neither.map(|request| SeccompCondition::new(1, Dword, Ne, request.into()));
        let conditions = conditions
            .into_iter()
            .collect::<std::result::Result<_, _>>()?;
        rules.insert(call, vec![SeccompRule::new(conditions)?]);
    }
    Ok(rules)
}
// ANCHOR_END: filter

fn install(rules: Rules, otherwise: SeccompAction, on_match: SeccompAction) -> Result<()> {
    // A program of another architecture is ended: its calls have other numbers.
    let here = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| refused(Errno::ENOSYS))?;
    let filter = SeccompFilter::new(rules, otherwise, on_match, here);
    let program: BpfProgram = filter
        .and_then(TryInto::try_into)
        .map_err(|_| refused(Errno::EINVAL))?;
    // The crate's call sets no_new_privs as well, without which only root may filter.
    apply_filter(&program).map_err(|error| match error {
        seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error) => refused(
            Errno::from_raw(error.raw_os_error().unwrap_or(libc::EINVAL)),
        ),
        _ => refused(Errno::EINVAL),
    })
}

fn refused(errno: Errno) -> Error {
    Error::new("seccomp", "SECCOMP_SET_MODE_FILTER", errno).hint_if(
        Errno::ENOSYS,
        "filters are made for x86_64, aarch64 and riscv64: use --without seccomp",
    )
}
