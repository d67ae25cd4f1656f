//! Ends labs at random moments and looks for what they leave.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Lab;

/// The environment of every process of a run holds this, also that of its children.
const MARK: &str = "NAMESPACE_LABS_RUN";

/// A random number below `limit`: /dev/urandom, to need no crate for it.
fn random(limit: u64) -> u64 {
    let mut bytes = [0; 8];
    let mut source = fs::File::open("/dev/urandom").expect("/dev/urandom");
    std::io::Read::read_exact(&mut source, &mut bytes).expect("/dev/urandom");
    u64::from_ne_bytes(bytes) % limit
}

/// Starts the lab, ends it with the signal after a random time, and demands that
/// soon afterwards none of its processes is left, nor anything that one holds.
pub(crate) fn end_at_random(lab: &Lab, signal: Signal, within: Duration) {
    let run = format!("{}-{}", std::process::id(), random(u64::MAX));
    let mut child = lab
        .std_command()
        .env(MARK, &run)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the lab starts");
    sleep(Duration::from_micros(random(within.as_micros() as u64)));
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a PID"));
    // ESRCH is impossible: the lab is reaped below.
    kill(pid, signal).expect("a signal for a child");
    child.wait().expect("a child");

    let started = Instant::now();
    loop {
        let left = marked(&run);
        if left.is_empty() {
            return;
        }
        let late = started.elapsed() > Duration::from_secs(5);
        assert!(!late, "{signal} left of {lab:?}: {left:?}");
        sleep(Duration::from_millis(1));
    }
}

/// The processes of a run. A zombie has no environment any more and holds nothing.
fn marked(run: &str) -> Vec<String> {
    let mark = format!("{MARK}={run}\0");
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        if environment
            .windows(mark.len())
            .any(|window| window == mark.as_bytes())
        {
            let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&command).replace('\0', " "));
        }
    }
    found
}
