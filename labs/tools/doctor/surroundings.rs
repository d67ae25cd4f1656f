//! What this process runs in, as far as that can be recognised, and what helps there.

use std::env;
use std::fs;
use std::path::Path;

/// What has options of its own for what it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surroundings {
    /// Has a socket of its own in each container.
    LxdOrIncus,
    /// Proxmox, too, makes containers of this kind.
    Lxc,
    SystemdService,
}

/// In place of a cause's general fix, the one for these surroundings.
pub(crate) fn fix(cause: &str) -> Option<&'static str> {
    use Surroundings::{Lxc, LxdOrIncus, SystemdService};
    Some(match (cause, recognised()?) {
        ("seccomp" | "masked_proc" | "apparmor_profile", LxdOrIncus) => {
            "On the host: lxc config set CONTAINER security.nesting true (with Incus: incus config \
             set), then restart the container."
        }
        ("seccomp" | "masked_proc" | "apparmor_profile", Lxc) => {
            "On the host, in the container's configuration: lxc.include = \
             /usr/share/lxc/config/nesting.conf (Proxmox: pct set ID --features nesting=1), then \
             restart the container."
        }
        ("seccomp", SystemdService) => {
            "In the service's unit: RestrictNamespaces=no, and a SystemCallFilter= that allows the \
             call; then systemctl daemon-reload, and restart the service."
        }
        ("masked_proc", SystemdService) => {
            "In the service's unit: ProtectKernelTunables=no, ProtectKernelLogs=no, and no \
             InaccessiblePaths= below /proc; then systemctl daemon-reload, and restart the service."
        }
        ("subset_proc", SystemdService) => {
            "In the service's unit: ProcSubset=all; then systemctl daemon-reload, and restart the \
             service."
        }
        _ => return None,
    })
}

fn recognised() -> Option<Surroundings> {
    if ["/dev/lxd/sock", "/dev/incus/sock"]
        .into_iter()
        .any(|socket| Path::new(socket).exists())
    {
        return Some(Surroundings::LxdOrIncus);
    }
    // Who starts a container says so in a variable of its first process, which systemd
    // and shells hand on or write down.
    let told = fs::read_to_string("/run/systemd/container").ok();
    let told = env::var("container").ok().or(told).unwrap_or_default();
    if told.trim() == "lxc" {
        return Some(Surroundings::Lxc);
    }
    let cgroups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let is_service = cgroups.lines().any(|line| line.ends_with(".service"));
    is_service.then_some(Surroundings::SystemdService)
}
