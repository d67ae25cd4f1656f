//! From a refused step to its cause: by what was refused, by experiment, by what
//! the machine says of itself, in this order.

use common::explain;
use common::namespace::Type;
use nix::errno::Errno;
use nix::sched::CloneFlags;

use crate::caller::Caller;
use crate::evidence::{Evidence, limit};
use crate::experiments::{filter_answers, types_in};
use crate::trial::Refusal;

/// Why a step was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    SeccompFilter,
    PerhapsSeccompFilter,
    Chroot,
    PerhapsChroot,
    DebianSwitch,
    AppArmorRestriction,
    AppArmorProfile(String),
    Selinux,
    SecurityModule,
    RootWithoutSetfcap,
    UnmappedId,
    LimitIsZero(Type),
    LimitIsReached(Type, i64),
    NestedTooDeep(Type),
    LimitAround(Type),
    KernelWithoutType(String),
    KernelWithoutCall(String),
    KernelWithoutFileSystem(String),
    KernelWithoutVeth,
    MaskedProc(Vec<String>),
    NoProc,
    ForeignProc,
    RootIsNoMountPoint,
    NoDirectory(String),
    NoCgroupMount,
    CgroupOfOthers,
    CgroupTakesNoProcess,
    PrivilegedPort,
    TooManyProcesses,
    NoMemory,
    TooManyFiles,
    ReadOnly,
    NoAnswer,
    Unknown,
}

pub(crate) fn find(refusal: &Refusal, caller: Caller, evidence: &Evidence) -> Cause {
    let Refusal {
        step,
        object,
        errno,
    } = refusal;
    let step = step.as_str();
    let is_denied = matches!(errno, Errno::EPERM | Errno::EACCES);
    let makes_user = object.contains("CLONE_NEWUSER");
    match (step, errno) {
        // Debian's kernels ask the switch before they look at the flags.
        ("unshare" | "clone", Errno::EPERM) if makes_user && evidence.userns_switched_off => {
            Cause::DebianSwitch
        }
        ("unshare" | "clone" | "mount", _) if filter_answers(caller, refusal) == Some(true) => {
            Cause::SeccompFilter
        }
        ("unshare" | "clone", _) => of_namespace(refusal, evidence, makes_user),
        ("mount", _) => of_mount(refusal, evidence),
        ("readlink", Errno::ESRCH) => Cause::ForeignProc,
        ("readlink" | "open", Errno::ENOENT) => of_missing_file(object, evidence),
        ("find", Errno::ENOENT) if object.ends_with("mount") => Cause::NoCgroupMount,
        ("find", Errno::ENOENT) => Cause::CgroupOfOthers,
        ("mkdir", _) if object.contains("/doctor-") => Cause::CgroupOfOthers,
        ("write", _) if object.ends_with("/cgroup.procs") => Cause::CgroupTakesNoProcess,
        ("open" | "write", _) if is_denied && is_map(object) => {
            if evidence.is_root_without_setfcap && !caller.is_ordinary {
                Cause::RootWithoutSetfcap
            } else {
                of_security_module(evidence)
            }
        }
        ("RTM_NEWLINK", Errno::EOPNOTSUPP) => Cause::KernelWithoutVeth,
        ("bind", Errno::EACCES) => Cause::PrivilegedPort,
        (_, Errno::ETIMEDOUT) => Cause::NoAnswer,
        (_, Errno::ENOMEM) => Cause::NoMemory,
        (_, Errno::EMFILE | Errno::ENFILE) => Cause::TooManyFiles,
        (_, Errno::EROFS) => Cause::ReadOnly,
        (_, Errno::ENOSYS) if !evidence.has_filter => Cause::KernelWithoutCall(step.to_owned()),
        // What a filter says of these calls, the kernel says as well in other cases.
        _ if evidence.has_filter => Cause::PerhapsSeccompFilter,
        _ if is_denied => of_security_module(evidence),
        _ => Cause::Unknown,
    }
}

