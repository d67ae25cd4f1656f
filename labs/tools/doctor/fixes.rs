//! What to do about a cause: a command to type or an option to give, if there is one.

use common::namespace::Type;

use crate::causes::Cause::{self, *};

const ROOT: &str = "Run the lab as root: just root NAME.";

impl Cause {
    /// What to do about it.
    pub(crate) fn fix(&self) -> String {
        match self {
            LimitIsZero(kind) | LimitIsReached(kind, _) => raise(*kind),
            NoDirectory(path) => format!("mkdir -p {path}"),
            KernelWithoutType(kind) if kind == "user" => {
                "On WSL 1, in Windows: wsl --set-version NAME 2. Elsewhere boot a kernel with \
                 CONFIG_USER_NS, or run the labs as root."
                    .to_owned()
            }
            _ => self.plain_fix().to_owned(),
        }
    }

    fn plain_fix(&self) -> &'static str {
        match self {
            SeccompFilter | PerhapsSeccompFilter => {
                "In Docker or Podman start the container with --security-opt seccomp=unconfined. \
                 Elsewhere leave the sandbox that installed the filter."
            }
            Chroot | PerhapsChroot => {
                "Leave the chroot; or build the environment with pivot_root() in place of chroot(). \
                 Root needs no user namespace: just root NAME."
            }
            DebianSwitch => "sudo sysctl -w kernel.unprivileged_userns_clone=1",
            AppArmorRestriction => {
                "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run the lab as \
                 root: just root NAME."
            }
            AppArmorProfile(_) => {
                "In Docker start the container with --security-opt apparmor=unconfined. Elsewhere \
                 run the labs outside that profile."
            }
            Selinux => {
                "See sudo ausearch -m avc -ts recent for what was refused; in a container add \
                 --security-opt label=disable."
            }
            RootWithoutSetfcap => {
                "Run the labs as an ordinary user, or give root its capabilities back: in Docker \
                 by --cap-add SETFCAP --cap-add SYS_ADMIN."
            }
            UnmappedId => "Map it first: leave this shell, and begin with unshare --map-root-user.",
            NestedTooDeep(_) => "Leave some of the shells or containers around this one.",
            LimitAround(_) => {
                "Leave the container or the shell around this one, or raise the limit there: see \
                 sysctl user."
            }
            KernelWithoutVeth => "sudo modprobe veth",
            MaskedProc(_) => {
                "In Docker start the container with --security-opt systempaths=unconfined. \
                 Elsewhere leave the container, or unmount what covers /proc. mount_proc \
                 --host-proc runs as it is."
            }
            NoProc => "sudo mount -t proc proc /proc",
            ForeignProc => "Leave this shell, and begin with unshare --fork --pid --mount-proc.",
            RootIsNoMountPoint => {
                "Leave the chroot; or make its directory a mount point before entering it: \
                 mount --bind DIRECTORY DIRECTORY."
            }
            NoCgroupMount => "sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup",
            CgroupOfOthers => {
                "Have systemd hand one over: systemd-run --user --scope -p Delegate=yes cgroup_ns; \
                 or run the lab as root."
            }
            CgroupTakesNoProcess => {
                "Be in a cgroup that you own together with the one above it: systemd-run --user \
                 --scope -p Delegate=yes cgroup_ns."
            }
            KernelWithoutType(_) | KernelWithoutCall(_) | KernelWithoutFileSystem(_) => {
                "Boot another kernel, for example that of a distribution in a virtual machine."
            }
            SecurityModule | PrivilegedPort => ROOT,
            TooManyProcesses => "ulimit -u unlimited, or end some processes.",
            NoMemory => "ulimit -v unlimited, or end some programs.",
            TooManyFiles => "ulimit -n 1024, or end some programs.",
            NoAnswer => "Ask again when the machine is less busy: uptime shows its load.",
            ReadOnly => {
                "Leave the container; or, as its root, mount -o remount,rw on the mount point that \
                 /proc/self/mountinfo has for the file."
            }
            _ => "Look the errno up in the book's page \"errno: what went wrong and what to do\".",
        }
    }
}

fn raise(kind: Type) -> String {
    format!(
        "sudo sysctl -w user.max_{kind}_namespaces=10000; a limit set inside a user namespace \
         ends with that."
    )
}
