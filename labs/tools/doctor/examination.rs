//! Every attempt as every caller, and what follows for the labs.

use std::thread;
use std::time::Duration;

use common::explain;
use nix::errno::Errno;

use crate::attempts::{self, Attempt};
use crate::caller::Caller;
use crate::causes::{self, Cause};
use crate::evidence::Evidence;
use crate::labs::{self, Lab};
use crate::trial::{Refusal, Tried};

/// What one caller may do.
pub(crate) struct Examination {
    pub(crate) caller: Caller,
    pub(crate) findings: Vec<Finding>,
}

/// An attempt, and why it was refused, if it was.
pub(crate) struct Finding {
    pub(crate) attempt: &'static Attempt,
    pub(crate) refused: Option<(Refusal, Cause)>,
}

pub(crate) fn of(caller: Caller, evidence: &Evidence) -> Examination {
    let mut waited_for = Vec::new();
    let findings = attempts::ALL.map(|attempt| {
        let tried = patiently(|| caller.try_to(attempt.work), &mut waited_for);
        let outcome = tried.as_ref().err().map(ToString::to_string);
        explain!(
            "{key}, as uid {uid}: {calls}\n{outcome}",
            key = attempt.key,
            uid = caller.uid,
            calls = attempt.calls,
            outcome = outcome.as_deref().unwrap_or("works")
        );
        let refused = tried.err().map(|refusal| {
            let cause = causes::find(&refusal, caller, evidence);
            (refusal, cause)
        });
        Finding { attempt, refused }
    });
    Examination {
        caller,
        findings: findings.into(),
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
    examination: &'a Examination,
    all: &'a [Examination],
) -> Vec<&'a Finding> {
    let decisive = match all.last() {
        Some(ordinary) if lab.is_for_ordinary_users => ordinary,
        _ => examination,
    };
    let needed = |finding: &&Finding| {
        let mut needs = lab.needs.iter();
        finding.refused.is_some() && needs.any(|need| need.key == finding.attempt.key)
    };
    decisive.findings.iter().filter(needed).collect()
}

/// The labs that do not run for a caller.
pub(crate) fn blocked_labs(examination: &Examination, all: &[Examination]) -> Vec<&'static str> {
    let blocked = |lab: &Lab| !blockers(lab, examination, all).is_empty();
    let labs = labs::ALL.iter().filter(|lab| blocked(lab));
    labs.map(|lab| lab.name).collect()
}
