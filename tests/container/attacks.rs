//! Each attack gets through until the step comes that stops it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::container::container;
use crate::support::{
    Who, alone, assert_transcript, everyone, is_root, lab, require, stdout, whole,
};

/// The steps in order, each with the attacks that it is said to be the first to stop.
fn steps() -> Vec<(String, Vec<String>)> {
    let list = lab("container").args(["--steps"]).printed();
    let lines: Vec<_> = list.lines().collect();
    let step = |pair: &[&str]| {
        let name = pair[0].split_whitespace().nth(1).expect("a name");
        let (_, attacks) = pair[1].split_once("stops: ").expect("attacks");
        (
            name.to_owned(),
            attacks.split(", ").map(str::to_owned).collect(),
        )
    };
    lines.chunks(2).map(step).collect()
}

/// `X` for an attack that escaped, `.` for one that was held, `?` for one that cannot be tried.
fn verdicts(options: &[&str], attack: &str, who: Who) -> BTreeMap<String, char> {
    let run = container(["--attack", attack]).args(options).by(who).run();
    let text = stdout(&run);
    let found: BTreeMap<_, _> = text.lines().map(verdict).collect();
    let status = if found.values().any(|&it| it == 'X') {
        3
    } else {
        0
    };
    assert_eq!(
        run.get_output().status.code(),
        Some(status),
        "{options:?} {who:?}:\n{text}"
    );
    found
}

fn verdict(line: &str) -> (String, char) {
    let (name, rest) = line.split_once(' ').expect("a name");
    let verdict = match rest {
        _ if rest.ends_with("ESCAPED") => 'X',
        _ if rest.contains(" held     ") => '.',
        _ if rest.ends_with("cannot be tried here") => '?',
        _ => panic!("no verdict: {line}"),
    };
    (name.into(), verdict)
}

#[test]
fn with_every_step_no_attack_escapes() {
    for &who in everyone() {
        let found = verdicts(&[], "all", who);
        assert!(
            found.len() >= 24 && !found.values().any(|&it| it == 'X'),
            "{found:?}"
        );
    }
}

/// What a resource limit does not do for root, and what is not on every machine.
const NOT_EVERYWHERE: [&str; 3] = ["fork-bomb", "disk", "module"];

#[test]
fn each_attack_of_roots_escapes_until_its_step() {
    require!(is_root(), "root's container");
    for (number, (_, attacks)) in (1..).zip(steps()) {
        let (before, after) = ((number - 1).to_string(), number.to_string());
        for attack in attacks
            .iter()
            .filter(|it| !NOT_EVERYWHERE.contains(&it.as_str()))
        {
            let at = |stage: &str| verdicts(&["--stage", stage], attack, Who::Root)[attack];
            assert_eq!(
                (at(&before), at(&after)),
                ('X', '.'),
                "{attack} at step {number}"
            );
        }
    }
}

#[test]
fn an_incomplete_container_says_who_may_have_it() {
    let run = lab("container")
        .args(["--without", "user", "true"])
        .by(Who::User);
    let said = crate::support::stderr(&run.run().code(2));
    assert!(
        said.contains("no container without a user namespace\nhint: "),
        "{said}"
    );
}

/// A row an attack, a column a container; `-` for what the kernel refuses without any step.
fn matrix(columns: &[Vec<&str>], width: usize, who: Who) -> (String, Vec<usize>) {
    let _turn = alone();
    let already = verdicts(&["--stage", "0"], "all", who);
    let all: Vec<_> = columns
        .iter()
        .map(|options| verdicts(options, "all", who))
        .collect();
    let names = steps().into_iter().flat_map(|(_, attacks)| attacks);
    let mut table = String::new();
    for name in names {
        write!(table, "{name:<15}").expect("a line");
        for column in &all {
            let mark = if already[&name] == '.' && column[&name] == '.' {
                '-'
            } else {
                column[&name]
            };
            write!(table, "{mark:>width$}").expect("a line");
        }
        table.push('\n');
    }
    let count = |column: &BTreeMap<_, _>| column.values().filter(|&&it| it == 'X').count();
    (table, all.iter().map(count).collect())
}

#[test]
fn attack_by_stage() {
    require!(whole(), "the whole matrix is made by `just storm`");
    let stages: Vec<_> = (0..=12).map(|stage| stage.to_string()).collect();
    let columns: Vec<_> = stages.iter().map(|stage| vec!["--stage", stage]).collect();
    let heads: String = stages.iter().map(|stage| format!("{stage:>3}")).collect();
    for &who in everyone() {
        let (table, counts) = matrix(&columns, 3, who);
        assert!(
            counts.windows(2).all(|pair| pair[1] <= pair[0]),
            "{who:?}: {counts:?}\n{table}"
        );
        assert_eq!(counts[12], 0, "{table}");
        let sum: String = counts.iter().map(|count| format!("{count:>3}")).collect();
        let (name, prompt) = match who {
            Who::Root => ("stages_root", '#'),
            Who::User => ("stages_user", '$'),
        };
        assert_transcript!(
            name,
            format!(
                "{prompt} for N in $(seq 0 12); do container --attack all --stage $N; done\n{:15}{heads}\n{table}{:15}{sum}",
                "N", "escaped"
            )
        );
        if who == Who::Root {
            assert!(
                counts.windows(2).all(|pair| pair[1] < pair[0]),
                "{counts:?}"
            );
        }
    }
}

#[test]
fn attack_by_missing_step() {
    require!(whole(), "the whole matrix is made by `just storm`");
    let steps = steps();
    for &who in everyone() {
        let named = steps.iter().map(|(name, _)| name.as_str());
        let names: Vec<_> = named
            .filter(|&it| who == Who::Root || it != "user")
            .collect();
        let columns: Vec<_> = names.iter().map(|name| vec!["--without", name]).collect();
        let (table, counts) = matrix(&columns, 4, who);
        let heads: String = names
            .iter()
            .map(|name| format!("{:>4}", &name[..3]))
            .collect();
        let sum: String = counts.iter().map(|count| format!("{count:>4}")).collect();
        let (name, prompt) = match who {
            Who::Root => ("without_root", '#'),
            Who::User => ("without_user", '$'),
        };
        let list = names.join(" ");
        assert_transcript!(
            name,
            format!(
                "{prompt} for STEP in {list}; do container --attack all --without $STEP; done\n{:15}{heads}\n{table}{:15}{sum}",
                "STEP", "escaped"
            )
        );
    }
}
