//! What the chapter shows: for each step, the attack that the stage before fell to.

use crate::support::{
    Who, assert_transcript, assert_transcripts, everyone, installed, is_root, lab, require,
};

/// What a reader types at a prompt, and reads; `#` stands where only root's container does so.
fn typed(prompt: char, who: Who, commands: &[&str]) -> String {
    let texts = commands.iter().map(|options| {
        let (_, text) = lab("container").args(options.split(' ')).by(who).ended();
        format!("{prompt} container {options}\n{text}")
    });
    texts.collect()
}

/// An attack at the stage before a step, and at that step.
fn before_and_after(prompt: char, who: Who, attack: &str, step: u8) -> String {
    let [before, after] =
        [step - 1, step].map(|stage| format!("--stage {stage} --attack {attack}"));
    let text = typed(prompt, who, &[&before, &after]);
    let verdicts: Vec<_> = text.lines().skip(1).step_by(2).collect();
    assert!(verdicts[0].ends_with("ESCAPED"), "{text}");
    assert!(verdicts[1].contains(" held "), "{text}");
    text
}

#[test]
fn each_step_stops_what_the_stage_before_fell_to() {
    for (name, attack, step) in [
        ("names", "signal", 1),
        ("mounts", "travel", 2),
        ("chroot", "file", 3),
        ("pivot", "chroot", 4),
        ("proc", "process", 5),
        ("net", "socket", 7),
        ("limits", "descriptors", 8),
        ("session", "directory", 10),
        ("session_environment", "environment", 10),
        ("capabilities", "remount", 11),
        ("seccomp", "user-namespace", 12),
        ("seccomp_volume", "volume", 12),
    ] {
        for &who in everyone() {
            assert_transcript!(name, before_and_after('$', who, attack, step));
        }
    }
}

#[test]
fn what_an_ordinary_user_never_could_is_stopped_for_root_too() {
    require!(
        is_root(),
        "an ordinary user's container is refused by the kernel at every stage"
    );
    for (name, attack, step) in [
        ("masks", "core-pattern", 6),
        ("user", "handle", 9),
        ("user_unmask", "unmask", 9),
        ("user_program", "program", 9),
    ] {
        assert_transcript!(name, before_and_after('#', Who::Root, attack, step));
    }
}

#[test]
fn a_fork_bomb_ends_at_the_limit_of_processes() {
    for &who in everyone() {
        let commands = ["--stage 7 --attack fork-bomb", "--attack fork-bomb"];
        assert_transcript!("fork_bomb", typed('$', who, &commands));
    }
}

/// Each holds by itself.
#[test]
fn the_programs_file_is_guarded_twice() {
    require!(
        is_root(),
        "an ordinary user cannot write to root's programs anyway"
    );
    let commands = ["--without user --attack program"];
    assert_transcript!("sealed", typed('#', Who::Root, &commands));
}

#[test]
fn a_step_too_few_is_often_made_up_for_by_others() {
    for &who in everyone() {
        let commands = [
            "--without pivot --attack chroot",
            "--without pivot --attack old-root",
            "--without net --attack socket",
        ];
        assert_transcript!("without", typed('$', who, &commands));
    }
}

#[test]
fn a_chroot_alone_leaves_the_hosts_processes_in_sight() {
    let script = "echo $$; cat /proc/1/comm /proc/2/comm";
    assert_transcripts!(
        "stage_3",
        lab("container").args(["--stage", "3", "sh", "-c", script])
    );
}

#[test]
fn what_is_written_to_the_layer_is_gone_in_the_next_container() {
    for &who in everyone() {
        let run = |args: &[&str]| lab("container").args(args).by(who).transcript();
        let text = run(&["--writable", "sh", "-c", "echo new >/new; cat /new"])
            + &run(&["sh", "-c", "ls /new 2>/dev/null || echo gone"]);
        assert!(text.ends_with("\ngone\n"), "{text}");
        assert_transcript!("writable", text);
    }
}

#[test]
fn there_is_one_link_and_it_is_up() {
    require!(installed("ip"), "lists links");
    assert_transcripts!("lo", lab("container").args(["ip", "-br", "link"]));
}

#[test]
fn the_cgroup_is_the_root_that_it_sees() {
    let script = "tail -n 1 /proc/self/cgroup; ulimit -n; ulimit -c";
    assert_transcripts!("view", lab("container").args(["sh", "-c", script]));
}

#[test]
fn to_an_ordinary_users_container_the_hosts_files_are_nobodys() {
    let lab = lab("container").args(["stat", "-c", "%U %n", "/usr", "/etc", "/tmp"]);
    assert_transcript!("owners", lab.by(Who::User).transcript());
}

#[test]
fn the_kernel_shows_the_capabilities_and_the_filter() {
    let script = r#"grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status"#;
    assert_transcripts!("status", lab("container").args(["sh", "-c", script]));
}
