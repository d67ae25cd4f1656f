//! The labs of the course, a row each, in its order: what the README, the tests and the
//! doctor know of a lab. Its program, its tests and its page go by its name.

/// A lab, or a tool that helps with the labs (its folder is in `labs/tools/`).
pub(crate) struct Lab {
    pub(crate) name: &'static str,
    /// What a reader sees.
    pub(crate) shows: &'static str,
    /// What a reader may type, in Markdown.
    pub(crate) tries: &'static str,
    /// Its home page in the book.
    pub(crate) page: &'static str,
    /// Command lines that work for everyone and end by themselves. The tests run them
    /// everywhere: on full disks, with closed pipes, in storms.
    pub(crate) lines: &'static [&'static str],
    /// What the doctor judges it by, if no other row says the same.
    pub(crate) judged: Option<Judged>,
}

/// What a lab needs of the machine.
pub(crate) struct Judged {
    /// The command line of who works directly.
    pub(crate) line: &'static str,
    /// That of who needs a user namespace first, where the lab does not make it itself.
    pub(crate) rootless: Option<&'static str>,
    /// The keys of the doctor's attempts that must work. Each begins as the labs do, so
    /// that user namespaces are needed by whoever is not root without being named here.
    pub(crate) needs: &'static [&'static str],
    /// It has root become an ordinary user, whose rights decide.
    pub(crate) is_for_ordinary_users: bool,
}

