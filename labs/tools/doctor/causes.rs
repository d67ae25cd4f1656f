//! Why a step is refused and what to do: one table, one entry a cause.
//!
//! The first entry that explains a refusal is its cause. So what an experiment decides
//! stands before what the errno tells, and that before what the machine says of itself.

use nix::errno::Errno::*;
use nix::sched::CloneFlags;

use crate::diagnosis::{Cause, limited, when, word};
use crate::evidence;
use crate::experiments::filter_answers;

#[rustfmt::skip] // One row a cause.
pub(crate) static CAUSES: &[Cause] = &[
    Cause { key: "unprivileged_userns_clone",
        // Debian's kernels ask the switch before they look at the flags.
        explains: |it, _| when(it.denies_user_namespaces() && evidence::userns_switched_off()),
        reason: "The switch kernel.unprivileged_userns_clone is 0: only root makes user \
                 namespaces.",
        fix: "sudo sysctl -w kernel.unprivileged_userns_clone=1" },
    Cause { key: "seccomp",
        explains: |it, caller| when(filter_answers(it, caller)),
        reason: "A seccomp filter refuses this system call: it does so even for a form of the call \
                 that no kernel carries out, and that the kernel itself would call invalid.",
        fix: LEAVE_THE_FILTER },
    Cause { key: "limit_zero",
        explains: |it, _| limited(it, |_, limit| limit == Some(0)),
        reason: "The limit user.max_{type}_namespaces is 0, which switches the type off.",
        fix: RAISE_THE_LIMIT },
    Cause { key: "limit_reached",
        // Fewer than an unloaded machine could have in use.
        explains: |it, _| limited(it, |_, limit| limit.is_some_and(|few| few < 1000)),
        reason: "The limit user.max_{type}_namespaces is {limit}, and as many are in use.",
        fix: RAISE_THE_LIMIT },
    // A limit counts the namespaces of one user in one user namespace and in all those
    // below it. A process reads those of its own; what holds around it shows only here.
    Cause { key: "nesting",
        explains: |it, _| limited(it, |kind, _| ["user", "pid"].contains(&kind.name)),
        reason: "Namespaces of the type {type} nest about 32 deep. This process is in the \
                 innermost, or a limit of a user namespace around its own is reached: its own, \
                 user.max_{type}_namespaces, is not.",
        fix: "Leave some of the shells or containers around this one." },
    Cause { key: "outer_limit",
        explains: |it, _| limited(it, |_, _| true),
        reason: "The limit user.max_{type}_namespaces, as this process sees it, is high enough: \
                 that of a user namespace around its own is reached, or is 0.",
        fix: "Leave the container or the shell around this one, or raise the limit there: see \
              /proc/sys/user." },
    Cause { key: "chroot",
        explains: |it, _| when(it.denies_user_namespaces() && evidence::in_chroot() == Some(true)),
        reason: "This process is in a chroot: its root directory is not that of its mount \
                 namespace. In there the kernel lets nobody make a user namespace.",
        fix: LEAVE_THE_CHROOT },
    Cause { key: "unmapped_id",
        explains: |it, _| when(it.denies_user_namespaces() && evidence::is_unmapped()),
        reason: "The user ID of this process has no mapping in its own user namespace, and without \
                 one nobody makes another user namespace.",
        fix: "Map it first: leave this shell, and begin with unshare --map-root-user." },
    Cause { key: "chroot",
        explains: |it, _| when(it.denies_user_namespaces() && evidence::in_chroot().is_none()),
        reason: "Most likely this process is in a chroot, where the kernel lets nobody make a user \
                 namespace: no filter, no switch and no limit was found that would refuse it.",
        fix: LEAVE_THE_CHROOT },
    Cause { key: "no_proc",
        explains: |it, _| when((it.denies_proc() || it.misses("/proc")) && !evidence::has_proc()),
        reason: "There is no proc on /proc, and namespaces are looked at and set up there.",
        fix: "sudo mount -t proc proc /proc" },
    Cause { key: "foreign_proc",
        explains: |it, _| {
            let is_missed = it.misses("/proc") && evidence::is_foreign_proc();
            when(is_missed || it.is("readlink", ESRCH))
        },
        reason: "The proc on /proc belongs to another PID namespace: its numbers are those of \
                 other processes.",
        fix: "Leave this shell, and begin with unshare --fork --pid --mount-proc." },
    Cause { key: "masked_proc",
        explains: |it, _| {
            let masks = evidence::masks();
            let is_masked = masks.iter().any(|mask| it.denies_proc() || it.looks_below(mask));
            word("masks", &shortened(&masks)).filter(|_| is_masked)
        },
        reason: "A part of /proc is covered ({masks}), as in containers. A fresh proc would show \
                 it again, so the kernel refuses one in a user namespace.",
        fix: "In Docker start the container with --security-opt systempaths=unconfined, in LXD, \
              Incus, LXC or Proxmox with nesting. Elsewhere leave the container, or unmount what \
              covers /proc. mount_proc --host-proc runs as it is." },
    Cause { key: "subset_proc",
        explains: |it, _| when(it.misses("/proc") && evidence::is_subset_proc()),
        reason: "The proc on /proc was mounted with subset=pid, and shows processes only.",
        fix: "Leave the shell or the service that has it so (a systemd unit: ProcSubset=all); or \
              sudo mount -t proc proc /proc." },
    Cause { key: "kernel_without_type",
        explains: |it, _| when(it.missing_type()? == "user"),
        reason: "This kernel has no namespaces of the type user: see ls /proc/self/ns.",
        fix: "On WSL 1, in Windows: wsl --set-version NAME 2. Elsewhere boot a kernel with \
              CONFIG_USER_NS, or run the labs as root." },
    Cause { key: "kernel_without_type",
        explains: |it, _| word("type", it.missing_type()?),
        reason: "This kernel has no namespaces of the type {type}: see ls /proc/self/ns.",
        fix: BOOT_ANOTHER_KERNEL },
    Cause { key: "user_namespaces_off_at_boot",
        explains: |it, _| {
            let makes_one = it.flags.contains(CloneFlags::CLONE_NEWUSER);
            when(makes_one && it.makes_namespaces() && it.errno == EINVAL)
        },
        reason: "The kernel knows user namespaces and makes none: most likely they are switched off \
                 by a boot parameter, as on RHEL 7 and CentOS 7.",
        fix: "sudo grubby --args=user_namespace.enable=1 --update-kernel=ALL, boot again, and raise \
              user.max_user_namespaces; or run the labs as root: just root NAME." },
    Cause { key: "too_many_processes",
        explains: |it, _| when(it.makes_namespaces() && it.errno == EAGAIN),
        reason: "The number of processes is at a limit: see ulimit -u, and pids.max of the cgroup.",
        fix: "ulimit -u unlimited, or end some processes." },
    Cause { key: "root_is_no_mount_point",
        explains: |it, _| when(it.mount(EINVAL)?.1 == "/"),
        reason: "The root directory of this process is no mount point, as in most chroots, so how \
                 mounts travel from it cannot be set.",
        fix: "Leave the chroot; or make its directory a mount point before entering it: mount \
              --bind DIRECTORY DIRECTORY." },
    Cause { key: "no_directory",
        explains: |it, _| word("directory", it.mount(ENOENT)?.1),
        reason: "There is no directory {directory} to mount on.",
        fix: "mkdir -p {directory}" },
    Cause { key: "kernel_without_file_system",
        explains: |it, _| word("file system", it.mount(ENODEV)?.0),
        reason: "This kernel lacks the file system {file system}: see cat /proc/filesystems.",
        fix: BOOT_ANOTHER_KERNEL },
    Cause { key: "no_cgroup_mount",
        explains: |it, _| when(it.is("find", ENOENT) && it.object.ends_with("mount")),
        reason: "No cgroup hierarchy is mounted that the lab could use.",
        fix: "sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup" },
    Cause { key: "cgroup_not_writable",
        explains: |it, _| {
            let is_unmade = it.step == "mkdir" && it.object.contains("/doctor-");
            when(is_unmade || it.is("find", ENOENT))
        },
        reason: "The directory of the cgroup that this process is in belongs to somebody else, or \
                 is not to be seen from here. cgroup_ns says so and goes on without a cgroup.",
        fix: "Have systemd hand one over: systemd-run --user --scope -p Delegate=yes cgroup_ns; or \
              run the lab as root." },
    Cause { key: "cgroup_takes_no_process",
        explains: |it, _| when(it.step == "write" && it.object.ends_with("/cgroup.procs")),
        reason: "A cgroup could be made, and no process may be moved into it.",
        fix: "Be in a cgroup that you own together with the one above it: systemd-run --user \
              --scope -p Delegate=yes cgroup_ns." },
    Cause { key: "missing_capability",
        explains: |it, caller| {
            let is_root = evidence::is_root_without_setfcap() && !caller.is_ordinary;
            when(it.denies_maps() && is_root)
        },
        reason: "This process is root without the capability CAP_SETFCAP. Since Linux 5.12 such a \
                 root cannot be mapped to a user of another user namespace.",
        fix: "Run the labs as an ordinary user, or give root its capabilities back: in Docker by \
              --cap-add SETFCAP --cap-add SYS_ADMIN." },
    Cause { key: "no_nft",
        explains: |it, _| when(it.is("execvp", ENOENT) && it.object == "nft"),
        reason: "The program nft, which sets firewall rules, is not installed.",
        fix: "Install the package nftables: sudo apt install nftables, or sudo dnf install nftables." },
    Cause { key: "kernel_without_nat",
        explains: |it, _| when(it.step == "nft"),
        reason: "This kernel has no nf_tables, or no NAT by them, or their modules are not loaded.",
        fix: "sudo modprobe -a nf_tables nft_chain_nat nft_masq nft_nat" },
    Cause { key: "kernel_without_bridge",
        explains: |it, _| when(it.is("RTM_NEWLINK", EOPNOTSUPP) && it.object == "br0"),
        reason: "This kernel has no bridges, or their module is not loaded.",
        fix: "sudo modprobe bridge" },
    Cause { key: "kernel_without_veth",
        explains: |it, _| when(it.is("RTM_NEWLINK", EOPNOTSUPP)),
        reason: "This kernel has no veth devices, or their module is not loaded.",
        fix: "sudo modprobe veth" },
    Cause { key: "address_family",
        explains: |it, _| when(it.is("socket", EAFNOSUPPORT)),
        reason: "Sockets of this family are kept from this process, or the kernel has none.",
        fix: "In a systemd unit: RestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK, or none of \
              it. Elsewhere leave the sandbox that this process runs in." },
    Cause { key: "privileged_port",
        explains: |it, _| when(it.is("bind", EACCES)),
        reason: "Ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE.",
        fix: RUN_AS_ROOT },
    Cause { key: "no_answer",
        explains: |it, _| when(it.errno == ETIMEDOUT),
        reason: "It did not come to an end, and the doctor waited for many seconds.",
        fix: "Ask again when the machine is less busy: uptime shows its load." },
    Cause { key: "first_process_ended",
        explains: |it, _| when(it.errno == ENOMEM && evidence::children_have_no_init()),
        reason: "The first process of the PID namespace for this process's children has ended, and \
                 with it the namespace: no child can be born there any more.",
        fix: "Leave this shell; begin with unshare --pid --fork, so that the shell itself is the \
              first process." },
    Cause { key: "no_memory",
        explains: |it, _| when(it.errno == ENOMEM),
        reason: "Memory is short, or limited: see ulimit -v, and memory.max of the cgroup.",
        fix: "ulimit -v unlimited, or end some programs." },
    Cause { key: "message_queues_at_limit",
        explains: |it, _| when(it.is("mq_open", EMFILE)),
        reason: "The bytes of the user's POSIX message queues are at a limit: see ulimit -q.",
        fix: "ulimit -q 819200, where the hard limit allows it (ulimit -Hq), or leave this shell." },
    Cause { key: "too_many_files",
        explains: |it, _| when(matches!(it.errno, EMFILE | ENFILE)),
        reason: "The number of open files is at a limit: see ulimit -n.",
        fix: "ulimit -n 1024, or end some programs." },
    Cause { key: "read_only",
        explains: |it, _| when(it.errno == EROFS),
        reason: "The file is on a mount that is read-only, as containers mount parts of /proc.",
        fix: "Leave the container; or, as its root, mount -o remount,rw on the mount point that \
              /proc/self/mountinfo has for the file." },
    Cause { key: "kernel_without_idmap",
        explains: |it, _| when(it.is("mount_setattr", EINVAL)),
        reason: "A tmpfs of this kernel shows no other user IDs: that came with Linux 6.3.",
        fix: BOOT_ANOTHER_KERNEL },
    Cause { key: "kernel_without_call",
        explains: |it, _| {
            let is_missing = it.errno == ENOSYS && !evidence::has_filter();
            word("call", &it.step).filter(|_| is_missing)
        },
        reason: "This kernel was built without {call}().",
        fix: BOOT_ANOTHER_KERNEL },
    Cause { key: "seccomp",
        // What a filter says of other calls than these, the kernel says as well.
        explains: |it, _| {
            let is_known = it.makes_namespaces() || it.step == "mount" || it.denies_maps();
            when(!is_known && !it.misses("/") && evidence::has_filter())
        },
        reason: "Most likely a seccomp filter refuses this system call: this process is under one \
                 (Seccomp: 2 in /proc/self/status), and nothing else was found that would.",
        fix: LEAVE_THE_FILTER },
    // EPERM and EACCES that neither a capability nor a filter explains: the caller has
    // the capability, and somebody asked in addition says no.
    Cause { key: "apparmor_restrict_unprivileged_userns",
        explains: |it, _| when(it.is_denied() && evidence::apparmor_restricts()),
        reason: "AppArmor lets every program make user namespaces, but takes their capabilities \
                 away (kernel.apparmor_restrict_unprivileged_userns is 1).",
        fix: "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run the lab as \
              root: just root NAME." },
    Cause { key: "apparmor_profile",
        explains: |it, _| {
            let profile = evidence::apparmor_profile()?;
            word("profile", &profile).filter(|_| it.is_denied())
        },
        reason: "The AppArmor profile of this process, {profile}, forbids it.",
        fix: "In Docker start the container with --security-opt apparmor=unconfined, in LXD, Incus, \
              LXC or Proxmox with nesting. Elsewhere run the labs outside that profile." },
    Cause { key: "selinux",
        explains: |it, _| when(it.is_denied() && evidence::selinux_enforces()),
        reason: "SELinux is enforcing, and nothing else was found that would refuse it.",
        fix: "See sudo ausearch -m avc -ts recent for what was refused; in a container add \
              --security-opt label=disable." },
    Cause { key: "security_module",
        explains: |it, _| when(it.is_denied()),
        reason: "The capability is there and no filter refuses the call: a security module of the \
                 kernel does, or the sandbox that this process runs in.",
        fix: RUN_AS_ROOT },
];

