//! What is measured against what, and how fast it is meant to be.

/// Two command lines that do the same work.
pub(crate) struct Pair {
    /// A lab and its arguments.
    pub(crate) lab: &'static str,
    /// What it is compared with: a program, or `twin/NAME` for one of tests/twins.
    pub(crate) other: &'static str,
    /// The ratio of their times, lab ÷ other, that is to be reached.
    pub(crate) goal: f64,
}

const fn pair(lab: &'static str, other: &'static str, goal: f64) -> Pair {
    Pair { lab, other, goal }
}

#[rustfmt::skip]
pub(crate) const PAIRS: &[Pair] = &[
    // The articles' programs in C.
    pair("pid_ns", "twin/pid_ns", 0.95),
    pair("uts_ns bizarro", "twin/uts_ns bizarro", 0.95),
    pair("ns_exec /proc/self/ns/uts true", "twin/ns_exec /proc/self/ns/uts true", 0.95),
    pair("unshare -u true", "twin/unshare -u true", 0.95),
    pair("mount_proc /bin/true", "twin/mount_proc /bin/true", 0.50),
    pair("net_ns --list", "twin/net_list", 0.40),
    // With the checks by ping and port 80, which the article's program lacks. On the
    // real host the lab also waits until veth0 is gone, which costs a grace period.
    pair("net_ns", "twin/net_ns", 0.15),
    pair("net_ns --host", "twin/net_ns", 0.50),
    // The tools that every distribution has.
    pair("pid_ns", "unshare -pf true", 0.70),
    pair("unshare -u true", "unshare -u true", 0.70),
    pair("ns_exec /proc/self/ns/uts true", "nsenter --uts=/proc/self/ns/uts true", 0.60),
    pair("mount_proc /bin/true", "unshare -pfu --mount-proc /bin/true", 0.60),
    pair("mount_proc /bin/true", "bwrap --bind / / --unshare-pid --unshare-uts --hostname container --proc /proc /bin/true", 0.60),
    pair("container true", "twin/bwrap /usr/bin/true", 1.00),
    pair("unshare -u true", "busybox unshare -u true", 0.95),
    pair("ns_exec /proc/self/ns/uts true", "busybox nsenter --uts=/proc/self/ns/uts true", 0.95),
    pair("mount_proc /bin/true", "busybox unshare -pfu --mount-proc /bin/true", 0.95),
];
