//! The twelve steps, in the order of the story, and which of them a container has.

use common::lab::as_typed_here;
use common::{Error, Result, say};

/// A step of the story. What it does, and the attack that it is the first to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    Names,
    Mounts,
    Chroot,
    Pivot,
    Proc,
    Masks,
    Net,
    Limits,
    User,
    Session,
    Capabilities,
    Seccomp,
}

// ANCHOR: steps
#[rustfmt::skip] // A row a step.
pub(crate) static STEPS: [(Step, &str, &str); 12] = [
    (Step::Names,        "names",        "UTS, PID and IPC namespaces; the hostname"),
    (Step::Mounts,       "mounts",       "a mount namespace, private: no mount travels to the host"),
    (Step::Chroot,       "chroot",       "a root of its own, read-only, entered by chroot()"),
    (Step::Pivot,        "pivot",        "pivot_root() in place of chroot(), and the old root detached"),
    (Step::Proc,         "proc",         "a fresh /proc, a small /dev, a read-only /sys"),
    (Step::Masks,        "masks",        "parts of /proc and /sys covered, or read-only"),
    (Step::Net,          "net",          "a network namespace, with lo up"),
    (Step::Limits,       "limits",       "memory, processes, descriptors, /tmp; a cgroup namespace"),
    (Step::User,         "user",         "a user namespace: root inside is nobody's root outside"),
    (Step::Session,      "session",      "descriptors closed; environment, terminal and keyring its own"),
    (Step::Capabilities, "capabilities", "a short list of capabilities; no_new_privs; securebits"),
    (Step::Seccomp,      "seccomp",      "a list of allowed system calls"),
];
// ANCHOR_END: steps

/// The steps that a container has, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps(u16);

impl Steps {
    /// The first `stage` steps without those that are named.
    pub(crate) fn new(stage: u8, without: &[Step]) -> Self {
        let first = (1 << stage) - 1;
        Self(
            without
                .iter()
                .fold(first, |steps, &step| steps & !(1 << step as u16)),
        )
    }

    pub(crate) fn has(self, step: Step) -> bool {
        self.0 & (1 << step as u16) != 0
    }

    /// Whether the container has a root file system of its own.
    pub(crate) fn has_root(self) -> bool {
        self.has(Step::Chroot) || self.has(Step::Pivot)
    }
}

/// An ordinary user's container has its user namespace at every stage.
pub(crate) fn refuse_without_user(without: &[Step]) -> Result<()> {
    if without.contains(&Step::User) {
        let text = "error: without root there is no container without a user namespace\n\
                    hint: as root: just root container --without user …";
        return Err(Error::Usage {
            text: as_typed_here(text),
            status: 2,
        });
    }
    Ok(())
}

/// `--steps`.
pub(crate) fn list(stops: impl Fn(Step) -> String) -> Result<u8> {
    for (number, (step, name, what)) in (1..).zip(STEPS) {
        say!("{number:>2} {name:<12} {what}")?;
        say!("{:15} stops: {}", "", stops(step))?;
    }
    Ok(0)
}
