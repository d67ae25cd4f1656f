//! Every attempt as every caller, and what follows for the labs.

use std::thread;
use std::time::Duration;

use common::credentials::{Capability, is_capable};
use common::explain;
use nix::errno::Errno;

use crate::attempts::{ATTEMPTS, Attempt};
use crate::caller::{self, Caller};
use crate::diagnosis::{Diagnosis, diagnose};
use crate::labs::{Lab, judged};
use crate::refusal::Refusal;
use crate::trial::Tried;

/// What one caller may do.
pub(crate) struct Examination {
    pub(crate) caller: Caller,
    pub(crate) findings: Vec<Finding>,
}

/// An attempt, and why it was refused, if it was.
pub(crate) struct Finding {
    pub(crate) attempt: &'static Attempt,
    pub(crate) refused: Option<Diagnosis>,
}

/// The caller's, and where the caller is root an ordinary user's after it.
pub(crate) fn all() -> Vec<Examination> {
    caller::all().into_iter().map(examine).collect()
}

fn examine(caller: Caller) -> Examination {
    let mut waited_for = Vec::new();
    let findings = ATTEMPTS.iter().map(|attempt| {
        let tried = patiently(|| caller.try_to(attempt.work), &mut waited_for);
        let outcome = match &tried {
            Ok(()) => "works".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        let Attempt { key, calls, .. } = attempt;
        explain!("{key}, as uid {uid}: {calls}\n{outcome}", uid = caller.uid);
        let refused = tried.err().map(|refusal| diagnose(refusal, caller));
        Finding { attempt, refused }
    });
    Examination {
        findings: findings.collect(),
        caller,
    }
}

/// Namespaces that have ended count against the limits for some milliseconds more,
/// so a limit that is reached gets a second and a third chance; each refusal once.
fn patiently(attempt: impl Fn() -> Tried, waited_for: &mut Vec<Refusal>) -> Tried {
    for pause in [50, 100] {
        match attempt() {
            Err(refusal) if refusal.errno == Errno::ENOSPC && !waited_for.contains(&refusal) => {
                thread::sleep(Duration::from_millis(pause));
            }
            tried => return tried,
        }
    }
    let tried = attempt();
    waited_for.extend(tried.clone().err());
    tried
}

/// What keeps a lab from running; nothing if it runs. `all` begins with the caller.
pub(crate) fn blockers<'a>(
    lab: &Lab,
    one: &'a Examination,
    all: &'a [Examination],
) -> Vec<&'a Finding> {
    let decisive = match all.last() {
        Some(ordinary) if lab.is_for_ordinary_users => ordinary,
        _ => one,
    };
    let blocks =
        |finding: &&Finding| finding.refused.is_some() && lab.needs.contains(&finding.attempt.key);
    decisive.findings.iter().filter(blocks).collect()
}

/// The names of the labs that do not run for a caller.
pub(crate) fn blocked_labs(one: &Examination, all: &[Examination]) -> Vec<&'static str> {
    let is_blocked = |lab: &&Lab| !blockers(lab, one, all).is_empty();
    judged().filter(is_blocked).map(|lab| lab.name).collect()
}

/// Whether every lab runs for who called.
pub(crate) fn all_labs_run(all: &[Examination]) -> bool {
    let you = all.first();
    you.is_some_and(|you| blocked_labs(you, all).is_empty())
}

/// The command line that the verdict is about.
pub(crate) fn command(lab: &Lab, caller: Caller) -> &'static str {
    let works_directly = !caller.is_ordinary && is_capable(&[Capability::CAP_SYS_ADMIN]);
    lab.command(works_directly)
}
