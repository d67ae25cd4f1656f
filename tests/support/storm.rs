//! Ends labs at any moment, in every way, and looks for what they leave.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::run::{Ended, HOLD_LIFELINE, run};
use super::{Lab, Who, cgroups, hostile, terminal};

/// Who gets the signal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The lab's first process.
    Lab,
    /// Its latest child, where it has one by then.
    Child,
    /// The foreground group of a terminal, by this key.
    Terminal(u8),
}

/// One way to end a lab.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blow {
    pub(crate) name: &'static str,
    pub(crate) signal: Signal,
    pub(crate) target: Target,
}

const fn to_lab(name: &'static str, signal: Signal) -> Blow {
    Blow {
        name,
        signal,
        target: Target::Lab,
    }
}

/// Every way.
pub(crate) const BLOWS: &[Blow] = &[
    to_lab("SIGKILL", Signal::SIGKILL),
    to_lab("SIGTERM", Signal::SIGTERM),
    to_lab("SIGINT", Signal::SIGINT),
    to_lab("SIGHUP", Signal::SIGHUP),
    to_lab("SIGQUIT", Signal::SIGQUIT),
    Blow {
        name: "SIGKILL to the child",
        signal: Signal::SIGKILL,
        target: Target::Child,
    },
    Blow {
        name: "Ctrl-C",
        signal: Signal::SIGINT,
        target: Target::Terminal(0x03),
    },
    Blow {
        name: "Ctrl-\\",
        signal: Signal::SIGQUIT,
        target: Target::Terminal(0x1c),
    },
];

/// Labs that go on until they are ended, or for a second.
pub(crate) const HELD: &[&str] = &[
    "uts_ns bizarro --hold 1",
    "net_ns --hold 1",
    "ipc_ns --hold 1",
    "user_ns --hold 1",
    "mount_proc sleep 1",
    "init sleep 1",
    "unshare -Urmpf --kill-child --mount-proc sleep 1",
];

/// A random number below `limit`: /dev/urandom, to need no crate for it.
fn random(limit: u64) -> u64 {
    let mut bytes = [0; 8];
    let mut source = fs::File::open("/dev/urandom").expect("/dev/urandom");
    std::io::Read::read_exact(&mut source, &mut bytes).expect("/dev/urandom");
    u64::from_ne_bytes(bytes) % limit
}

/// Starts a line of the labs, strikes within so much time after the lab's start,
/// and waits for the end of all its processes.
pub(crate) fn strike(line: &str, who: Who, blow: Blow, within: Duration) -> Ended {
    let mut command = hostile::command(&hostile::ENVIRONMENTS[0], line, who);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let name = line.split(' ').next().unwrap_or_default();
    let wait = |lab: &Child| {
        wait_for_start(lab, name);
        sleep(Duration::from_micros(random(within.as_micros() as u64)));
    };
    let (before, mut lab_pid) = (cgroups::of_labs(), 0);
    let mut wait = |lab: &Child| {
        lab_pid = lab.id();
        wait(lab);
    };
    let mut ended = match blow.target {
        Target::Lab => run(&mut command, |lab| {
            wait(lab);
            // ESRCH is impossible: the lab is reaped later.
            kill(pid(lab.id()), blow.signal).expect("a signal for a child");
        }),
        Target::Child => run(&mut command, |lab| {
            wait(lab);
            if let Some(child) = latest_child(lab) {
                let _ = kill(child, blow.signal);
            }
        }),
        Target::Terminal(key) => {
            let (mut keyboard, slave) = terminal::open();
            let mut on_terminal = terminal::in_own_session(&command, &slave);
            on_terminal.stdout(Stdio::null()).stderr(Stdio::null());
            run(&mut on_terminal, |lab| {
                wait(lab);
                keyboard.write_all(&[key]).expect("a key");
            })
        }
    };
    if name == "cgroup_ns" {
        let own = format!("/cgroup_ns-{lab_pid}");
        let new = &cgroups::of_labs() - &before;
        // Others may work on this machine as well.
        ended
            .left
            .extend(new.into_iter().filter(|path| path.ends_with(&own)));
    }
    ended
}

/// Starts a lab, ends it with the signal after a random time, and demands that soon
/// afterwards none of its processes is left, nor anything that one holds.
pub(crate) fn end_at_random(lab: &Lab, signal: Signal, within: Duration) {
    let inner = lab.std_command();
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{HOLD_LIFELINE} exec \"$@\""), "sh"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_remove("SHELL")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ended { left, stuck, .. } = run(&mut command, |lab| {
        sleep(Duration::from_micros(random(within.as_micros() as u64)));
        kill(pid(lab.id()), signal).expect("a signal for a child");
    });
    assert!(
        !stuck && left.is_empty(),
        "{signal} left of {lab:?}: {left:?}"
    );
}

/// Starts a lab whose program says that it is ready, sends the lab the signal when
/// `meanwhile` has returned, and returns the lab's status.
pub(crate) fn end_when_ready(
    lab: &Lab,
    signal: i32,
    meanwhile: impl FnOnce(&Child),
) -> Option<i32> {
    let mut lab = lab.std_command();
    let mut lab = lab.stdout(Stdio::piped()).spawn().expect("the lab");
    let mut lines = BufReader::new(lab.stdout.take().expect("a pipe")).lines();
    assert!(lines.any(|line| line.expect("a line") == "ready"));
    meanwhile(&lab);
    common::process::kill(pid(lab.id()), signal).expect("a signal for a child");
    lab.wait().expect("a child").code()
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).expect("a PID"))
}

/// Until the shells before the lab have executed it. It may have ended already.
fn wait_for_start(lab: &Child, name: &str) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        let words = fs::read(format!("/proc/{}/cmdline", lab.id())).unwrap_or_default();
        let first = words.split(|&byte| byte == 0).next().unwrap_or_default();
        // A path, and not the `unshare` before it; a zombie has no words.
        if words.is_empty() || first.ends_with(format!("/{name}").as_bytes()) {
            return;
        }
        sleep(Duration::from_micros(200));
    }
}

/// The youngest of the lab's children. The guardian is the oldest one: what it
/// guards is left if nobody is there to remove it, so it is spared.
fn latest_child(lab: &Child) -> Option<Pid> {
    let id = lab.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
    let mut children: Vec<i32> = children
        .split(' ')
        .filter_map(|pid| pid.parse().ok())
        .collect();
    let comm = fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
    if comm.trim_end() == "cgroup_ns" && !children.is_empty() {
        children.remove(0);
    }
    children.last().copied().map(Pid::from_raw)
}

/// What of the machine a lab could leave changed, one thing a line.
pub(crate) fn state_of_the_machine() -> BTreeSet<String> {
    let script =
        "cat /proc/sys/kernel/hostname; cut -d' ' -f5- /proc/self/mountinfo | grep -v /proc/
        ls -d /sys/class/net/* /run/netns/* /dev/mqueue/*
        ipcs -q; ls -d /tmp/*_ns* /tmp/file";
    let output = Command::new("sh")
        .args(["-c", script])
        .output()
        .expect("a shell");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// What was not there before and stays. Others may work on this machine as well, so
/// a thing counts that is there for ten seconds.
pub(crate) fn left_on_the_machine(before: &BTreeSet<String>) -> BTreeSet<String> {
    let started = Instant::now();
    let mut left = &state_of_the_machine() - before;
    while !left.is_empty() && started.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(50));
        left = &left & &state_of_the_machine();
    }
    left
}