const fn judged(line: &'static str, needs: &'static [&'static str]) -> Option<Judged> {
    Some(Judged { line, rootless: None, needs, is_for_ordinary_users: false })
}

#[rustfmt::skip]
pub(crate) static LABS: [Lab; 16] = [
    Lab {
        name: "uts_ns",
        shows: "a hostname of the child's own",
        tries: "`just lab uts bizarro`, `--domain NAME`, `--hold`",
        page: "uts_ns.md",
        lines: &["uts_ns bizarro"],
        judged: judged("uts_ns bizarro", &["uts"]),
    },
    Lab {
        name: "ns_exec",
        shows: "joining a namespace by a file: setns() + exec",
        tries: "`just root exec /proc/PID/ns/uts uname -n`",
        page: "ns_exec.md",
        lines: &["ns_exec --help"],
        judged: Some(Judged {
            line: "unshare -u ns_exec /proc/self/ns/uts true",
            rootless: Some("unshare -Uru ns_exec /proc/self/ns/uts true"),
            needs: &["join"],
            is_for_ordinary_users: false,
        }),
    },
    Lab {
        name: "nsenter",
        shows: "joining the namespaces of a process, with the options of nsenter(1)",
        tries: "`just root nsenter --target PID --all`",
        page: "ns_exec.md",
        lines: &["nsenter --wd=/ readlink -v /proc/self/cwd"],
        judged: None,
    },
    Lab {
        name: "unshare",
        shows: "leaving namespaces without a new process",
        tries: "`just lab unshare -Urmpf --mount-proc ps -ef`",
        page: "unshare.md",
        lines: &["unshare -Urmpf --kill-child --mount-proc readlink -v /proc/self"],
        judged: Some(Judged {
            line: "unshare -mpf --mount-proc true",
            rootless: Some("unshare -Urmpf --mount-proc true"),
            needs: &["leave"],
            is_for_ordinary_users: false,
        }),
    },
    Lab {
        name: "pid_ns",
        shows: "a process that is PID 1 and a stranger to its parent",
        tries: "`just lab pid`, `--shared`, `--siblings`, `--nested 4`",
        page: "pid_ns.md",
        lines: &["pid_ns", "pid_ns --shared", "pid_ns --siblings", "pid_ns --nested 5"],
        judged: judged("pid_ns", &["pid"]),
    },
    Lab {
        name: "mount_proc",
        shows: "a tiny container: hostname, PID 1 and /proc of its own",
        tries: "`just lab mount`, `--host-proc`, `just lab mount top`",
        page: "mount_proc.md",
        lines: &["mount_proc true"],
        judged: judged("mount_proc true", &["uts", "pid", "proc"]),
    },
    Lab {
        name: "net_ns",
        shows: "interfaces, routes and ports of the child's own",
        tries: "`just lab net`, `--list`, `--via ip`, `--hold`",
        page: "net_ns.md",
        lines: &["net_ns", "net_ns --list"],
        judged: judged("net_ns", &["pid", "net", "ping", "port"]),
    },
    Lab {
        name: "user_ns",
        shows: "root inside, nobody outside: ID maps and capabilities",
        tries: "`just lab user`, `--refused`, `--powerless`, `--join`",
        page: "user_ns.md",
        lines: &["user_ns", "user_ns --refused", "user_ns --exec"],
        judged: Some(Judged {
            line: "user_ns",
            rootless: None,
            needs: &["procfs", "user"],
            is_for_ordinary_users: true,
        }),
    },
    Lab {
        name: "ipc_ns",
        shows: "message queues of the child's own, under the same names",
        tries: "`just lab ipc`, `--shared`, `--hold`",
        page: "ipc_ns.md",
        lines: &["ipc_ns", "ipc_ns --shared"],
        judged: judged("ipc_ns", &["procfs", "ipc"]),
    },
    Lab {
        name: "cgroup_ns",
        shows: "a cgroup that takes itself for the root of the tree",
        tries: "`just lab cgroup`, `just root cgroup`, `--shared`, `--v1`",
        page: "cgroup_ns.md",
        lines: &["cgroup_ns", "cgroup_ns --shared"],
        judged: judged("cgroup_ns", &["procfs", "cgroup"]),
    },
    Lab {
        name: "time_ns",
        shows: "an uptime that is a day ahead, for the child only",
        tries: "`just lab time`, `--boottime -60`, `--late`, `--by-clone`",
        page: "time_ns.md",
        lines: &["time_ns", "time_ns --by-clone"],
        judged: judged("time_ns", &["procfs", "time"]),
    },
    Lab {
        name: "mount_ns",
        shows: "which mounts travel between two namespaces; a new root",
        tries: "`just lab mount_ns`, `--umount`, `--mqueue`, `--pivot-root`, `--chroot`",
        page: "mount_ns.md",
        lines: &["mount_ns", "mount_ns --mqueue", "mount_ns --pivot-root", "mount_ns --chroot",
            "mount_ns --refusals"],
        judged: judged("mount_ns", &["procfs", "mount"]),
    },
    Lab {
        name: "init",
        shows: "what PID 1 does for its namespace: orphans, zombies, signals",
        tries: "`just lab init`, `--no-reap`, `--signals`, `--subreaper`, `just lab init ps -ef`",
        page: "init.md",
        lines: &["init", "init --no-reap", "init --signals", "init --subreaper",
            "init readlink -v /proc/self"],
        judged: judged("init", &["procfs", "pid"]),
    },
    Lab {
        name: "ns_cost",
        shows: "what a namespace costs: microseconds and kilobytes",
        tries: "`just lab cost`, `--alive 1000`, `--json`",
        page: "ns_cost.md",
        lines: &["ns_cost --rounds 1"],
        judged: judged("ns_cost --rounds 1", &["procfs", "join", "every"]),
    },
    Lab {
        name: "map",
        shows: "the namespaces that exist now, as two trees or a picture",
        tries: "`just map`, `just root map`, `--pid PID`, `--json`, `--svg`",
        page: "handles.md",
        lines: &["map", "map --json"],
        judged: None,
    },
    Lab {
        name: "doctor",
        shows: "what your machine allows, what refuses the rest, and the way round",
        tries: "`just doctor`, `just doctor --json`, `just root doctor`",
        page: "start.md",
        lines: &["doctor"],
        judged: None,
    },
];
