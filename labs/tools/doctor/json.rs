//! The same for a program: one line of JSON, with keys that stay.
//! The book says what they hold (start.md, "The doctor").

use common::lab::json::{array, null_or, object, string};
use common::{Result, say};
use nix::sys::utsname::uname;

use crate::evidence;
use crate::examination::{Examination, Finding, all_labs_run, blockers, command};
use crate::labs::{Lab, judged};

pub(crate) fn print(all: &[Examination]) -> Result<()> {
    let release = uname().map(|uts| uts.release().to_string_lossy().into_owned());
    let report = object([
        ("version", "1".to_owned()),
        ("kernel", string(&release.unwrap_or_default())),
        ("container", null_or(evidence::container().map(string))),
        ("all_labs_run", all_labs_run(all).to_string()),
        ("callers", array(all.iter().map(|one| of_caller(one, all)))),
    ]);
    say!("{report}")
}

fn of_caller(one: &Examination, all: &[Examination]) -> String {
    object([
        ("uid", one.caller.uid.to_string()),
        ("attempts", array(one.findings.iter().map(of_attempt))),
        ("labs", array(judged().map(|lab| of_lab(lab, one, all)))),
    ])
}

fn of_attempt(finding: &Finding) -> String {
    let mut members = vec![
        ("key", string(finding.attempt.key)),
        ("title", string(finding.attempt.title)),
        ("works", finding.refused.is_none().to_string()),
    ];
    if let Some(diagnosis) = &finding.refused {
        let refusal = object([
            ("step", string(&diagnosis.refusal.step)),
            ("object", string(&diagnosis.refusal.object)),
            ("errno", string(&format!("{:?}", diagnosis.refusal.errno))),
        ]);
        members.extend([
            ("refusal", refusal),
            ("cause", string(diagnosis.cause)),
            ("reason", string(&diagnosis.reason)),
            ("fix", string(&diagnosis.fix)),
        ]);
    }
    object(members)
}

fn of_lab(lab: &Lab, one: &Examination, all: &[Examination]) -> String {
    let blockers = blockers(lab, one, all).into_iter();
    let blockers: Vec<_> = blockers
        .map(|finding| string(finding.attempt.key))
        .collect();
    object([
        ("name", string(lab.name)),
        ("command", string(command(lab, one.caller))),
        ("needs", array(lab.needs.iter().map(|need| string(need)))),
        ("runs", blockers.is_empty().to_string()),
        ("blocked_by", array(blockers)),
    ])
}
