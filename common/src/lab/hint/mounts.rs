//! Mounts and roots.

use nix::errno::Errno;

/// Hints for mount, umount and pivot_root.
pub(super) fn hint(step: &str, object: &str, errno: Errno) -> Option<&'static str> {
    Some(match (step, errno) {
        ("mount", _) if object.contains("/ns/") => return binding(object, errno),
        ("mount", Errno::EPERM) if object.starts_with("proc on ") => {
            "in a user namespace a fresh proc may be mounted only where the old one is wholly \
             visible: `just doctor` says what is in the way"
        }
        ("mount", Errno::EACCES) => {
            "a security module forbids it: `just doctor` says which; or use sudo"
        }
        ("mount" | "umount" | "pivot_root", Errno::EPERM) => {
            "it needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace, and no \
             filter of system calls: in Docker add --security-opt seccomp=unconfined"
        }
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
        ("fsmount" | "open_tree" | "move_mount", Errno::ENOSYS) => {
            "this call came with Linux 5.2; or a filter (seccomp) hides it: in Docker add \
             --security-opt seccomp=unconfined"
        }
        ("mount_setattr", Errno::ENOSYS) => {
            "this call came with Linux 5.12; or a filter (seccomp) hides it: in Docker add \
             --security-opt seccomp=unconfined"
        }
        ("mount_setattr", Errno::EINVAL) if object.starts_with("MOUNT_ATTR_IDMAP on a tmpfs") => {
            "a tmpfs shows other IDs since Linux 6.3: see `uname -r`"
        }
        _ => return None,
    })
}

/// Hints for a namespace's file that is bound to another, to keep it.
fn binding(object: &str, errno: Errno) -> Option<&'static str> {
    Some(match errno {
        Errno::ENOENT => "the file to bind a namespace to must exist: make it with `touch`",
        Errno::ENOTDIR => {
            "a namespace is bound to a file, not to a directory: make one with `touch`"
        }
        Errno::EPERM => {
            "a mount needs CAP_SYS_ADMIN over the mount namespace that the file is in: use sudo, \
             or be root of a user and mount namespace around this one (unshare -rm)"
        }
        Errno::EINVAL if object.contains("/ns/mnt ") => {
            "the file must not be on a shared mount: `mount --bind DIR DIR` on its folder, then \
             `mount --make-private DIR`; nor may the namespace be older than the one it is kept in"
        }
        _ => return None,
    })
}
