//! Every lab in every hostile environment: it works, or it says in two lines why not.

use std::collections::BTreeMap;

use crate::support::hostile::{self, ENVIRONMENTS, Environment};
use crate::support::labs::{is_first, lines};
use crate::support::run::{Ended, in_parallel};
use crate::support::{Who, alone, everyone, is_root, require, session, skip, whole};

/// `just test` tries one job of so many, other labs in each environment; `just storm` all.
const SAMPLE: usize = 27;

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
            if needs_root && !is_root() {
                continue;
            }
            if !hostile::can_be_made(environment, who) {
                let Environment { name, needs, .. } = environment;
                let why = format!("{name}, by {who:?}, needs `{needs}`");
                skip(&why);
                continue;
            }
            jobs.extend(lines().into_iter().map(|line| Job {
                environment,
                line,
                who,
            }));
        }
    }
    jobs
}

/// What a lab is handed over breaks where the lab uses it: each lab tries that.
fn is_for_each_lab(job: &Job) -> bool {
    let handed_over = [
        "closed", "std", "reader", "FSIZE", "SIG", "signals", "argument",
    ];
    let mut words = handed_over.iter();
    let turn = job.environment.name.len() + job.line.len();
    words.any(|word| job.environment.name.contains(word))
        && is_first(job.line)
        && job.who == everyone()[turn % everyone().len()]
}

fn end(job: &Job) -> Ended {
    hostile::run(job.environment, job.line, job.who)
}

/// Runs the jobs; returns a line of a table for each, and which of them are failures.
fn try_all(jobs: &[Job]) -> (Vec<String>, Vec<String>) {
    let of = |who: Who| {
        move |line: &'static str| Job {
            environment: &ENVIRONMENTS[0],
            line,
            who,
        }
    };
    let usual: Vec<Job> = everyone()
        .iter()
        .flat_map(|who| lines().into_iter().map(of(*who)))
        .collect();
    let usual: BTreeMap<_, _> = usual
        .iter()
        .zip(in_parallel(&usual, 2, end))
        .map(|(job, ended)| {
            assert_eq!(ended.status, 0, "{}: {ended:?}", job.line);
            let text = String::from_utf8(ended.stdout).unwrap();
            ((job.line, job.who == Who::Root), text)
        })
        .collect();
    let (mut table, mut failures) = (Vec::new(), Vec::new());
    for (job, ended) in jobs.iter().zip(in_parallel(jobs, 2, end)) {
        let usual = &usual[&(job.line, job.who == Who::Root)];
        let verdict = hostile::verdict(job.environment.must, job.line, &ended, usual);
        let row = |words| {
            format!(
                "{}\t{}\t{:?}\t{words}",
                job.environment.name, job.line, job.who
            )
        };
        match verdict {
            Ok(how) => table.push(row(how)),
            Err(why) => {
                let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
                let stdout = String::from_utf8_lossy(&ended.stdout).into_owned();
                let row = row(format!("{why}: status {}\n{stdout}{stderr}", ended.status));
                table.push(row.clone());
                failures.push(row);
            }
        }
    }
    (table, failures)
}

#[test]
fn every_lab_works_or_says_why_not() {
    let _turn = alone();
    // A block of jobs holds each line once; every block begins at another one.
    let sampled = |at: usize| (at + at / lines().len()) % SAMPLE == 0;
    let mut at = 0..;
    let mut jobs = jobs();
    jobs.retain(|job| at.next().is_some_and(sampled) || whole() || is_for_each_lab(job));
    let (table, failures) = try_all(&jobs);
    println!("{}", table.join("\n"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What is typed there is for the shell, and must not stop the lab (SIGTTIN).
#[test]
fn a_hold_in_the_background_leaves_the_terminal_alone() {
    require!(is_root(), "makes a host of its own");
    let session = "user
uts_ns bizarro --hold >/dev/null 2>&1 &
echo one
sleep 0.3; echo two
jobs
fg
? hold.*\\r\\n
^M
echo $?";
    let seen = session::transcript(session);
    assert!(
        seen.contains("Running") && !seen.contains("Stopped"),
        "{seen}"
    );
    assert!(seen.ends_with("echo $?\n0\n"), "{seen}");
}
