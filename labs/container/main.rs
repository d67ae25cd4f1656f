//! A container, everything put together: twelve steps, and the attacks that they stop.
//!
//! Chapter: book/src/container.md. See namespaces(7), pivot_root(2), cgroups(7),
//! capabilities(7), seccomp(2).

mod attacks;
mod capabilities;
mod devices;
mod init;
mod limits;
mod masks;
mod options;
mod root;
#[cfg(target_pointer_width = "64")]
mod seccomp;
mod session;
mod stand_in;
mod steps;
mod trees;
mod user;

use std::ffi::OsString;
use std::process::ExitCode;

use common::credentials::{Capability, enter_unless_capable, is_capable};
use common::net::netlink::{Rtnetlink, link_up};
use common::ns::{describe, make_private};
use common::process::{Guardian, Lifeline, Relay, clone3, exec_with, run_from_a_sealed_copy};
use common::signals::{Policy, Supervisor};
use common::{Checkpoint, Error, Result, Step as _, explain, parse};
use limits::Cgroup;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;
use nix::unistd::sethostname;
use options::{Args, Net};
use steps::{Step, Steps};
use trees::Tree;

/// Who has all of these is root here; everyone else begins with a user namespace.
const NEEDED: [Capability; 4] = [
    Capability::CAP_SYS_ADMIN,
    Capability::CAP_SETUID,
    Capability::CAP_SETGID,
    Capability::CAP_SYS_CHROOT,
];

const NO_MEMFD: &str =
    "programs in memory are refused here (vm.memfd_noexec): use --without session";

/// What is known before the container is made.
pub(crate) struct Plan {
    args: Args,
    steps: Steps,
    /// Not an ordinary user, who is in the container's user namespace already.
    is_root: bool,
    /// In the first user namespace, where no ID is somebody else's to give.
    has_every_id: bool,
}

/// Executes the container's program with an environment; it returns only if that fails.
type Start<'a> = dyn Fn(&[OsString]) -> Error + 'a;

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    // Of all attacks there would be hundreds of lines.
    if args.attack.as_deref() != Some("all") {
        args.explain.begin()?;
    }
    if args.steps {
        return steps::list(attacks::stopped_by);
    }
    if let Some(attack) = &args.inside {
        return attacks::inside(attack, &args);
    }
    let (steps, is_root) = (args.chosen(), is_capable(&NEEDED));
    if !is_root {
        steps::refuse_without_user(&args.without)?;
    }
    if steps.has(Step::Session) {
        run_from_a_sealed_copy().map_err(|error| error.hint_if(Errno::EACCES, NO_MEMFD))?;
    }
    enter_unless_capable(&NEEDED)?;
    let has_every_id = user::has_every_id()?;
    if !has_every_id {
        // Only a mount namespace that belongs to this user namespace lets its mounts be copied.
        unshare(CloneFlags::CLONE_NEWNS).step("unshare", "CLONE_NEWNS")?;
    }
    let mut plan = Plan {
        args,
        steps,
        is_root,
        has_every_id,
    };
    if plan.args.attack.is_some() {
        plan.args.bind.extend(attacks::volumes());
    }
    let cgroup = limits::make_cgroup(&plan)?;
    let status = run(&plan, cgroup.as_ref())?;
    limits::remove_cgroup(cgroup)?;
    Ok(status)
}

/// What is incomplete, or attacked, is not let near the host.
fn run(plan: &Plan, cgroup: Option<&Cgroup>) -> Result<u8> {
    let start = |environment: &[OsString]| exec_with(&plan.args.command(), environment);
    match &plan.args.attack {
        Some(attack) => attacks::run(plan, cgroup, attack),
        None if plan.args.is_experiment() => {
            stand_in::run(cgroup.is_some(), || contain(plan, cgroup, &start))
        }
        None => contain(plan, cgroup, &start),
    }
}

