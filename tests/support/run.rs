//! A command whose processes are all known to have ended, or not.

use std::fs;
use std::io::Read;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pipe2};

/// A lab that takes longer is stuck.
const LIMIT: Duration = Duration::from_secs(120);

/// What is there so long after the lab's end has been left behind.
const GRACE: Duration = Duration::from_secs(10);

/// The variable that names the lifeline's write end, for [`HOLD_LIFELINE`].
const LIFELINE: &str = "LIFELINE";

/// Shell code: this process and what it starts hold the lifeline as descriptor 9.
pub(crate) const HOLD_LIFELINE: &str = "exec 9>$LIFELINE; unset LIFELINE;";

/// How a command ended, and all that it started.
#[derive(Debug)]
pub(crate) struct Ended {
    /// As a shell shows it.
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Command lines of processes that outlived the command.
    pub(crate) left: Vec<String>,
    /// Whether the command itself had to be killed.
    pub(crate) stuck: bool,
}

/// Starts a command whose shell code begins with [`HOLD_LIFELINE`], lets `meddle`
/// do its part, and waits for the end of every process that inherited the lifeline.
pub(crate) fn run(command: &mut Command, meddle: impl FnOnce(&Child)) -> Ended {
    let (lifeline, write_end) = pipe2(OFlag::O_CLOEXEC).expect("a pipe");
    let path = format!("/proc/{}/fd/{}", std::process::id(), write_end.as_raw_fd());
    let mut child = command.env(LIFELINE, path).spawn().expect("the command");
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let mut write_end = Some(write_end);
    meddle(&child);

    let started = Instant::now();
    let mut ended: Option<(i32, Instant)> = None;
    let (mut left, mut stuck) = (Vec::new(), false);
    loop {
        // A child that has been waited for answers the same again.
        if let (None, Some(status)) = (ended, child.try_wait().expect("a child")) {
            let status = status.code().or(status.signal().map(|signal| 128 + signal));
            ended = Some((status.expect("a status"), Instant::now()));
            // The command has opened it by now, or never will.
            drop(write_end.take());
        }
        let mut hangs_up = [PollFd::new(lifeline.as_fd(), PollFlags::empty())];
        let all_gone = poll(&mut hangs_up, PollTimeout::from(5_u8)).expect("poll") > 0;
        if ended.is_some() && all_gone {
            break;
        }
        if all_gone {
            thread::sleep(Duration::from_millis(1));
        }
        let late = match ended {
            Some((_, when)) => when.elapsed() > GRACE,
            None => started.elapsed() > LIMIT,
        };
        if late {
            left = kill_holders(&lifeline);
            stuck = ended.is_none();
            drop(write_end.take());
            if stuck {
                let _ = child.kill();
            }
        }
    }
    Ended {
        status: ended.map_or(-1, |(status, _)| status),
        stdout: stdout.map_or_else(Vec::new, |thread| thread.join().expect("stdout")),
        stderr: stderr.map_or_else(Vec::new, |thread| thread.join().expect("stderr")),
        left,
        stuck,
    }
}

/// Captures both outputs of a command that reads nothing.
pub(crate) fn captured(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> Option<thread::JoinHandle<Vec<u8>>> {
    pipe.map(|mut pipe| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).expect("an output");
            bytes
        })
    })
}

/// Kills every other process that has the pipe open; returns their command lines.
fn kill_holders(pipe: &impl std::os::fd::AsRawFd) -> Vec<String> {
    let name = fs::read_link(format!("/proc/self/fd/{}", pipe.as_raw_fd())).expect("a pipe");
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        let Ok(pid) = process.file_name().to_string_lossy().parse::<i32>() else {
            continue;
        };
        let holds = |descriptor: fs::DirEntry| {
            fs::read_link(descriptor.path()).is_ok_and(|link| link == name)
        };
        let Ok(mut descriptors) = fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        if pid as u32 != std::process::id() && descriptors.any(|fd| fd.is_ok_and(holds)) {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&line).replace('\0', " "));
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    found
}

/// Does all jobs, so many at a time for each processor, and returns what they returned.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    jobs: &[T],
    for_each_processor: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let workers = for_each_processor * thread::available_parallelism().map_or(1, usize::from);
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            while let Some((at, job)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                jobs.get(at).map(|job| (at, job))
            } {
                done.push((at, work(job)));
            }
            done
        };
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let done = started
            .into_iter()
            .map(|thread| thread.join().expect("a worker"));
        done.flatten().collect()
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
