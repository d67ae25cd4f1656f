//! The same for a program: one line of JSON, with keys that stay.
//!
//! ```text
//! {"version": 1, "kernel": "6.12.0", "container": null or the file that gives it away,
//!  "all_labs_run": whether they do for the caller, who is the first of
//!  "callers": [{"uid": 0,
//!    "attempts": [{"key": "uts", "title": "…", "works": false,
//!      "refusal": {"step": "clone", "object": "CLONE_NEWUTS", "errno": "EPERM"},
//!      "cause": "seccomp", "reason": "…", "fix": "…"}],
//!    "labs": [{"name": "uts_ns", "command": "uts_ns bizarro", "needs": ["uts"],
//!      "runs": false, "blocked_by": ["uts"]}]}]}
//! ```
//!
//! An attempt that works has no refusal, cause, reason and fix.

use common::json::{array, null_or, object, string};
use common::{Result, say};
use nix::sys::utsname::uname;

use crate::evidence::Evidence;
use crate::examination::{Examination, Finding, blocked_labs, blockers};
use crate::labs;

pub(crate) fn print(all: &[Examination], evidence: &Evidence) -> Result<()> {
    let release = uname().map(|uts| uts.release().to_string_lossy().into_owned());
    let all_run = all
        .first()
        .is_some_and(|you| blocked_labs(you, all).is_empty());
    let report = object([
        ("version", "1".to_owned()),
        ("kernel", string(&release.unwrap_or_default())),
        ("container", null_or(evidence.container.map(string))),
        ("all_labs_run", all_run.to_string()),
        ("callers", array(all.iter().map(|one| caller(one, all)))),
    ]);
    say!("{report}")
}

fn caller(one: &Examination, all: &[Examination]) -> String {
    let labs = labs::ALL.iter().map(|lab| {
        let keys = |findings: Vec<&Finding>| {
            array(findings.iter().map(|finding| string(finding.attempt.key)))
        };
        let blockers = blockers(lab, one, all);
        object([
            ("name", string(lab.name)),
            ("command", string(lab.command(one.caller))),
            (
                "needs",
                array(lab.needs.iter().map(|need| string(need.key))),
            ),
            ("runs", blockers.is_empty().to_string()),
            ("blocked_by", keys(blockers)),
        ])
    });
    object([
        ("uid", one.caller.uid.to_string()),
        ("attempts", array(one.findings.iter().map(attempt))),
        ("labs", array(labs)),
    ])
}

fn attempt(finding: &Finding) -> String {
    let mut members = vec![
        ("key", string(finding.attempt.key)),
        ("title", string(finding.attempt.title)),
        ("works", finding.refused.is_none().to_string()),
    ];
    if let Some((refusal, cause)) = &finding.refused {
        let refusal = object([
            ("step", string(&refusal.step)),
            ("object", string(&refusal.object)),
            ("errno", string(&format!("{:?}", refusal.errno))),
        ]);
        members.extend([
            ("refusal", refusal),
            ("cause", string(cause.key())),
            ("reason", string(&cause.reason())),
            ("fix", string(&cause.fix())),
        ]);
    }
    object(members)
}
