//! Ends the processes of a run that takes too long.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

/// What a lab has started ends this soon after it.
const LINGER: Duration = Duration::from_secs(5);

/// A thread that looks at the clock: the one that traces waits for system calls.
pub(super) struct Watch {
    news: Sender<()>,
    thread: JoinHandle<(bool, bool)>,
}

impl Watch {
    /// A lab that takes longer than `patience` is ended.
    pub(super) fn new(patience: Duration) -> Self {
        assert_eq!(getpid().as_raw(), 1, "all other processes here are a lab's");
        let (news, told) = channel();
        let thread = spawn(move || watch(&told, patience));
        Self { news, thread }
    }

    pub(super) fn lab_has_ended(&self) {
        let _ = self.news.send(());
    }

    /// Whether the lab had to be ended, and whether what it left had to be.
    pub(super) fn end(self) -> (bool, bool) {
        drop(self.news);
        self.thread.join().expect("a verdict")
    }
}

fn watch(news: &Receiver<()>, patience: Duration) -> (bool, bool) {
    let mut deadline = Instant::now() + patience;
    let (mut lab_runs, mut hung, mut left) = (true, false, false);
    loop {
        match news.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Disconnected) => return (hung, left),
            Ok(()) => {
                lab_runs = false;
                deadline = Instant::now() + LINGER;
            }
            Err(RecvTimeoutError::Timeout) => {
                hung |= lab_runs;
                left |= !lab_runs;
                // All but this one, which is PID 1. What is born meanwhile ends in the next round.
                let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
                deadline = Instant::now() + Duration::from_millis(50);
            }
        }
    }
}
