//! The attacks: each is run as a program in the container, and tries one thing.

mod host;
mod kernel;
mod limits;
mod mounts;
mod processes;
mod session;

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;

use common::lab::program_name;
use common::process::exec_descriptor;
use common::{Error, Result, Step as _, say};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{dup2_stdout, pipe2};

use crate::limits::Cgroup;
use crate::options::Args;
use crate::steps::Step;
use crate::{Plan, contain, stand_in};
use host::Host;
pub(crate) use host::volumes;

/// One attack.
struct Attack {
    name: &'static str,
    /// Where it is from: a CVE or a manual page.
    reference: &'static str,
    /// The step that is the first to stop it, where root runs the container.
    stopped_by: Step,
    /// Run in the container; an errno means that it was refused.
    attempt: fn(&Args) -> nix::Result<()>,
    /// Where only the host can tell.
    has_happened: fn(&mut Host) -> bool,
}

/// What an attempt answers that cannot be made here: nothing is known then.
const IMPOSSIBLE: Errno = Errno::ENOMEDIUM;

const PLAIN: Attack = Attack {
    name: "",
    reference: "",
    stopped_by: Step::Names,
    attempt: |_| Ok(()),
    has_happened: |_| true,
};

#[rustfmt::skip] // A row an attack.
static ATTACKS: &[Attack] = &[
    Attack { name: "hostname", reference: "uts_namespaces(7)", stopped_by: Step::Names, attempt: |_| processes::hostname(), has_happened: Host::is_renamed },
    Attack { name: "system-v", reference: "ipc_namespaces(7)", stopped_by: Step::Names, attempt: |_| processes::system_v(), ..PLAIN },
    Attack { name: "signal", reference: "pid_namespaces(7)", stopped_by: Step::Names, attempt: |_| processes::signal(), has_happened: Host::has_lost_its_process },
    Attack { name: "travel", reference: "mount_namespaces(7)", stopped_by: Step::Mounts, attempt: |_| mounts::travel(), has_happened: Host::has_a_new_mount },
    Attack { name: "file", reference: "chroot(2)", stopped_by: Step::Chroot, attempt: |_| mounts::read_secret(), ..PLAIN },
    Attack { name: "chroot", reference: "chroot(2)", stopped_by: Step::Pivot, attempt: |_| mounts::double_chroot(), ..PLAIN },
    Attack { name: "old-root", reference: "setns(2)", stopped_by: Step::Pivot, attempt: |_| mounts::root_of_namespace(), ..PLAIN },
    Attack { name: "process", reference: "proc_pid_environ(5)", stopped_by: Step::Proc, attempt: |_| processes::memory(), ..PLAIN },
    Attack { name: "proc-root", reference: "proc_pid_root(5)", stopped_by: Step::Proc, attempt: |_| processes::root(), ..PLAIN },
    Attack { name: "join", reference: "setns(2)", stopped_by: Step::Proc, attempt: |_| processes::join(), ..PLAIN },
    Attack { name: "ptrace", reference: "ptrace(2)", stopped_by: Step::Names, attempt: |_| processes::ptrace(), ..PLAIN },
    Attack { name: "cgroup", reference: "cgroups(7)", stopped_by: Step::Proc, attempt: |_| kernel::cgroup(), ..PLAIN },
    Attack { name: "disk", reference: "mknod(2)", stopped_by: Step::Proc, attempt: |_| kernel::disk(), ..PLAIN },
    Attack { name: "core-pattern", reference: "core(5)", stopped_by: Step::Masks, attempt: |_| kernel::core_pattern(), ..PLAIN },
    Attack { name: "socket", reference: "CVE-2020-15257", stopped_by: Step::Net, attempt: |_| processes::abstract_socket(), ..PLAIN },
    Attack { name: "fork-bomb", reference: "cgroups(7)", stopped_by: Step::Limits, attempt: limits::processes, ..PLAIN },
    Attack { name: "memory", reference: "cgroups(7)", stopped_by: Step::Limits, attempt: limits::memory, ..PLAIN },
    Attack { name: "tmpfs", reference: "tmpfs(5)", stopped_by: Step::Limits, attempt: limits::tmpfs, ..PLAIN },
    Attack { name: "descriptors", reference: "getrlimit(2)", stopped_by: Step::Limits, attempt: |_| limits::descriptors(), ..PLAIN },
    Attack { name: "unmask", reference: "mount_namespaces(7)", stopped_by: Step::User, attempt: |_| kernel::unmask(), ..PLAIN },
    Attack { name: "release-agent", reference: "CVE-2022-0492", stopped_by: Step::User, attempt: |_| kernel::release_agent(), ..PLAIN },
    Attack { name: "handle", reference: "open_by_handle_at(2)", stopped_by: Step::User, attempt: |_| mounts::handle(), ..PLAIN },
    Attack { name: "kernel-log", reference: "syslog(2)", stopped_by: Step::User, attempt: |_| kernel::log(), ..PLAIN },
    Attack { name: "bpf", reference: "bpf(2)", stopped_by: Step::User, attempt: |_| kernel::bpf(), ..PLAIN },
    Attack { name: "module", reference: "init_module(2)", stopped_by: Step::User, attempt: |_| kernel::module(), ..PLAIN },
    Attack { name: "descriptor", reference: "open(2)", stopped_by: Step::Session, attempt: |_| session::descriptor(), ..PLAIN },
    Attack { name: "directory", reference: "CVE-2024-21626", stopped_by: Step::Session, attempt: |_| session::directory(), ..PLAIN },
    Attack { name: "environment", reference: "environ(7)", stopped_by: Step::Session, attempt: |_| session::environment(), ..PLAIN },
    Attack { name: "terminal", reference: "ioctl_tty(2)", stopped_by: Step::Session, attempt: |_| session::terminal(), has_happened: Host::was_typed_into },
    Attack { name: "keyring", reference: "keyrings(7)", stopped_by: Step::Session, attempt: |_| session::keyring(), ..PLAIN },
    Attack { name: "program", reference: "CVE-2019-5736", stopped_by: Step::User, attempt: |_| session::program(), ..PLAIN },
    Attack { name: "remount", reference: "mount(2)", stopped_by: Step::Capabilities, attempt: |_| mounts::remount(), has_happened: Host::has_a_new_file },
    Attack { name: "set-user-id", reference: "execve(2)", stopped_by: Step::Capabilities, attempt: |_| processes::set_user_id(), ..PLAIN },
    Attack { name: "user-namespace", reference: "user_namespaces(7)", stopped_by: Step::Seccomp, attempt: |_| kernel::user_namespace(), ..PLAIN },
    Attack { name: "io-uring", reference: "io_uring_setup(2)", stopped_by: Step::Seccomp, attempt: |_| kernel::io_uring(), ..PLAIN },
    Attack { name: "userfaultfd", reference: "userfaultfd(2)", stopped_by: Step::Seccomp, attempt: |_| kernel::userfaultfd(), ..PLAIN },
    Attack { name: "volume", reference: "inode(7)", stopped_by: Step::Seccomp, attempt: |_| mounts::set_user_id_on_volume(), has_happened: Host::has_a_set_user_id_file },
];

