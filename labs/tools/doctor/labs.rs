//! The labs, and what each needs of the machine.

/// A lab as it is judged: in the form that the README names first.
pub(crate) struct Lab {
    pub(crate) name: &'static str,
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

const LAB: Lab = Lab {
    name: "",
    line: "",
    rootless: None,
    needs: &[],
    is_for_ordinary_users: false,
};

#[rustfmt::skip] // One row a lab.
pub(crate) static LABS: [Lab; 13] = [
    Lab { name: "uts_ns", line: "uts_ns bizarro", needs: &["uts"], ..LAB },
    Lab { name: "ns_exec", line: "unshare -u ns_exec /proc/self/ns/uts true", needs: &["join"],
          rootless: Some("unshare -Uru ns_exec /proc/self/ns/uts true"), ..LAB },
    Lab { name: "unshare", line: "unshare -mpf --mount-proc true", needs: &["leave"],
          rootless: Some("unshare -Urmpf --mount-proc true"), ..LAB },
    Lab { name: "pid_ns", line: "pid_ns", needs: &["pid"], ..LAB },
    Lab { name: "init", line: "init", needs: &["procfs", "pid"], ..LAB },
    Lab { name: "mount_proc", line: "mount_proc true", needs: &["uts", "pid", "proc"], ..LAB },
    Lab { name: "mount_ns", line: "mount_ns", needs: &["procfs", "mount"], ..LAB },
    Lab { name: "net_ns", line: "net_ns", needs: &["pid", "net", "ping", "port"], ..LAB },
    Lab { name: "user_ns", line: "user_ns", needs: &["procfs", "user"],
          is_for_ordinary_users: true, ..LAB },
    Lab { name: "ipc_ns", line: "ipc_ns", needs: &["procfs", "ipc"], ..LAB },
    Lab { name: "cgroup_ns", line: "cgroup_ns", needs: &["procfs", "cgroup"], ..LAB },
    Lab { name: "time_ns", line: "time_ns", needs: &["procfs", "time"], ..LAB },
    Lab { name: "ns_cost", line: "ns_cost --rounds 1", needs: &["procfs", "join", "every"], ..LAB },
];
