//! Filters of system calls such as containers have, see seccomp(2).

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use nix::errno::Errno;
use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// Which calls fail with one errno.
type Refused = (Errno, &'static [i64]);

/// A filter: refused calls, and what clone() with a CLONE_NEW* flag fails with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter {
    calls: &'static [Refused],
    new_namespaces: Option<Errno>,
}

/// Docker's default for a container without capabilities, where labs come near it:
/// no new namespaces, no mounts; clone3() seems not to exist, because a filter
/// cannot read its flags.
pub(crate) const DOCKER: Filter = Filter {
    calls: &[
        (Errno::ENOSYS, &[libc::SYS_clone3]),
        (
            Errno::EPERM,
            &[
                libc::SYS_unshare,
                libc::SYS_setns,
                libc::SYS_mount,
                libc::SYS_umount2,
                libc::SYS_pivot_root,
                libc::SYS_sethostname,
                libc::SYS_setdomainname,
                libc::SYS_keyctl,
                libc::SYS_bpf,
            ],
        ),
    ],
    new_namespaces: Some(Errno::EPERM),
};

/// One that knows few calls, and says of the others that they do not exist.
pub(crate) const STRICT: Filter = Filter {
    calls: &[(
        Errno::ENOSYS,
        &[
            libc::SYS_clone3,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_sethostname,
            libc::SYS_setdomainname,
            libc::SYS_socket,
            libc::SYS_socketpair,
            libc::SYS_signalfd4,
            libc::SYS_msgget,
            libc::SYS_mq_open,
        ],
    )],
    new_namespaces: Some(Errno::EPERM),
};

/// One without signals at a parent's end, and without subreapers.
pub(crate) const NO_PRCTL: Filter = Filter {
    calls: &[(Errno::ENOSYS, &[libc::SYS_prctl])],
    new_namespaces: None,
};

/// One that has namespaces made, and then nothing done in them.
pub(crate) const NO_USE: Filter = Filter {
    calls: &[(
        Errno::EPERM,
        &[
            libc::SYS_setns,
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_chroot,
            libc::SYS_sethostname,
            libc::SYS_setdomainname,
            libc::SYS_socket,
            libc::SYS_msgget,
            libc::SYS_mq_open,
        ],
    )],
    new_namespaces: None,
};

/// The flags of clone(2) that make a namespace.
const CLONE_NEW: [i32; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

impl Filter {
    /// Puts this thread under the filter, for good, and the processes that it starts.
    pub(crate) fn install(&self) {
        // The last one may refuse the call that installs another.
        if let Some(errno) = self.new_namespaces {
            let rules = CLONE_NEW.into_iter().map(|flag| has_bit(flag as u64));
            let rules = BTreeMap::from([(libc::SYS_clone, rules.collect())]);
            apply_filter(&program(rules, errno)).expect("a filter");
        }
        for (errno, calls) in self.calls {
            let rules = calls.iter().map(|&call| (call, Vec::new())).collect();
            apply_filter(&program(rules, *errno)).expect("a filter");
        }
    }
}

/// Whether the first argument has this bit.
fn has_bit(bit: u64) -> SeccompRule {
    let masked = SeccompCmpOp::MaskedEq(bit);
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, masked, bit);
    SeccompRule::new(vec![condition.expect("a condition")]).expect("a rule")
}

fn program(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: Errno) -> BpfProgram {
    let refuse = SeccompAction::Errno(errno as u32);
    let machine = TargetArch::try_from(ARCH).expect("a machine that seccompiler knows");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, machine);
    filter.expect("a filter").try_into().expect("a program")
}
