//! The claims of the chapter on user namespaces.

mod by_hand;

use std::fs;

use crate::support::{
    Lab, Who, assert_error, assert_says, assert_transcript, assert_transcripts, everyone, host,
    installed, is_root, lab, require, stderr, stdout,
};

fn user_ns(args: &[&str], who: Who) -> Lab {
    lab("user_ns").args(args).by(who)
}

fn printed(args: &[&str], who: Who) -> String {
    user_ns(args, who).printed()
}

/// The rest of the one line that begins so.
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    let mut found = text.lines().filter_map(|line| line.strip_prefix(start));
    let rest = found.next().unwrap_or_default();
    assert_ne!(rest, "", "{start}: {text}");
    assert_eq!(found.next(), None, "{start}: {text}");
    rest.trim_start()
}

#[test]
fn the_ids_differ_inside_and_outside() {
    assert_transcripts!("default", lab("user_ns"));
    let text = printed(&[], Who::User);
    let outside = line(&text, "parent:").split(", cap").next().unwrap();
    let seen = line(&text, "child, seen by the parent:");
    assert!(seen.starts_with(outside), "{text}");
    assert!(!outside.contains("uid = 0,"), "{text}");
    assert!(line(&text, "child, mapped to root:").starts_with("uid = 0, gid = 0,"));
}

#[test]
fn an_id_that_no_map_knows_reads_as_the_overflow_id() {
    let overflow = |name| fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap();
    let (uid, gid) = (overflow("overflowuid"), overflow("overflowgid"));
    let expected = format!("uid = {}, gid = {},", uid.trim(), gid.trim());
    let text = printed(&[], Who::User);
    assert!(line(&text, "child, nothing mapped yet:").starts_with(&expected));
}

#[test]
fn the_child_has_every_capability_before_any_map_is_written() {
    for &who in everyone() {
        let text = printed(&[], who);
        assert!(line(&text, "parent:").ends_with("capabilities: none"));
        assert!(line(&text, "child, nothing mapped yet:").ends_with("capabilities: all"));
        assert!(line(&text, "child, mapped to root:").ends_with("capabilities: all"));
    }
}

