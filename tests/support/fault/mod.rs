//! Makes each system call of a lab fail, one in each run, and judges what the lab does then.

mod errnos;
mod rules;
mod site;
mod state;
mod tally;
mod trace;
mod watch;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use nix::libc;

use rules::Case;
use site::{Fault, Run, Site};
use state::State;
pub(crate) use tally::Tally;

use crate::support::{Who, host, whole};

/// A lab's command line, and who types it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial {
    pub(crate) line: &'static str,
    pub(crate) who: Who,
}

/// Carries a trial to the host.
const TRIAL: &str = "FAULT_TRIAL";

static CGROUPS: Mutex<()> = Mutex::new(());

/// Each hang costs seconds, and a few tell as much as all.
const MOST_HANGS: usize = 4;

/// A loop's rounds are like one another, and so are siblings: of the same call on the same
/// object in one generation of processes, so many are tried.
const REPEATS: usize = 30;

/// A lab that makes more calls than this repeats them in ways that are harder to see:
/// a sample of its faults will do, as for `just test`.
const MANY: usize = 2000;

impl Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.who, self.line)
    }
}

impl Trial {
    /// Runs this test program once more, on a host of its own, to do the trial there.
    pub(crate) fn on_own_host(&self, worker: &str) -> Tally {
        // A host has a /tmp of its own, which may hide the program: it goes by descriptor.
        let script = format!("exec /proc/self/fd/0 --exact {worker} --nocapture");
        let program = std::env::current_exe().expect("this program");
        // Namespaces do not keep cgroups apart: one lab at a time makes some.
        let makes_cgroups = state::makes_cgroups(self.line);
        let _alone = makes_cgroups.then(|| CGROUPS.lock().expect("a lock"));
        // Who ends the runner by hand ends the hosts as well.
        let output = Command::new("setpriv")
            .args(["--pdeathsig=KILL", "timeout", "--signal=KILL", "3000"])
            .args(["setpriv", "--pdeathsig=KILL"])
            .args(host::words(&script))
            .env(TRIAL, self.to_string())
            .env_remove("SHELL")
            .env("LC_ALL", "C")
            .env("PATH", "/usr/bin:/usr/sbin")
            .stdin(File::open(program).expect("this program"))
            .stderr(Stdio::inherit())
            .output()
            .expect("a host");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{self:?}: {text}");
        Tally(text)
    }

    /// In the host: the trial that the variable names.
    pub(crate) fn asked_for() -> Option<Self> {
        let text = std::env::var(TRIAL).ok()?.leak();
        let (who, line) = text.split_once(' ')?;
        let who = if who == "Root" { Who::Root } else { Who::User };
        Some(Self { line, who })
    }

    /// In the host: tries every fault.
    pub(crate) fn try_all(&self) -> Tally {
        let reference = self.run(None, Duration::from_secs(60));
        let main_was_found = reference.sites.iter().any(|site| !site.before_main);
        assert!(main_was_found, "no main: {}", reference.stderr);
        let sample = !whole() || reference.sites.len() > MANY;
        let mut tally = Tally::default();
        let mut seen = BTreeMap::new();
        for site in &reference.sites {
            let alike = seen.entry((site.generation(), site.call, &site.object));
            let nth = *alike.and_modify(|nth| *nth += 1).or_insert(1);
            if site.certain || nth > REPEATS {
                tally.note("ALONE", site);
                continue;
            }
            let mut faults = errnos::faults(site);
            if sample {
                if site.before_main || nth > 1 {
                    continue;
                }
                // One errno; which, is the same in each run.
                let any = self.line.len() + site.process.len() + site.object.len();
                faults = vec![faults[any % faults.len()]];
            }
            tally.note("TRIED", site);
            for fault in faults {
                self.try_fault(site, fault, &reference, &mut tally);
                let defects = tally.places("DEFECT");
                if defects.filter(|what| what.contains("it hung")).count() == MOST_HANGS {
                    tally.note("DEFECT", "given up after these");
                    return tally;
                }
            }
        }
        tally
    }

    fn try_fault(&self, site: &Site, fault: Fault, reference: &Run, tally: &mut Tally) {
        let place = format!("{site}: {fault:?}");
        // Who reads first, and how often, is not the same in every run.
        for _ in 0..5 {
            let before = State::now(self.line);
            let run = self.run(Some((site, fault)), reference.patience());
            if !run.fired {
                continue;
            }
            remove_what_was_not(&run, site);
            let case = Case {
                lab: self.name(),
                site,
                fault,
                reference,
                run: &run,
            };
            let outcome = case.judge();
            match outcome.and_then(|word| before.returns(self.line).map(|()| word)) {
                Ok(word) => tally.note(word, place),
                Err(what) => tally.note("DEFECT", format!("{place}: {what}")),
            }
            return;
        }
        tally.note("MISSED", place);
    }

    fn name(&self) -> &str {
        self.line.split(' ').next().expect("a lab")
    }

    fn run(&self, fault: Option<(&Site, Fault)>, patience: Duration) -> Run {
        let user = match self.who {
            Who::Root => "",
            Who::User => "setpriv --reuid=1234 --regid=1234 --clear-groups -- ",
        };
        let lab = format!("/mnt/labs/{}", self.name());
        let command = format!("{user}/mnt/labs/{}", self.line);
        trace::run(&lab, &command, fault, patience)
    }
}

/// A directory that could not be removed is left indeed; the next run needs a clean host.
fn remove_what_was_not(run: &Run, site: &Site) {
    let found = run.sites.iter().find(|one| one.is_same(site));
    if let Some(site) = found.filter(|site| site.call == libc::SYS_rmdir) {
        let _ = std::fs::remove_dir(&site.object);
    }
}