/// `--steps`: the attacks that a step is the first to stop.
pub(crate) fn stopped_by(step: Step) -> String {
    let names = ATTACKS
        .iter()
        .filter(|attack| attack.stopped_by == step)
        .map(|attack| attack.name);
    names.collect::<Vec<_>>().join(", ")
}

fn chosen(name: &str) -> Vec<&'static Attack> {
    ATTACKS
        .iter()
        .filter(|attack| name == "all" || attack.name == name)
        .collect()
}

/// What `--attack` takes.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ATTACKS.iter().map(|attack| attack.name).chain(["all"])
}

// ANCHOR: run
/// `--attack`: each attack in a container of its own. The status is 3 if one has escaped.
pub(crate) fn run(plan: &Plan, cgroup: Option<&Cgroup>, name: &str) -> Result<u8> {
    // Held from here on: in the container there is no path to it.
    let program = File::open("/proc/self/exe").step("open", "/proc/self/exe")?;
    let mut has_escaped = false;
    for attack in chosen(name) {
        let verdict = verdict(plan, cgroup, attack, &program)?;
        has_escaped |= verdict == ESCAPED;
        say!("{:<15} {:<20} {verdict}", attack.name, attack.reference)?;
    }
    Ok(if has_escaped { 3 } else { 0 })
}

/// What the attack says about itself, and the host about it.
fn verdict(
    plan: &Plan,
    cgroup: Option<&Cgroup>,
    attack: &Attack,
    program: &File,
) -> Result<String> {
    let (answer, from_attack) = pipe2(OFlag::O_CLOEXEC).step("pipe2", "for the answer")?;
    let stand_in = stand_in::begin(cgroup.is_some(), || {
        dup2_stdout(&from_attack).step("dup2", "stdout")?;
        let mut host = Host::furnish()?;
        let command = command(plan, attack);
        let status = contain(plan, cgroup, &|environment| {
            exec_descriptor(program, &command, environment)
        })?;
        let is_felt = status == 0 && (attack.has_happened)(&mut host);
        Ok(if is_felt { FELT } else { status })
    })?;
    drop(from_attack);
    let mut text = String::new();
    File::from(answer)
        .read_to_string(&mut text)
        .step("read", "the answer")?;
    let status = stand_in.wait()?;
    match (text.trim().parse().map(Errno::from_raw), status) {
        (Ok(IMPOSSIBLE), _) => Ok("cannot be tried here".into()),
        (Ok(NOTHING), FELT) => Ok(ESCAPED.into()),
        (Ok(NOTHING), _) => Ok("held     the host has not felt it".into()),
        (Ok(errno), _) => Ok(format!("held     {errno}")),
        (Err(_), KILLED) => Ok("held     by SIGKILL".into()),
        (Err(_), status) => Err(Error::ChildFailed(status)),
    }
}

/// Run by the container as its program.
pub(crate) fn inside(name: &str, args: &Args) -> Result<u8> {
    for attack in chosen(name) {
        let answer = (attack.attempt)(args);
        say!(
            "{}",
            answer.map_or_else(|errno| errno as i32, |()| NOTHING as i32)
        )?;
    }
    Ok(0)
}

fn command(plan: &Plan, attack: &Attack) -> Vec<OsString> {
    let args = &plan.args;
    let limits = [args.memory(), args.pids(), args.tmp_size].map(|limit| limit.to_string());
    let [memory, pids, size] = limits;
    let words = [
        "--inside",
        attack.name,
        "--memory",
        &memory,
        "--pids",
        &pids,
        "--tmp-size",
        &size,
    ];
    [program_name().as_str()]
        .into_iter()
        .chain(words)
        .map(OsString::from)
        .collect()
}
// ANCHOR_END: run

const ESCAPED: &str = "ESCAPED";
/// As an answer: no errno.
const NOTHING: Errno = Errno::UnknownErrno;
/// The stand-in's status after an attack that the host has felt, and after one that the
/// kernel has ended.
const FELT: u8 = 3;
const KILLED: u8 = 128 + 9;
