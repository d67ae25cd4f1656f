//! Making and joining namespaces.

use nix::errno::Errno;

/// Hints for unshare, clone, fork and setns.
pub(super) fn hint(step: &str, object: &str, errno: Errno) -> Option<&'static str> {
    Some(match (step, errno) {
        ("unshare" | "clone", Errno::EPERM) if object.contains("CLONE_NEWUSER") => {
            "this machine refuses user namespaces to ordinary users: use sudo; in Docker add \
             --security-opt seccomp=unconfined; on Debian 10 sudo sysctl \
             kernel.unprivileged_userns_clone=1; inside a chroot none can be made, nor by a \
             user or group that this namespace does not map"
        }
        ("unshare" | "clone", Errno::EPERM) => {
            "new namespaces need CAP_SYS_ADMIN: use sudo, or make a user namespace, too \
             (unshare --map-root-user); in Docker add --security-opt seccomp=unconfined"
        }
        ("unshare" | "clone", Errno::ENOSPC) => {
            "a limit is reached: see `sysctl user` for max_*_namespaces (0 switches a type off); \
             PID and user namespaces nest about 32 deep; ended ones take a moment to be freed"
        }
        ("unshare", Errno::EINVAL) if object.contains("CLONE_NEWPID") => {
            "a process makes a PID namespace for its children only once: add --fork to the unshare \
             around this one; or this kernel has none: compare `ls /proc/self/ns`"
        }
        ("unshare" | "clone", Errno::EINVAL) => {
            "this kernel was built without that type of namespace: compare `ls /proc/self/ns` \
             with namespaces(7); WSL 1 has none, WSL 2 has"
        }
        ("unshare" | "clone", Errno::EUSERS) => {
            "user namespaces are nested too deeply: leave some of the shells around this one"
        }
        ("clone" | "fork", Errno::ENOMEM) => {
            "out of memory, or the first process of the PID namespace for new children has ended"
        }
        ("clone" | "fork", Errno::EAGAIN) => {
            "too many processes: see `ulimit -u` and pids.max of the cgroup"
        }
        ("setns", Errno::EINVAL) => {
            "the file is no namespace, or one of another type than asked for, or the user \
             namespace that this process is in already: compare `readlink FILE`"
        }
        ("setns", Errno::ESRCH) => "the process has ended: its namespaces may live on in others",
        ("setns", Errno::EPERM) => {
            "joining needs CAP_SYS_ADMIN here and in the user namespace that owns the other: \
             use sudo, or join its user namespace first"
        }
        _ => return None,
    })
}
