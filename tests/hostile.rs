//! Every lab in every hostile environment: it works, or it says in two lines why not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use support::hostile::{ENVIRONMENTS, Environment, Must};
use support::labs::LINES;
use support::run::{Ended, in_parallel};
use support::{Who, everyone, hostile, is_root};

#[derive(Debug)]
struct Job {
    environment: &'static Environment,
    line: &'static str,
    who: Who,
}

fn jobs() -> Vec<Job> {
    let mut jobs = Vec::new();
    for environment in ENVIRONMENTS {
        let needs_root = !environment.before.is_empty();
        for &who in everyone() {
            if environment.only.is_some_and(|only| only != who) || needs_root && !is_root() {
                continue;
            }
            jobs.extend(LINES.iter().map(|line| Job {
                environment,
                line,
                who,
            }));
        }
    }
    jobs
}

fn end(job: &Job) -> Ended {
    hostile::run(job.environment, job.line, job.who)
}

#[test]
fn a_lab_works_or_says_why_not() {
    let usual: Vec<Job> = jobs()
        .into_iter()
        .filter(|job| job.environment.name == "as usual")
        .collect();
    let usual: BTreeMap<_, _> = usual
        .iter()
        .zip(in_parallel(&usual, end))
        .map(|(job, ended)| {
            (
                (job.line, job.who == Who::Root),
                String::from_utf8(ended.stdout).unwrap(),
            )
        })
        .collect();
    let jobs = jobs();
    let ended = in_parallel(&jobs, end);
    let mut report = String::new();
    let mut failed = 0;
    for (job, ended) in jobs.iter().zip(&ended) {
        let usual = &usual[&(job.line, job.who == Who::Root)];
        let verdict = hostile::verdict(job.environment.must, job.line, ended, usual);
        failed += i32::from(verdict.is_err());
        writeln!(
            report,
            "{}\t{}\t{:?}\t{}",
            job.environment.name,
            job.line,
            job.who,
            match &verdict {
                Ok(how) => how.clone(),
                Err(why) => format!("FAILED {why}: {ended:?}"),
            }
        )
        .unwrap();
    }
    std::fs::write("/tmp/w/storms/target/hostile.txt", &report).unwrap();
    assert_eq!(failed, 0);
}
