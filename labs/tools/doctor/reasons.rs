//! What a cause is called, and what is said of it, in whole sentences.

use crate::causes::Cause::{self, *};

impl Cause {
    /// Its name for programs; these do not change.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            SeccompFilter | PerhapsSeccompFilter => "seccomp",
            Chroot | PerhapsChroot => "chroot",
            DebianSwitch => "unprivileged_userns_clone",
            AppArmorRestriction => "apparmor_restrict_unprivileged_userns",
            AppArmorProfile(_) => "apparmor_profile",
            Selinux => "selinux",
            SecurityModule => "security_module",
            RootWithoutSetfcap => "missing_capability",
            UnmappedId => "unmapped_id",
            LimitIsZero(_) => "limit_zero",
            LimitIsReached(..) => "limit_reached",
            NestedTooDeep(_) => "nesting",
            LimitAround(_) => "outer_limit",
            KernelWithoutType(_) => "kernel_without_type",
            KernelWithoutCall(_) => "kernel_without_call",
            KernelWithoutFileSystem(_) => "kernel_without_file_system",
            KernelWithoutVeth => "kernel_without_veth",
            MaskedProc(_) => "masked_proc",
            NoProc => "no_proc",
            ForeignProc => "foreign_proc",
            RootIsNoMountPoint => "root_is_no_mount_point",
            NoDirectory(_) => "no_directory",
            NoCgroupMount => "no_cgroup_mount",
            CgroupOfOthers => "cgroup_not_writable",
            CgroupTakesNoProcess => "cgroup_takes_no_process",
            PrivilegedPort => "privileged_port",
            TooManyProcesses => "too_many_processes",
            NoMemory => "no_memory",
            TooManyFiles => "too_many_files",
            ReadOnly => "read_only",
            NoAnswer => "no_answer",
            Unknown => "unknown",
        }
    }

    /// Whether it is mostly a container that refuses so.
    pub(crate) fn is_typical_of_containers(&self) -> bool {
        let typical = [
            "seccomp",
            "masked_proc",
            "apparmor_profile",
            "missing_capability",
        ];
        typical.contains(&self.key())
    }

    /// Why it was refused, in whole sentences.
    pub(crate) fn reason(&self) -> String {
        match self {
            MaskedProc(masks) => format!(
                "A part of /proc is covered ({}), as in containers. A fresh proc would show it \
                 again, so the kernel refuses one in a user namespace.",
                shortened(masks)
            ),
            AppArmorProfile(profile) => {
                format!("The AppArmor profile of this process, {profile}, forbids it.")
            }
            LimitIsZero(kind) => {
                format!("The limit user.max_{kind}_namespaces is 0, which switches the type off.")
            }
            LimitIsReached(kind, limit) => {
                format!("The limit user.max_{kind}_namespaces is {limit}, and as many are in use.")
            }
            NestedTooDeep(kind) => format!(
                "Namespaces of the type {kind} nest about 32 deep. This process is in the \
                 innermost, or a limit of a user namespace around its own is reached: its own, \
                 user.max_{kind}_namespaces, is not."
            ),
            LimitAround(kind) => format!(
                "The limit user.max_{kind}_namespaces, as this process sees it, is high enough: \
                 that of a user namespace around its own is reached, or is 0."
            ),
            KernelWithoutType(kind) => {
                format!("This kernel has no namespaces of the type {kind}: see ls /proc/self/ns.")
            }
            KernelWithoutCall(call) => format!("This kernel was built without {call}()."),
            KernelWithoutFileSystem(kind) => {
                format!("This kernel lacks the file system {kind}: see cat /proc/filesystems.")
            }
            NoDirectory(path) => format!("There is no directory {path} to mount on."),
            _ => self.plain_reason().to_owned(),
        }
    }

    fn plain_reason(&self) -> &'static str {
        match self {
            SeccompFilter => {
                "A seccomp filter refuses this system call: it does so even for a form of the call that \
                 no kernel carries out, and that the kernel itself would call invalid."
            }
            PerhapsSeccompFilter => {
                "Most likely a seccomp filter refuses this system call: this process is under one \
                 (Seccomp: 2 in /proc/self/status), and nothing else was found that would."
            }
            Chroot => {
                "This process is in a chroot: its root directory is not that of its mount \
                 namespace. In there the kernel lets nobody make a user namespace."
            }
            PerhapsChroot => {
                "Most likely this process is in a chroot, where the kernel lets nobody make a \
                 user namespace: no filter, no switch and no limit was found that would refuse it."
            }
            DebianSwitch => {
                "The switch kernel.unprivileged_userns_clone is 0: only root makes user namespaces."
            }
            AppArmorRestriction => {
                "AppArmor lets every program make user namespaces, but takes their capabilities \
                 away (kernel.apparmor_restrict_unprivileged_userns is 1)."
            }
            Selinux => "SELinux is enforcing, and nothing else was found that would refuse it.",
            SecurityModule => {
                "The capability is there and no filter refuses the call: a security module of the \
                 kernel does, or the sandbox that this process runs in."
            }
            RootWithoutSetfcap => {
                "This process is root without the capability CAP_SETFCAP. Since Linux 5.12 such a \
                 root cannot be mapped to a user of another user namespace."
            }
            UnmappedId => {
                "The user ID of this process has no mapping in its own user namespace, and without \
                 one nobody makes another user namespace."
            }
            KernelWithoutVeth => "This kernel has no veth devices, or their module is not loaded.",
            NoProc => "There is no proc on /proc, and namespaces are looked at and set up there.",
            ForeignProc => {
                "The proc on /proc belongs to another PID namespace: its numbers are those of \
                 other processes."
            }
            RootIsNoMountPoint => {
                "The root directory of this process is no mount point, as in most chroots, so how \
                 mounts travel from it cannot be set."
            }
            NoCgroupMount => "No cgroup hierarchy is mounted that the lab could use.",
            CgroupOfOthers => {
                "The directory of the cgroup that this process is in belongs to somebody else, or \
                 is not to be seen from here. cgroup_ns says so and goes on without a cgroup."
            }
            CgroupTakesNoProcess => "A cgroup could be made, and no process may be moved into it.",
            PrivilegedPort => {
                "Ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE."
            }
            TooManyProcesses => {
                "The number of processes is at a limit: see ulimit -u, and pids.max of the cgroup."
            }
            NoMemory => "Memory is short, or limited: see ulimit -v, and memory.max of the cgroup.",
            TooManyFiles => "The number of open files is at a limit: see ulimit -n.",
            ReadOnly => {
                "The file is on a mount that is read-only, as containers mount parts of /proc."
            }
            NoAnswer => "It did not come to an end, and the doctor waited for many seconds.",
            _ => "The doctor does not know this refusal.",
        }
    }
}

/// Some of the paths are enough.
fn shortened(masks: &[String]) -> String {
    match masks {
        [first, second, _, ..] => format!("{first}, {second} and others"),
        few => few.join(", "),
    }
}
