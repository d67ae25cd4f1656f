//! The labs of the course, a row each, in its order: what the README, the tests and the
//! doctor know of a lab. Its program, its tests and its page go by its name.

/// A lab, or a tool that helps with the labs (its program is in `labs/tools/`).
pub(crate) struct Lab {
    pub(crate) name: &'static str,
    /// What a reader sees.
    pub(crate) shows: &'static str,
    /// What a reader may type, in Markdown.
    pub(crate) tries: &'static str,
    /// Its home page in the book.
    pub(crate) page: &'static str,
    /// Command lines that work for everyone and end by themselves. The tests run them
    /// everywhere: on full disks, with closed pipes, in storms. The doctor's verdict is
    /// about the first, if `judged_by` is not another.
    pub(crate) lines: &'static [&'static str],
    /// The keys of the doctor's attempts that must work; none for what it does not judge.
    /// Each attempt begins as the labs do, so that user namespaces are needed by whoever
    /// is not root without being named here.
    pub(crate) needs: &'static [&'static str],
    /// The line for who works directly, and for who needs a user namespace first, where the
    /// lab does not make it itself.
    pub(crate) judged_by: Option<[&'static str; 2]>,
    /// It has root become an ordinary user, whose rights decide.
    pub(crate) is_for_ordinary_users: bool,
}

const LAB: Lab = Lab {
    name: "",
    shows: "",
    tries: "",
    page: "",
    lines: &[],
    needs: &[],
    judged_by: None,
    is_for_ordinary_users: false,
};

