//! Two dialogues, as the book shows them: a wrong try, a hint, the right one.

use super::{Learner, programs};
use crate::support::{assert_transcript, installed, is_root, normalise, require};

/// What was typed and printed, with one value in place of the one that was drawn.
fn transcript(learner: Learner) -> String {
    let mut text = learner.typist.seen().to_owned();
    for (name, value) in &learner.values {
        let form = value.trim_end_matches(|c: char| c.is_ascii_digit());
        assert!(text.contains(value), "{name}");
        text = text.replace(value, &format!("{form}123"));
    }
    normalise::normalise(&text)
}

#[test]
fn a_task_by_hand() {
    require!(is_root(), "each learner has a host of their own");
    for (who, name) in [("user", "by_hand"), ("root", "by_hand_root")] {
        let mut learner = Learner::begins(who, "hostname");
        learner.types_line("unshare --user --map-root-user --uts sleep 1000 &");
        learner.types_line("! until grep -q sleep /proc/$!/comm; do sleep 0.05; done");
        learner.types_line("just check hostname");
        learner.types_line("just hint hostname");
        learner.types_line("kill $!; wait $! 2>/dev/null");
        let right =
            "unshare --user --map-root-user --uts sh -c 'hostname {name}; exec sleep 1000' &";
        learner.types_line(right);
        learner.types_line("! until grep -q sleep /proc/$!/comm; do sleep 0.05; done");
        learner.types_line("just check hostname");
        assert_transcript!(name, transcript(learner));
    }
}

#[test]
fn a_program() {
    require!(is_root(), "each learner has a host of their own");
    require!(installed("patch"), "makes the wrong program");
    programs::build();
    for (who, name) in [("user", "program"), ("root", "program_root")] {
        let mut learner = Learner::begins(who, "reap");
        let built = format!("/mnt/labs/{}/target/debug", programs::PLACE);
        learner.types_line(&format!(
            "! cp {built}/reap-reaped first; cp {built}/reap-solution second"
        ));
        learner.types_line("just check reap --program first");
        learner.types_line("just hint reap");
        learner.types_line("just check reap --program second");
        assert_transcript!(name, transcript(learner));
    }
}
