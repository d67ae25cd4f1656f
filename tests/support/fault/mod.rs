//! Makes each system call of a lab fail, one in each run, and judges what the lab does then.

pub(crate) mod calls;
pub(crate) mod judge;
mod process;
pub(crate) mod site;
pub(crate) mod state;
pub(crate) mod tally;
pub(crate) mod trace;
mod watch;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use calls::{Plan, Row};
use judge::{Verdict, judge};
use site::{Fault, Run, Site};
use state::State;
pub(crate) use tally::Tally;

use crate::support::{Who, host};

/// A lab's command line, who types it, and which faults are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    pub(crate) line: String,
    pub(crate) who: Who,
    /// Only the calls that matter most, with the first errno of each.
    pub(crate) sample: bool,
}

/// What a sample tries, the first three in each process.
const KEY_CALLS: &[&str] = &[
    "clone", "unshare", "setns", "mount", "pipe2", "openat", "write", "execve", "wait4",
];

const REPEATS: &str = "repeats what was tried: a loop's next rounds, a child like its siblings";

static CGROUPS: Mutex<()> = Mutex::new(());

const MOST_HANGS: usize = 4;

/// In a loop one round is like another: from here on, a process's calls are left alone.
const LOOP: u32 = 40;
/// So are further children of one process that make the same calls as this many before.
const ALIKE: usize = 3;

const VARIABLES: [&str; 3] = ["FAULT_LINE", "FAULT_WHO", "FAULT_SAMPLE"];

impl Trial {
    /// Runs this test program once more, on a host of its own, to do the trial there.
    pub(crate) fn on_own_host(&self, worker: &str) -> Tally {
        // A host has a /tmp of its own, which may hide the program: it goes by descriptor.
        let script = format!("exec /proc/self/fd/0 --exact {worker} --nocapture");
        // Namespaces do not keep cgroups apart: one lab at a time makes some.
        let makes_cgroups = self.line.starts_with("cgroup_ns");
        let _alone = makes_cgroups.then(|| CGROUPS.lock().expect("a lock"));
        let program = std::env::current_exe().expect("this program");
        let values = [
            self.line.clone(),
            format!("{:?}", self.who),
            self.sample.to_string(),
        ];
        // Who ends the runner by hand ends the hosts as well.
        let output = Command::new("setpriv")
            .args(["--pdeathsig=KILL", "timeout", "--signal=KILL", "3000"])
            .args(["setpriv", "--pdeathsig=KILL"])
            .args(host::words(&script))
            .envs(VARIABLES.into_iter().zip(values))
            .env_remove("SHELL")
            .env("LC_ALL", "C")
            .env("PATH", "/usr/bin:/usr/sbin")
            .stdin(File::open(program).expect("this program"))
            .stderr(Stdio::inherit())
            .output()
            .expect("a host");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{self:?}: {text}");
        Tally::parse(&text)
    }

    /// In the host: the trial that the variables name.
    pub(crate) fn asked_for() -> Option<Self> {
        let [line, who, sample] = VARIABLES.map(|name| std::env::var(name).ok());
        let who = if who? == "Root" { Who::Root } else { Who::User };
        Some(Self {
            line: line?,
            who,
            sample: sample? == "true",
        })
    }

    /// In the host: tries every fault.
    pub(crate) fn try_all(&self) -> Tally {
        let reference = self.run(None, Duration::from_secs(60));
        assert!(
            reference.before_main > 0,
            "main was not found: {}",
            reference.stderr
        );
        let mut tally = Tally {
            sites: reference.sites.len(),
            before_main: reference.before_main,
            ..Tally::default()
        };
        let alike = reference.processes_alike(ALIKE);
        for site in &reference.sites {
            if site.nth > LOOP || alike.contains(&site.process) {
                *tally.exempt.entry(REPEATS.to_owned()).or_default() += 1;
                continue;
            }
            // Each hang costs seconds, and a few tell as much as all.
            let hangs = tally
                .defects
                .iter()
                .filter(|defect| defect.contains("it hung"));
            if hangs.count() >= MOST_HANGS {
                tally.defects.push("given up after these".into());
                break;
            }
            let Some(row) = calls::row(site.call, &site.object) else {
                let defect = format!("{}: no row for it in calls.rs", shown(site));
                tally.defects.push(defect);
                continue;
            };
            match row.3 {
                Plan::Exempt(why) => *tally.exempt.entry(why.to_owned()).or_default() += 1,
                _ => self.try_site(site, row, &reference, &mut tally),
            }
        }
        tally
    }

    fn try_site(&self, site: &Site, row: &Row, reference: &Run, tally: &mut Tally) {
        let mut faults = row.3.faults();
        if self.sample {
            if !KEY_CALLS.contains(&row.1) || site.nth > 3 {
                return;
            }
            faults.truncate(1);
        }
        // That is what the reference shows.
        faults.retain(|&fault| site.own.is_none_or(|errno| fault != Fault::Errno(errno)));
        tally.tried += 1;
        for fault in faults {
            tally.runs += 1;
            match self.try_fault(site, fault, reference) {
                Verdict::Passed => tally.passed += 1,
                Verdict::Harmless(why) => {
                    tally.passed += 1;
                    *tally.harmless.entry(why.to_owned()).or_default() += 1;
                }
                Verdict::Defect(what) => {
                    let (line, who) = (&self.line, self.who);
                    tally.defects.push(format!(
                        "{line} ({who:?}): {}: {fault:?}: {what}",
                        shown(site)
                    ));
                }
            }
        }
    }

    fn try_fault(&self, site: &Site, fault: Fault, reference: &Run) -> Verdict {
        // Who reads first, and how often, is not the same in every run.
        for _ in 0..5 {
            let before = State::now(&self.line);
            let run = self.run(Some((site, fault)), reference.patience());
            if run.fired {
                remove_what_was_not(&run, site);
                let untouched = before.returns(&self.line);
                let verdict = judge(self.name(), site, fault, reference, &run);
                return match (verdict, untouched) {
                    (Verdict::Defect(what), _) => Verdict::Defect(what),
                    (verdict, Ok(())) => verdict,
                    (_, Err(changes)) => {
                        Verdict::Defect(format!("the host has changed: {changes}"))
                    }
                };
            }
        }
        Verdict::Harmless("a call that another run does not make again")
    }

    fn name(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    fn run(&self, fault: Option<(&Site, Fault)>, patience: Duration) -> Run {
        let path = format!("/mnt/labs/{}", self.name());
        let user = [
            "setpriv",
            "--reuid=1234",
            "--regid=1234",
            "--clear-groups",
            "--",
        ];
        let before = if self.who == Who::User {
            &user[..]
        } else {
            &[]
        };
        let arguments = self.line.split(' ').skip(1);
        let words = before
            .iter()
            .copied()
            .chain([path.as_str()])
            .chain(arguments);
        let words: Vec<_> = words.map(str::to_owned).collect();
        trace::run(Path::new(&path), &words, fault, patience)
    }
}

/// A directory that could not be removed is left indeed; the next run needs a clean host.
fn remove_what_was_not(run: &Run, site: &Site) {
    let found = run.sites.iter().find(|one| one.is_same(site));
    if let Some(site) = found.filter(|site| calls::name(site.call) == "rmdir") {
        let _ = std::fs::remove_dir(&site.object);
    }
}

/// `process 1.2: 3rd write (stdout)`
fn shown(site: &Site) -> String {
    let name = calls::name(site.call);
    let Site {
        process,
        nth,
        object,
        ..
    } = site;
    format!("process {process}: {name} {nth} ({object})")
}
