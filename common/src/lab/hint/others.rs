//! Programs, IPC objects and host names, and what any step may meet.

use nix::errno::Errno;

/// Hints for execvp, message queues and host names.
pub(super) fn hint(step: &str, _object: &str, errno: Errno) -> Option<&'static str> {
    Some(match (step, errno) {
        ("execvp", Errno::ENOENT) => {
            "no such program: check the spelling and PATH; in a new root it must be inside, with \
             its libraries"
        }
        ("execvp", Errno::EACCES) => {
            "not executable: check `ls -l`, and `mount` for noexec; for a bare name, whether every \
             folder of PATH may be searched"
        }
        ("execvp", Errno::EPERM) => {
            "its file wants capabilities that nobody may have here: see `getcap`, capabilities(7)"
        }
        ("execvp", Errno::ENAMETOOLONG) => "a name has at most 255 bytes, a path 4095",
        ("execvp", Errno::E2BIG) => "arguments and environment are too long together",
        ("chroot", Errno::EPERM) => {
            "changing the root needs CAP_SYS_CHROOT: use sudo, or a user namespace \
             (unshare --map-root-user)"
        }
        ("chroot" | "chdir", Errno::ENOENT | Errno::ENOTDIR) => {
            "there must be such a directory; with a new root, inside it"
        }
        ("setgroups", Errno::EPERM) => {
            "supplementary groups can be dropped with CAP_SETGID only, and not where \
             /proc/self/setgroups says deny, as after --map-root-user: map ranges of groups \
             instead (--map-groups), or leave --setgid out"
        }
        ("setuid" | "setgid", Errno::EINVAL) => {
            "the ID does not exist in this user namespace: see /proc/self/uid_map and gid_map; \
             unshare maps more with --map-users and --map-groups"
        }
        ("setuid" | "setgid", Errno::EPERM) => "another user or group takes privileges: use sudo",
        ("msgget" | "mq_open", Errno::ENOSYS) => {
            "this kernel was built without CONFIG_SYSVIPC or CONFIG_POSIX_MQUEUE"
        }
        ("mq_open", Errno::EMFILE) => {
            "a user's POSIX message queues share a limit of bytes, in all IPC namespaces \
             together: see `ulimit -q`"
        }
        ("clock_gettime", Errno::EOVERFLOW) => {
            "a 32-bit program counts seconds up to 68 years: ask for a smaller offset"
        }
        ("sethostname" | "setdomainname", Errno::EINVAL) => {
            "a name in a UTS namespace has at most 64 bytes"
        }
        ("sethostname" | "setdomainname", Errno::EPERM) => {
            "changing the name needs CAP_SYS_ADMIN in the user namespace that owns the UTS namespace"
        }
        _ => return None,
    })
}

/// Hints for errors that any step may meet.
pub(super) fn any_step(errno: Errno) -> &'static str {
    match errno {
        Errno::EMFILE | Errno::ENFILE => "too many open files: see `ulimit -n`",
        Errno::ENOMEM | Errno::ENOBUFS => {
            "out of memory: see `ulimit -v` and memory.max of the cgroup"
        }
        Errno::EAGAIN => "a limit is reached for the moment: see `ulimit -a`, and try again",
        Errno::EFBIG => "a limit of file sizes is reached: see `ulimit -f`",
        Errno::EIO => "the device or the file system has failed: see `dmesg`",
        Errno::ENOSPC => "no room: the disk is full, or a limit of the kernel is reached",
        Errno::EROFS => {
            "it is mounted read-only, as containers mount parts of /proc: leave the container, or \
             see `grep PATH /proc/self/mountinfo`"
        }
        Errno::EPERM | Errno::EACCES => {
            "a missing capability, a security module or a filter of system calls forbids it: use \
             sudo; in Docker add --security-opt seccomp=unconfined"
        }
        Errno::ENOSYS => {
            "the kernel lacks this system call, or a filter (seccomp) hides it: in Docker add \
             --security-opt seccomp=unconfined"
        }
        Errno::ECHILD => "its status was taken already: look for a parent that ignores SIGCHLD",
        _ => "the errno stands under ERRORS in the manual page of the call, such as `man 2 mount`",
    }
}