// ANCHOR: main
/// Runs the container, and waits for its end. `start` turns its first process into a program.
pub(crate) fn contain(plan: &Plan, cgroup: Option<&Cgroup>, start: &Start<'_>) -> Result<u8> {
    let steps = plan.steps;
    let trees = trees::open(plan)?;
    let relay = if steps.has(Step::Session) {
        Relay::begin()?
    } else {
        None
    };

    let is_init = plan.args.init || !steps.has(Step::Names);
    let policy = if is_init {
        Policy::PassOn
    } else {
        Policy::EndPid1
    };
    let supervisor = Supervisor::begin(policy)?;
    let flags = plan.namespaces();
    let is_prepared = Checkpoint::new()?;
    let lifeline = Lifeline::new(Signal::SIGKILL as i32)?;
    let container = clone3(flags, cgroup.map(Cgroup::directory), || {
        // An init takes signals from its birth on, a program as the caller's would.
        if !plan.args.init {
            supervisor.leave()?;
        }
        is_prepared.wait()?;
        container_function(plan, &trees, cgroup.is_some(), relay.as_ref())?;
        // The kernel has forgotten this wish when the process became another user.
        lifeline.tie()?;
        let start = || Err(start(&session::environment(plan)));
        if plan.args.init {
            init::run(&supervisor, start)
        } else {
            start()
        }
    })?;
    explain!(
        "clone3({}{}): process {pid}\nsee: ls -l /proc/{pid}/ns",
        describe(flags),
        if cgroup.is_some() {
            " | CLONE_INTO_CGROUP"
        } else {
            ""
        },
        pid = container.pid()
    );
    let user_namespace = user::map(plan, &container)?;
    trees::prepare(plan, &trees, user_namespace.as_ref())?;
    drop(trees);

    let guardian = Guardian::of_process(&container)?;
    is_prepared.open()?;
    let status = supervisor.wait(container)?.status();
    guardian.end()?;
    if let Some(relay) = relay {
        relay.end()?;
    }
    Ok(status)
}

/// The first process of the container, from its birth to the program.
fn container_function(
    plan: &Plan,
    trees: &[Tree],
    has_cgroup: bool,
    relay: Option<&Relay>,
) -> Result<()> {
    let steps = plan.steps;
    user::become_root(plan)?;
    if steps.has(Step::Names) {
        sethostname(&plan.args.hostname).step("sethostname", "the container")?;
        explain!("sethostname(): in the container's UTS namespace only");
    }
    if steps.has(Step::Mounts) {
        make_private()?;
        explain!("mount(MS_REC | MS_PRIVATE on /): no mount travels to the host");
    }
    if steps.has_root() {
        let new_root = root::build(plan, trees)?;
        let proc_and_sys = devices::mount(plan, &new_root)?;
        if steps.has(Step::Masks) {
            masks::cover(&proc_and_sys)?;
        }
        for volume in trees.iter().filter(|tree| tree.is_volume) {
            root::attach(&new_root, &volume.mount, volume)?;
        }
        root::enter(&new_root, plan)?;
        devices::check(plan)?;
    }
    if steps.has(Step::Net) && plan.args.net == Net::None {
        Rtnetlink::open()?.batch(&[link_up("lo")])?;
        explain!("RTM_NEWLINK: lo is up, and there is no other link");
    }
    if steps.has(Step::Limits) {
        limits::apply(plan, has_cgroup)?;
    }
    if steps.has(Step::Session) {
        session::begin(relay)?;
    }
    if steps.has(Step::Capabilities) {
        capabilities::drop_all_but_a_few()?;
    }
    // The crate knows the system calls of 64-bit architectures.
    #[cfg(target_pointer_width = "64")]
    if steps.has(Step::Seccomp) {
        seccomp::filter()?;
    }
    Ok(())
}
// ANCHOR_END: main

impl Plan {
    // ANCHOR: namespaces
    /// The cgroup namespace is missing: its root is the cgroup of the process that makes it,
    /// and so it is made when the container is in its own.
    fn namespaces(&self) -> CloneFlags {
        let has = |step| self.steps.has(step);
        let mut flags = CloneFlags::empty();
        if has(Step::Names) {
            flags |= CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWIPC;
        }
        // Whatever is mounted needs the namespace; the step makes it private.
        flags.set(
            CloneFlags::CLONE_NEWNS,
            has(Step::Mounts) || self.steps.has_root(),
        );
        flags.set(
            CloneFlags::CLONE_NEWNET,
            has(Step::Net) && self.args.net == Net::None,
        );
        flags.set(CloneFlags::CLONE_NEWUSER, has(Step::User) && self.is_root);
        flags
    }
    // ANCHOR_END: namespaces
}
