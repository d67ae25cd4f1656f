//! Reading and writing files, most of them in /proc.

use nix::errno::Errno;

/// Where making a user namespace succeeds, and using it does not.
const RESTRICTED: &str = "user namespaces are restricted here: `just doctor` says by what, and \
    what to do; or use sudo";

/// Hints for open, readlink, read, write and the search for a hierarchy.
pub(super) fn hint(step: &str, object: &str, errno: Errno) -> Option<&'static str> {
    Some(match (step, errno) {
        ("write", Errno::ERANGE) if object.ends_with("timens_offsets") => {
            "no clock of the new namespace may be negative (at most the time since boot can be \
             taken off) or beyond 146 years"
        }
        ("write", _) if object.ends_with("/cgroup.procs") => {
            "moving a process takes the right to write cgroup.procs of the common ancestor, too, \
             and a cgroup that holds processes itself: see cgroups(7); use sudo"
        }
        ("find", Errno::ENOENT) if object.ends_with("mount") => {
            "no such hierarchy is mounted: see `grep cgroup /proc/self/mountinfo`; newer machines \
             have version 2 only"
        }
        ("find", Errno::ENOENT) => {
            "the mount shows another part of the tree, as in a container: see the fourth field of \
             `grep cgroup /proc/self/mountinfo`"
        }
        ("write", Errno::EPERM | Errno::EACCES) if object.starts_with("/proc/") => RESTRICTED,
        // The kernel checks for CAP_SYS_ADMIN already when this file is opened.
        ("open", Errno::EACCES) if object == "/proc/self/setgroups" => RESTRICTED,
        ("write", Errno::ENOSPC) if object == "stdout" => {
            "the disk or device that stdout goes to is full"
        }
        ("write", Errno::EBADF) if object == "stdout" => {
            "stdout is closed: give it a file, a pipe or a terminal"
        }
        ("write", Errno::EFBIG) => "a limit of the size of files is reached: see `ulimit -f`",
        ("readlink", Errno::ENOENT) if object.ends_with("/ns/time") => {
            "this kernel has no time namespaces: they need Linux 5.6 or later, built with \
             CONFIG_TIME_NS, which kernels for WSL2 such as 5.10 are not; boot another kernel, for \
             example in a virtual machine"
        }
        ("open" | "readlink" | "write", Errno::ENOENT) if object.starts_with("/proc/") => {
            "/proc has no such file: the process has ended, or no proc is mounted, or one with \
             subset=pid, or it is covered: see `grep /proc /proc/self/mountinfo`; `just doctor` \
             says what helps"
        }
        ("read", Errno::EBADMSG) if object.starts_with("/proc/") => {
            "the file does not say what it should, as where something covers it: see \
             `grep /proc /proc/self/mountinfo`; `just doctor` says what helps"
        }
        ("open" | "readlink", Errno::ENOENT) => {
            "no such file: check the path; a namespace ends with its last process"
        }
        ("open", Errno::ENOTDIR | Errno::ELOOP | Errno::ENAMETOOLONG | Errno::ENXIO) => {
            "the path does not lead to a file: check it with `ls -l`"
        }
        ("open" | "readlink", Errno::EACCES) => {
            "it belongs to a process of another user, or of a user namespace above: use sudo"
        }
        ("readlink", Errno::ESRCH) => {
            "this /proc belongs to another PID namespace: mount one of your own, for example \
             with `unshare --fork --pid --mount-proc`"
        }
        _ => return None,
    })
}