#[rustfmt::skip] // Each row in the same order.
pub(crate) static LABS: &[Lab] = &[
    Lab { name: "uts_ns", page: "uts_ns.md", needs: &["uts"],
        shows: "a hostname of the child's own",
        tries: "`just lab uts bizarro`, `--domain NAME`, `--hold`",
        lines: &["uts_ns bizarro"], ..LAB },
    Lab { name: "ns_exec", page: "ns_exec.md", needs: &["join"],
        shows: "joining a namespace by a file: setns() + exec",
        tries: "`just root exec /proc/PID/ns/uts uname -n`",
        lines: &["ns_exec --help"],
        judged_by: Some(["unshare -u ns_exec /proc/self/ns/uts true",
            "unshare -Uru ns_exec /proc/self/ns/uts true"]), ..LAB },
    Lab { name: "nsenter", page: "ns_exec.md", needs: &[],
        shows: "joining the namespaces of a process, with the options of nsenter(1)",
        tries: "`just root nsenter --target PID --all`",
        lines: &["nsenter --wd=/ readlink -v /proc/self/cwd"], ..LAB },
    Lab { name: "unshare", page: "unshare.md", needs: &["leave"],
        shows: "leaving namespaces without a new process",
        tries: "`just lab unshare -Urmpf --mount-proc ps -ef`",
        lines: &["unshare -Urmpf --kill-child --mount-proc readlink -v /proc/self"],
        judged_by: Some(["unshare -mpf --mount-proc true",
            "unshare -Urmpf --mount-proc true"]), ..LAB },
    Lab { name: "pid_ns", page: "pid_ns.md", needs: &["pid"],
        shows: "a process that is PID 1 and a stranger to its parent",
        tries: "`just lab pid`, `--shared`, `--siblings`, `--nested 4`",
        lines: &["pid_ns", "pid_ns --shared", "pid_ns --siblings", "pid_ns --nested 5"], ..LAB },
    Lab { name: "mount_proc", page: "mount_proc.md", needs: &["uts", "pid", "proc"],
        shows: "a tiny container: hostname, PID 1 and /proc of its own",
        tries: "`just lab mount`, `--host-proc`, `just lab mount top`",
        lines: &["mount_proc true"], ..LAB },
    Lab { name: "net_ns", page: "net_ns.md", needs: &["pid", "net", "ping", "port"],
        shows: "interfaces, routes and ports of the child's own",
        tries: "`just lab net`, `--list`, `--via ip`, `--hold`",
        lines: &["net_ns", "net_ns --list"], ..LAB },
    Lab { name: "user_ns", page: "user_ns.md", needs: &["procfs", "user"],
        shows: "root inside, nobody outside: ID maps and capabilities",
        tries: "`just lab user`, `--refused`, `--powerless`, `--join`",
        lines: &["user_ns", "user_ns --refused"], is_for_ordinary_users: true, ..LAB },
    Lab { name: "ipc_ns", page: "ipc_ns.md", needs: &["procfs", "ipc"],
        shows: "message queues of the child's own, under the same names",
        tries: "`just lab ipc`, `--shared`, `--hold`",
        lines: &["ipc_ns", "ipc_ns --shared"], ..LAB },
    Lab { name: "cgroup_ns", page: "cgroup_ns.md", needs: &["procfs", "cgroup"],
        shows: "a cgroup that takes itself for the root of the tree",
        tries: "`just lab cgroup`, `just root cgroup`, `--shared`, `--into`, `--v1`",
        lines: &["cgroup_ns", "cgroup_ns --shared"], ..LAB },
    Lab { name: "time_ns", page: "time_ns.md", needs: &["procfs", "time"],
        shows: "an uptime that is a day ahead, for the child only",
        tries: "`just lab time`, `--boottime -60`, `--late`, `--by-clone`, `--by-clone3`",
        lines: &["time_ns", "time_ns --by-clone"], ..LAB },
    Lab { name: "mount_ns", page: "mount_ns.md", needs: &["procfs", "mount"],
        shows: "which mounts travel between two namespaces; a new root",
        tries: "`just lab mount_ns`, `--umount`, `--mqueue`, `--pivot-root`, `--chroot`",
        lines: &["mount_ns", "mount_ns --mqueue", "mount_ns --pivot-root",
            "mount_ns --chroot", "mount_ns --refusals"], ..LAB },
    Lab { name: "init", page: "init.md", needs: &["procfs", "pid"],
        shows: "what PID 1 does for its namespace: orphans, zombies, signals",
        tries: "`just lab init`, `--no-reap`, `--signals`, `--subreaper`, `just lab init ps -ef`",
        lines: &["init", "init --no-reap", "init --signals",
            "init --subreaper", "init readlink -v /proc/self"], ..LAB },
    Lab { name: "container", page: "container.md", needs: &["container"],
        shows: "a container in twelve steps, and the attacks that each of them stops",
        tries: "`just lab container`, `--steps`, `--stage 3`, `--attack all`, `--without seccomp`",
        lines: &["container readlink -v /proc/self", "container --steps"], ..LAB },
    Lab { name: "idmap_mount", page: "idmap_mount.md", needs: &["procfs", "mount", "idmap"],
        shows: "one directory by two mounts, with two owners",
        tries: "`just lab idmap`, `--chown`, `--refusals`, `--read-only`",
        lines: &["idmap_mount", "idmap_mount --chown 100", "idmap_mount --refusals"], ..LAB },
    Lab { name: "capabilities", page: "capabilities.md", needs: &["procfs", "user", "mount"],
        shows: "what execve() does to capabilities, case by case",
        tries: "`just lab capabilities`, `--case file-nosuid`, `--xattr`",
        lines: &["capabilities", "capabilities --xattr"], is_for_ordinary_users: true, ..LAB },
    Lab { name: "ns_cost", page: "ns_cost.md", needs: &["procfs", "join", "every"],
        shows: "what a namespace costs: microseconds and kilobytes",
        tries: "`just lab cost`, `--alive 1000`, `--json`",
        lines: &["ns_cost --rounds 1"], ..LAB },
    Lab { name: "map", page: "handles.md", needs: &[],
        shows: "the namespaces that exist now, as two trees or a picture",
        tries: "`just map`, `just root map`, `--pid PID`, `--json`, `--svg`",
        lines: &["map", "map --json"], ..LAB },
    Lab { name: "doctor", page: "start.md", needs: &[],
        shows: "what your machine allows, what refuses the rest, and the way round",
        tries: "`just doctor`, `just doctor --json`, `just root doctor`",
        lines: &["doctor"], ..LAB },
];
