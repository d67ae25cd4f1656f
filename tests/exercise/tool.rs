//! The tool itself: what it lists, keeps, and refuses.

use crate::support::host::{on_own_host, refused, scene};
use crate::support::{assert_error, assert_transcript, installed, is_root, require};

#[test]
fn the_list_is_in_the_order_of_the_course_and_says_what_is_done() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "cd /tmp; mkdir -p book/exercises; touch justfile
         $user exercise hostname >/dev/null; $user exercise id_map >/dev/null; $user exercise",
    );
    assert_transcript!("list", format!("$ exercise\n{text}"));
}

#[test]
fn a_value_is_kept_until_a_reset_and_never_drawn_again() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "value() { exercise hostname | grep -o 'heron-.*'; }
         first=$(value); [ \"$(value)\" = \"$first\" ] || echo changed
         for i in $(seq 200); do exercise --reset hostname; value; done >/tmp/values
         (echo $first; cat /tmp/values) | sort | uniq -d",
    );
    assert_eq!(text, "");
}

#[test]
fn there_are_three_hints_and_a_solution_for_who_is_done_or_gives_up() {
    require!(is_root() && installed("jq"), "reads JSON");
    let text = scene(
        "exercise hostname >/dev/null; for i in 1 2 3 4; do exercise --hint hostname; done | grep -o '^Hint . of 3'
         exercise --solution hostname 2>/dev/null; echo $?
         exercise --solution hostname --give-up | grep -c 'hostname heron-'
         name=$(exercise hostname | grep -o 'heron-.*')
         unshare -u sh -c \"hostname $name; exec sleep 100\" & wait_for sleeps 1
         exercise --check hostname --json | jq -c '[.state, .hints, .points, .gave_up]'
         exercise --json | jq -c '.[0] | [.name, .state, .attempts]'; exercise --reset hostname
         exercise --json | jq -c '.[0] | [.state, .hints, .gave_up]'; wc -l </tmp/.local/state/namespace-labs/exercises.log",
    );
    let expected = "Hint 1 of 3\nHint 2 of 3\nHint 3 of 3\nHint 3 of 3\n1\n1\n\
                    [\"done\",3,0,true]\n[\"hostname\",\"done\",1]\n[\"open\",3,true]\n1\n";
    assert_eq!(text, expected);
}

#[test]
fn outside_a_clone_it_names_its_own_options() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "exercise hostname | tail -n 1; exercise --check hostname | tail -n 1; exercise | tail -n 1
         exercise kept >/dev/null; exercise --solution kept --give-up | grep -c '^exercise --check kept$'
         (exercise; exercise kept; exercise --solution kept; exercise --check kept) 2>&1 | fails grep just",
    );
    let expected = "Then: exercise --check hostname        Stuck: exercise --hint hostname\n  \
                    Stuck? exercise --hint hostname\n\
                    Begin one: exercise NAME\n1\n";
    assert_eq!(text, expected);
}

#[test]
fn a_program_is_named_where_all_are_checked() {
    require!(is_root() && installed("jq"), "reads JSON");
    let text = scene(
        "exercise hostname >/dev/null; exercise --reset hostname; exercise --check | grep -o 'Nothing is begun'
         exercise reap >/dev/null; exercise --check; echo $?; exercise --check --json | jq -c '[.[] | .name, .state]'",
    );
    let expected = "Nothing is begun\nreap: a program, built and run by exercise --check reap\n1\n[\"reap\",\"begun\"]\n";
    assert_eq!(text, expected);
}

#[test]
fn watch_stays_until_it_is_done() {
    require!(is_root(), "makes a host of its own");
    let text = scene(
        "name=$(exercise hostname | grep -o 'heron-.*'); exercise --check --watch hostname >/tmp/told & watch=$!
         wait_for grep -q 'not yet' /tmp/told
         unshare -u sh -c \"hostname $name; exec sleep 100\" & wait $watch; echo $?; grep -c '^hostname: done' /tmp/told",
    );
    assert_eq!(text, "0\n1\n");
}

#[test]
fn what_is_not_there_is_told() {
    require!(is_root(), "makes a host of its own");
    let error = refused("exercise nothing");
    assert_error(
        &error,
        "exercise: find exercise nothing: ENOENT: ",
        "`exercise` lists them all",
    );
    let error = refused("exercise --check hostname");
    assert_error(
        &error,
        "exercise: find hostname among those that are begun: ENOENT: ",
        "begin it first",
    );
    let error = refused("env -u HOME exercise hostname");
    assert_error(
        &error,
        "exercise: find a folder for what is done: ENOENT: ",
        "XDG_STATE_HOME",
    );
    let error = refused("exercise hostname >/dev/null; exercise --solution hostname");
    assert_error(
        &error,
        "exercise: show the solution of hostname: EPERM: ",
        "--give-up",
    );
    let usage = on_own_host("exercise --watch hostname").code(2);
    drop(usage);
}