/// unshare() or clone(), where no filter stands before the kernel.
fn of_namespace(refusal: &Refusal, evidence: &Evidence, makes_user: bool) -> Cause {
    let types = types_in(&refusal.object);
    match refusal.errno {
        Errno::ENOSPC | Errno::EUSERS => of_limit(&types),
        Errno::EINVAL => {
            let missing = types.iter().find(|kind| !has_type(kind));
            missing.map_or(Cause::Unknown, |kind| {
                Cause::KernelWithoutType(kind.name.to_owned())
            })
        }
        Errno::EAGAIN => Cause::TooManyProcesses,
        Errno::ENOMEM => Cause::NoMemory,
        Errno::EPERM if makes_user && evidence.in_chroot == Some(true) => Cause::Chroot,
        Errno::EPERM if makes_user && evidence.is_unmapped => Cause::UnmappedId,
        Errno::EPERM if makes_user && evidence.in_chroot.is_none() => Cause::PerhapsChroot,
        Errno::EPERM | Errno::EACCES => of_security_module(evidence),
        _ => Cause::Unknown,
    }
}

/// A limit counts the namespaces of one user in one user namespace and in all those
/// below it. A process reads those of its own; what holds around it shows only here.
fn of_limit(types: &[Type]) -> Cause {
    let limits: Vec<_> = types.iter().map(|kind| (*kind, limit(kind.name))).collect();
    for (kind, limit) in &limits {
        let limit = limit.map_or_else(|| "no such file".to_owned(), |limit| limit.to_string());
        explain!("read(/proc/sys/user/max_{kind}_namespaces): {limit}");
    }
    if let Some((kind, _)) = limits.iter().find(|(_, limit)| *limit == Some(0)) {
        return Cause::LimitIsZero(*kind);
    }
    if let Some((kind, Some(few))) = limits.iter().find(|(_, limit)| limit.is_some_and(is_few)) {
        return Cause::LimitIsReached(*kind, *few);
    }
    let nesting = [CloneFlags::CLONE_NEWUSER, CloneFlags::CLONE_NEWPID];
    let nested = types.iter().find(|kind| nesting.contains(&kind.flag));
    match (nested, types.first()) {
        (Some(kind), _) => Cause::NestedTooDeep(*kind),
        (None, Some(kind)) => Cause::LimitAround(*kind),
        (None, None) => Cause::Unknown,
    }
}

/// Fewer than an unloaded machine could have in use.
fn is_few(limit: i64) -> bool {
    limit < 1000
}

fn of_mount(refusal: &Refusal, evidence: &Evidence) -> Cause {
    let object = refusal.object.as_str();
    match refusal.errno {
        Errno::EPERM if object == "proc on /proc" && !evidence.has_proc => Cause::NoProc,
        Errno::EPERM if object == "proc on /proc" && !evidence.masks.is_empty() => {
            Cause::MaskedProc(evidence.masks.clone())
        }
        Errno::EINVAL if object.ends_with(" on /") => Cause::RootIsNoMountPoint,
        Errno::ENOENT => {
            let directory = object.rsplit_once(" on ").map_or(object, |(_, path)| path);
            Cause::NoDirectory(directory.to_owned())
        }
        Errno::ENODEV => {
            let kind = object.split(' ').next().unwrap_or(object);
            Cause::KernelWithoutFileSystem(kind.to_owned())
        }
        Errno::EPERM | Errno::EACCES => of_security_module(evidence),
        _ => Cause::Unknown,
    }
}

fn of_missing_file(path: &str, evidence: &Evidence) -> Cause {
    if !evidence.has_proc && path.starts_with("/proc") {
        return Cause::NoProc;
    }
    if evidence.is_foreign_proc && path.starts_with("/proc") {
        return Cause::ForeignProc;
    }
    if evidence.masks.iter().any(|mask| path.starts_with(mask)) {
        return Cause::MaskedProc(evidence.masks.clone());
    }
    let name = path.rsplit_once("/ns/").map(|(_, name)| name);
    name.map_or(Cause::Unknown, |name| {
        Cause::KernelWithoutType(name.to_owned())
    })
}

/// EPERM and EACCES that neither a capability nor a filter explains: the caller has
/// the capability, and somebody asked in addition says no.
fn of_security_module(evidence: &Evidence) -> Cause {
    match &evidence.apparmor_profile {
        _ if evidence.apparmor_restricts => Cause::AppArmorRestriction,
        Some(profile) => Cause::AppArmorProfile(profile.clone()),
        None if evidence.selinux_enforces => Cause::Selinux,
        None => Cause::SecurityModule,
    }
}

fn is_map(path: &str) -> bool {
    ["/setgroups", "/uid_map", "/gid_map"]
        .iter()
        .any(|file| path.ends_with(file))
}

fn has_type(kind: &Type) -> bool {
    std::fs::symlink_metadata(format!("/proc/self/ns/{kind}")).is_ok()
}