#[test]
fn who_may_write_what_is_what_the_manual_says() {
    assert_transcripts!("refused", lab("user_ns").args(["--refused"]));
    let text = printed(&["--refused"], Who::User);
    let rows = text.lines().skip(3).take(10);
    let answers = rows.map(|row| row[11..].split([':', ' ']).next().unwrap());
    let expected = "EPERM EPERM EPERM EINVAL EINVAL done done done EPERM EPERM";
    assert_eq!(answers.collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn a_map_is_written_from_inside_or_from_the_parent_only() {
    let text = printed(&["--refused"], Who::User);
    assert!(line(&text, "a process in a sibling").starts_with("EPERM"));
    assert!(line(&text, "a process two levels up").starts_with("EPERM"));
    assert_eq!(line(&text, "a process in the parent  "), "done");
    assert_eq!(line(&text, "the same, by one in its parent"), "done");
}

#[test]
fn one_file_has_another_owner_for_each_viewer() {
    assert_transcripts!("file", lab("user_ns").args(["--file"]));
    let text = printed(&["--file"], Who::User);
    let outside = line(&text, "outside ").split_whitespace().last().unwrap();
    assert_eq!(line(&text, "the same file, outside:"), outside);
    assert_eq!(line(&text, "a file that root inside makes:"), "0:0");
}

#[test]
fn root_inside_is_no_root_over_files_of_ids_that_are_not_mapped() {
    let text = printed(&["--file"], Who::User);
    assert!(line(&text, "access(\"/\", W_OK) by root inside:").starts_with("EACCES"));
    assert!(line(&text, "fchown(the file, 1) by root inside:").starts_with("EINVAL"));
}

#[test]
fn every_capability_means_nothing_in_the_hosts_namespaces() {
    assert_transcripts!("powerless", lab("user_ns").args(["--powerless"]));
    let text = printed(&["--powerless"], Who::User);
    assert!(line(&text, "child:").ends_with("capabilities: all"));
    for attempt in ["sethostname", "mount", "socket"] {
        let row = line(&text, attempt);
        assert!(row.contains("EPERM") && row.ends_with("done"), "{row}");
    }
    assert!(line(&text, "mknod()").ends_with("EPERM: Operation not permitted"));
}

#[test]
fn a_user_namespace_is_joined_from_above_only() {
    assert_transcripts!("join", lab("user_ns").args(["--join"]));
    let text = printed(&["--join"], Who::User);
    for down in ["outside  A ", "outside  C ", "A        C "] {
        assert!(line(&text, down).ends_with("capabilities: all"), "{text}");
    }
    for refused in ["A        B ", "A        outside ", "C        A "] {
        assert!(line(&text, refused).starts_with("EPERM"), "{text}");
    }
    assert!(line(&text, "A        A ").starts_with("EINVAL"), "{text}");
}

#[test]
fn a_nested_process_has_a_user_id_at_each_level() {
    assert_transcripts!("nested", lab("user_ns").args(["--nested", "4"]));
}

#[test]
fn the_kernel_limits_nesting_and_the_lab_shows_where() {
    for &who in everyone() {
        let run = user_ns(&["--nested", "40"], who).run().code(1);
        let rows = stdout(&run).lines().count() - 3;
        let error = stderr(&run);
        let failed = format!("unshare CLONE_NEWUSER for namespace {}: ", rows + 1);
        let (_, errno) = error.split_once(&failed).unwrap();
        // EUSERS before Linux 4.9.
        assert!(["ENOSPC", "EUSERS"].contains(&&errno[..6]), "{error}");
        assert_says(errno, &["\nhint: "]);
        assert!((1..=33).contains(&rows), "{rows} levels");
    }
}

#[test]
fn root_maps_a_range_and_leaves_setgroups_allowed() {
    require!(is_root(), "maps IDs that are not its own");
    assert_transcript!("range", user_ns(&["--range"], Who::Root).transcript());
}

#[test]
fn a_user_who_maps_a_range_is_told_who_may() {
    let error = user_ns(&["--range"], Who::User).refused();
    assert_error(
        &error,
        "user_ns: */uid_map: EPERM: ",
        "a range of IDs is mapped by root",
    );
}

#[test]
fn root_goes_on_as_the_user_who_called_sudo() {
    require!(is_root(), "changes its IDs");
    let said = |variables: &str| {
        let script = format!("exec env {variables} \"$@\"");
        let run = lab("user_ns").shell(&script).run().success();
        (stdout(&run), stderr(&run))
    };
    let (text, notice) = said("SUDO_UID=4321 SUDO_GID=8765");
    let parent = line(&text, "parent:");
    assert!(parent.contains("uid = 4321, gid = 8765, capabilities: none"));
    assert!(notice.ends_with("going on as uid 4321\n"));
    for nobody in [
        "-u SUDO_UID -u SUDO_GID",
        "SUDO_UID=0 SUDO_GID=0",
        "SUDO_UID=x SUDO_GID=",
        "SUDO_UID=4294967295 SUDO_GID=4294967295",
        "SUDO_UID=-1 SUDO_GID=99999999999",
    ] {
        let (text, _) = said(nobody);
        assert!(line(&text, "parent:").contains("uid = 1000, gid = 1000,"));
    }
}

#[test]
fn a_root_that_is_alone_in_its_user_namespace_stays_root() {
    for &who in everyone() {
        let lab = user_ns(&[], who).shell("exec unshare --user --map-root-user \"$@\"");
        let text = stdout(&lab.run().success().stderr(""));
        assert!(line(&text, "parent:").starts_with("uid = 0, gid = 0,"));
        assert!(line(&text, "child, mapped to root:").ends_with("all"));
    }
}

#[test]
fn the_narration_goes_to_stderr_and_leaves_the_transcript_alone() {
    assert_transcript!("explain", user_ns(&["--explain"], Who::User).terminal());
    assert_eq!(printed(&["--explain"], Who::User).lines().count(), 7);
}

#[test]
fn the_commands_of_hold_work_in_another_terminal() {
    require!(is_root(), "looks at a process from outside");
    let script =
        "$user user_ns --hold 30 2>/tmp/said >/tmp/out & wait_for grep -q nsenter /tmp/said
         grep '^  ' /tmp/said | sed 's/#.*//' >/tmp/commands
         $user sh /tmp/commands; kill $!; wait";
    let text = stdout(&host::on_own_host(script).success());
    let words: Vec<_> = text.split_whitespace().take(5).collect();
    assert_eq!(words, ["0", "1234", "1", "Uid:", "1234"], "{text}");
    assert_says(&text, &["uid=0(root)"]);
}

#[test]
fn leaves_the_host_untouched() {
    let forms = ["", "--refused", "--file", "--powerless", "--join"];
    let each = forms.map(|form| format!("user_ns {form}; $user user_ns {form}"));
    // Files of the machine decide whether newuidmap(1) gives uid 1234 a range.
    let others = "fails user_ns --nested=40; fails $user user_ns --nested=40
                  user_ns --range; $user user_ns --range || :";
    host::leaves_the_host_untouched(&format!("{}\n{others}", each.join("; ")));
}

/// The process may change its identity between two readings.
#[test]
fn an_identity_is_one_reading_of_status() {
    require!(installed("strace"), "lists system calls with strace");
    let lab = lab("user_ns").by(Who::User);
    let lab = lab.shell("strace -f -qq -e trace=/^open \"$@\" 2>&1 | grep -c '/status\"'");
    // The parent, the child before and after the maps, and the parent's look at it.
    lab.command().assert().stdout("4\n");
}
