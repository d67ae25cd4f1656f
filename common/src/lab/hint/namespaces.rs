//! Making and joining namespaces.

use nix::errno::Errno;

/// Hints for unshare, clone, fork and setns.
pub(super) fn hint(step: &str, object: &str, errno: Errno) -> Option<&'static str> {
    Some(match (step, errno) {
        ("unshare" | "clone", Errno::EPERM) if object.contains("CLONE_NEWUSER") => {
            "a filter, a switch or a chroot refuses user namespaces here: `just doctor` says \
             which, and what to do; or use sudo"
        }
        ("unshare" | "clone", Errno::EACCES) => {
            "a security module (SELinux, AppArmor) forbids this program user namespaces: `just \
             doctor` says which; or use sudo"
        }
        ("unshare" | "clone", Errno::EPERM) => {
            "new namespaces need CAP_SYS_ADMIN: use sudo, or make a user namespace, too \
             (unshare --map-root-user); where root is refused, `just doctor` says why"
        }
        ("unshare" | "clone", Errno::ENOSPC) => {
            "a limit is reached, of namespaces or of their nesting: `just doctor` says which; \
             ended ones take a moment to be freed"
        }
        ("unshare", Errno::EINVAL) if object.contains("CLONE_NEWPID") => {
            "a process makes a PID namespace for its children only once: add --fork to the unshare \
             around this one; or this kernel has none: compare `ls /proc/self/ns`"
        }
        ("unshare" | "clone", Errno::EINVAL) => {
            "this kernel was built without that type of namespace: `just doctor` says which types \
             it has; WSL 1 has none, WSL 2 has"
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
        ("pidfd_open", Errno::ESRCH) => {
            "no such process, or this /proc counts PIDs of another PID namespace: mount one of \
             your own, for example with `unshare --fork --pid --mount-proc`"
        }
        ("setns", Errno::ESRCH) => "the process has ended: its namespaces may live on in others",
        ("setns", Errno::EPERM) => {
            "joining needs CAP_SYS_ADMIN here and in the user namespace that owns the other: \
             use sudo, or join its user namespace first"
        }
        _ => return None,
    })
}
