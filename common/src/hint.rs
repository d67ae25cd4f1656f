//! What to do next, chosen by step and errno.

use nix::errno::Errno;

/// Where making a user namespace succeeds, and using it does not.
const RESTRICTED: &str = "user namespaces are restricted here: use sudo, or on Ubuntu 24.04 \
    sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0; a root without \
    CAP_SETFCAP cannot be mapped: be an ordinary user";

/// The hint for a failed step, where there is a better one than its errno.
pub(crate) fn for_step(step: &str, object: &str, errno: Errno) -> Option<String> {
    let hint = match (step, errno) {
        ("unshare" | "clone", Errno::EPERM) if object.contains("CLONE_NEWUSER") => {
            "this machine refuses user namespaces to ordinary users: use sudo; in Docker add \
             --security-opt seccomp=unconfined; on Debian 10 sudo sysctl \
             kernel.unprivileged_userns_clone=1; inside a chroot none can be made"
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
        ("write", Errno::EPERM | Errno::EACCES) => RESTRICTED,
        // The kernel checks for CAP_SYS_ADMIN already when this file is opened.
        ("open", Errno::EACCES) if object == "/proc/self/setgroups" => RESTRICTED,
        ("write", Errno::ENOSPC) => "the disk or device that stdout goes to is full",
        ("write", Errno::EBADF) => "stdout is closed: give it a file, a pipe or a terminal",
        ("setns", Errno::EINVAL) => {
            "the file is no namespace, or one of another type than asked for, or the user \
             namespace that this process is in already: compare `readlink FILE`"
        }
        ("setns", Errno::EPERM) => {
            "joining needs CAP_SYS_ADMIN here and in the user namespace that owns the other: \
             use sudo, or join its user namespace first"
        }
        ("readlink", Errno::ENOENT) if object.ends_with("/ns/time") => {
            "this kernel has no time namespaces: they need Linux 5.6 or later, built with \
             CONFIG_TIME_NS, which kernels for WSL2 such as 5.10 are not; boot another kernel, for \
             example in a virtual machine"
        }
        ("open" | "readlink", Errno::ENOENT) => {
            "no such file or process: check the path; /proc must be mounted \
             (`mount -t proc proc /proc`), and a namespace ends with its last process"
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
        ("execvp", Errno::ENOENT) => {
            "no such program: check the spelling and PATH; in a new root it must be inside, with \
             its libraries"
        }
        ("execvp", Errno::EACCES) => {
            "not executable: check `ls -l`, and `mount` for noexec; for a bare name, whether every \
             folder of PATH may be searched"
        }
        ("execvp", Errno::E2BIG) => "arguments and environment are too long together",
        ("mount", Errno::EPERM) => {
            "in a user namespace a fresh proc may be mounted only where the old one is wholly \
             visible: containers mask parts of /proc; leave the container, or use --host-proc"
        }
        ("mount", Errno::EACCES) => "a security module (AppArmor, SELinux) forbids it: use sudo",
        ("mount", Errno::ENOENT) => "the directory to mount on must exist",
        ("mount", Errno::EINVAL) if object.ends_with(" on /") => {
            "/ is no mount point here: inside a chroot, propagation cannot be set on it"
        }
        ("mount", Errno::ENODEV) => {
            "the kernel lacks this file system: see `cat /proc/filesystems`"
        }
        ("umount", Errno::EINVAL) => {
            "nothing is mounted there, or the mount is locked, because it came along from a more \
             privileged mount namespace: use sudo, or unmount a mount of your own"
        }
        ("umount", Errno::EBUSY) => {
            "a process has a file or its working directory there: see fuser -m"
        }
        ("pivot_root", Errno::EINVAL) => {
            "the root must be a mount point (that of a chroot is none) and not the initial ramfs; \
             the new root must be a mount point, too, and neither its parent mount may be shared \
             nor the root's"
        }
        ("msgget" | "mq_open", Errno::ENOSYS) => {
            "this kernel was built without CONFIG_SYSVIPC or CONFIG_POSIX_MQUEUE"
        }
        ("mq_open", Errno::EMFILE) => {
            "a user's POSIX message queues share a limit of bytes, in all IPC namespaces \
             together: see `ulimit -q`"
        }
        ("sethostname" | "setdomainname", Errno::EINVAL) => {
            "a name in a UTS namespace has at most 64 bytes"
        }
        ("sethostname" | "setdomainname", Errno::EPERM) => {
            "changing the name needs CAP_SYS_ADMIN in the user namespace that owns the UTS namespace"
        }
        ("RTM_NEWLINK", Errno::EEXIST) => {
            "veth0 exists in this network namespace already, perhaps of another run with --host: \
             wait for its end, or leave --host out; one that is nobody's: ip link del veth0"
        }
        ("RTM_NEWLINK", Errno::EOPNOTSUPP) => "the kernel has no veth: sudo modprobe veth",
        ("RTM_NEWLINK" | "RTM_NEWADDR", Errno::EPERM) => {
            "configuring a network namespace needs CAP_NET_ADMIN in the user namespace that owns \
             it; on Ubuntu 24.04: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
        }
        ("bind", Errno::EADDRINUSE) => {
            "another server holds port 80, see `ss -ltnp 'sport = 80'`: end it, or leave --host out"
        }
        ("bind", Errno::EACCES) => "ports below 1024 need CAP_NET_BIND_SERVICE: use sudo",
        ("recv" | "connect" | "ping", Errno::ETIMEDOUT | Errno::EHOSTUNREACH | Errno::EAGAIN) => {
            "no answer within two seconds: a firewall may drop it, see `nft list ruleset` or \
             `iptables -L`; leave --host out to do without the host's"
        }
        ("sendto" | "connect", _) => {
            "a routing rule or a firewall of this namespace refuses the address: see `ip rule` and \
             `ip route get ADDRESS`; leave --host out to do without the host's"
        }
        ("operstate", Errno::ETIMEDOUT) => "the link did not change its state: see `ip link list`",
        (_, Errno::EMFILE | Errno::ENFILE) => "too many open files: see `ulimit -n`",
        (_, Errno::ENOMEM) => "out of memory: see `ulimit -v` and memory.max of the cgroup",
        _ => return None,
    };
    Some(hint.to_owned())
}
