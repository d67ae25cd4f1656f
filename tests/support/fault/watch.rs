//! Ends the processes of a run that takes too long.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a lab has started ends this soon after it.
const LINGER: Duration = Duration::from_secs(5);

/// The processes of a run, and a thread that looks at the clock: the one that traces
/// them waits for system calls.
pub(super) struct Watched {
    processes: Arc<Mutex<BTreeSet<Pid>>>,
    ended: Option<Sender<()>>,
    verdict: Receiver<(bool, bool)>,
}

impl Watched {
    /// A lab that takes longer than `patience` is ended.
    pub(super) fn new(first: Pid, patience: Duration) -> Self {
        let processes = Arc::new(Mutex::new(BTreeSet::from([first])));
        let (ended, news) = channel();
        let (say, verdict) = channel();
        let all = Arc::clone(&processes);
        std::thread::spawn(move || {
            let _ = say.send(watch(&all, &news, patience));
        });
        Self {
            processes,
            ended: Some(ended),
            verdict,
        }
    }

    pub(super) fn remember(&self, pid: Pid) {
        self.processes.lock().expect("a set").insert(pid);
    }

    pub(super) fn forget(&self, pid: Pid) {
        self.processes.lock().expect("a set").remove(&pid);
    }

    pub(super) fn lab_has_ended(&self) {
        self.ended.iter().for_each(|news| {
            let _ = news.send(());
        });
    }

    /// Whether the lab had to be ended, and whether what it left had to be.
    pub(super) fn end(&mut self) -> (bool, bool) {
        self.ended = None;
        self.verdict.recv().expect("a verdict")
    }
}

fn watch(
    processes: &Mutex<BTreeSet<Pid>>,
    news: &Receiver<()>,
    patience: Duration,
) -> (bool, bool) {
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
                // Those that were born meanwhile are ended in the next round.
                for &pid in processes.lock().expect("a set").iter() {
                    let _ = kill(pid, Signal::SIGKILL);
                }
                deadline = Instant::now() + Duration::from_millis(50);
            }
        }
    }
}