/// Where no entry explains a refusal.
pub(crate) static UNKNOWN: Cause = Cause {
    key: "unknown",
    explains: |_, _| when(true),
    reason: "The doctor does not know this refusal.",
    fix: "Look the errno up in the book's page \"errno: what went wrong and what to do\". If it \
          is not there, `just report LAB` prints what a maintainer wants to know.",
};

// What several causes have in common.
const LEAVE_THE_FILTER: &str = "In Docker or Podman start the container with --security-opt \
    seccomp=unconfined, in LXD, Incus, LXC or Proxmox with nesting; for a systemd unit see \
    RestrictNamespaces= and SystemCallFilter=. Elsewhere leave the sandbox that installed the \
    filter.";
const LEAVE_THE_CHROOT: &str = "Leave the chroot; or build the environment with pivot_root() in \
    place of chroot(). Root needs no user namespace: just root NAME.";
const RAISE_THE_LIMIT: &str = "sudo sysctl -w user.max_{type}_namespaces=10000; a limit set \
    inside a user namespace ends with that.";
const BOOT_ANOTHER_KERNEL: &str =
    "Boot another kernel, for example that of a distribution in a virtual machine.";
const RUN_AS_ROOT: &str = "Run the lab as root: just root NAME.";

/// Some of the paths are enough.
fn shortened(masks: &[String]) -> String {
    match masks {
        [first, second, _, ..] => format!("{first}, {second} and others"),
        few => few.join(", "),
    }
}
