//! The claims of the chapter on setns() about `nsenter`.

mod newer;

use crate::support::{
    assert_says, assert_transcript, host, installed, is_root, lab, require, stderr, stdout,
};

/// Processes to join: one with a namespace of each type, one with two of them, one of
/// an ordinary user's own user namespace, one that is only another user.
const TARGETS: &str = "
    cd /usr
    unshare -mCiTunpf --mount-proc env ODD=one sleep 300 & all=$(child_of $!)
    unshare -un sleep 300 & two=$!
    $user unshare -Urum sleep 300 & users=$!
    setpriv --reuid=1234 --regid=77 --clear-groups sleep 300 & plain=$!
    for pid in $all $two $users $plain; do wait_for runs $pid sleep; done
    touch /tmp/net /tmp/uts; cd /var/tmp
    mount --bind /proc/$two/ns/net /tmp/net; mount --bind /proc/$two/ns/uts /tmp/uts
";

fn with_targets(script: &str) -> String {
    stdout(&host::on_own_host(&format!("{TARGETS}{script}")))
}

/// Runs each line with nsenter of util-linux and with the lab, as root and as an ordinary user; says
/// which differ in output or status, and at last how many ended well as whom.
const COMPARE: &str = r#"
    PROBE='for n in cgroup ipc mnt net pid time user uts pid_for_children; do
             readlink /proc/self/ns/$n; done
           grep -E "^(Cap|Groups|Uid|Gid|Sig[BIC])" /proc/self/status; id; env | grep -v ^_= | sort
           readlink /proc/self/cwd /proc/self/root; ls -di / .; ls /proc/self/fd; umask
           grep NSpid /proc/self/status | wc -w'
    compare() {
        who=$1 as=; [ $who = root ] || as=$user; shift
        told=$(timeout -s KILL 20 $as /usr/bin/nsenter "$@" </dev/null 2>/tmp/told); status=$?
        said=$(timeout -s KILL 20 $as nsenter "$@" </dev/null 2>/tmp/said); ours=$?
        [ "$told $status" = "$said $ours" ] || echo "$who: $*: $status, $ours: $(cat /tmp/told /tmp/said)"
        [ $status = 0 ] && echo $who >>/tmp/well
    }
    each() { for who in root user; do compare $who "$@"; done; }
    probe() { compare "$@" sh -c "$PROBE"; }
"#;

fn differences(lines: &str) -> (Vec<String>, usize, usize) {
    let script = format!("{COMPARE}{lines}\ngrep -c root /tmp/well; grep -c user /tmp/well");
    let text = with_targets(&script);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let users = lines.pop().unwrap().parse().unwrap();
    let roots = lines.pop().unwrap().parse().unwrap();
    (lines, roots, users)
}

/// What root joins of a process, many lines; each of them starts dozens of processes.
const AS_ROOT: &str = r#"for line in -m -u -i -n -p -U -C -T -a -r -w "-r -w" "-m -r -w" "-m -u -n" "-a -F" \
                "-p -F" "-a -r -w" "-u -U" "-U --preserve-credentials" "-n -S 5 -G 7" "-S 5" \
                "-a --preserve-credentials" "-G 5" "-U -S 1234" "-n -n" "-a -n/tmp/net" \
                "-u --net=/tmp/net" "-r/mnt -w/usr" "-r/mnt" "-m -W /usr" \
                "-r -W usr" "-m -r -W usr" "-r/mnt -W ."; do
                    probe root -t $pid $line
            done"#;

fn assert_root_joins_as_with_nsenter(target: &str) {
    require!(is_root() && installed("nsenter"), "compares with nsenter");
    let (different, roots, _) = differences(&format!("pid={target}; {AS_ROOT}"));
    assert_eq!(different, Vec::<String>::new());
    // No comparison of failures only: most lines end well.
    assert!(roots > 25, "{roots} ended well");
}

#[test]
fn a_line_with_a_target_does_what_nsenter_does() {
    assert_root_joins_as_with_nsenter("$all");
}

#[test]
fn a_line_with_a_users_process_does_what_nsenter_does() {
    assert_root_joins_as_with_nsenter("$users");
}

#[test]
fn a_users_line_and_one_with_little_to_join_do_what_nsenter_does() {
    require!(is_root() && installed("nsenter"), "compares with nsenter");
    let (different, roots, users) = differences(
        r#"for pid in $two $plain; do
            for line in -a -U -p "-r -w" "-u -n"; do probe root -t $pid $line; done
            for line in -u -p -r; do probe user -t $pid $line; done
        done
        for line in -u -m "-m -u" "-m -r -w" "-m -w/usr" "-m -W /usr" -r "-u -F" "-u -n/tmp/net"; do
            probe user -t $users -U --preserve-credentials $line
            probe user -t $users $line
        done"#,
    );
    assert_eq!(different, Vec::<String>::new());
    assert!(roots > 4 && users >= 8, "{roots} and {users} ended well");
}

#[test]
fn options_are_read_and_failures_end_as_with_nsenter() {
    require!(is_root() && installed("nsenter"), "compares with nsenter");
    let (different, roots, users) = differences(
        r#"for line in "-n true" "-a true" "-r true" "-w true" -t "-t x -n true" "-t -5 -n true" \
                "-t 999999 -n true" "-t $two -n -S x true" --no-such "-t $two --net=/no true" \
                "-t $two -W" "-t $two -w -W / true" "-t $two -w/no true" "-t $two -r/no true" \
                "-t $two -n -- echo -n -- a" "-t $two -n no-such" "-t $two -n /etc/passwd" \
                "-t $two -n /" "-t $two -n echo --net -t 4" "--targ $two --ut hostname" \
                "--target=$two --net readlink /proc/self/ns/net" "-t$two -w pwd" "-w/usr pwd" \
                "-t $two -wr pwd" "-t $two -n/etc/passwd true" "-n/tmp/uts true" "-n/tmp/no true" \
                "--net=/tmp/net readlink /proc/self/ns/net" "-an -t $two true" "-Fn/tmp/net true" \
                "-Fu/tmp/uts -n/tmp/net hostname" "-S 1234 -G 1234 id" "-W /usr pwd" "-t $two -w"; do
            each $line
        done
        for how in "kill -TERM" "kill -KILL" "kill -INT" "kill -40"; do
            each -t $all -p sh -c "$how \$\$"
        done 2>/dev/null
        for code in 0 1 77 126 127 255; do each -t $all -p sh -c "exit $code"; done"#,
    );
    assert_eq!(different, Vec::<String>::new());
    assert!(roots >= 13 && users >= 3, "{roots} and {users} ended well");
}

#[test]
fn an_ordinary_user_joins_what_belongs_to_the_own_user_namespace() {
    require!(is_root(), "makes a host of its own");
    let script = "own() { $user nsenter -t $users \"$@\" 2>&1; }
        own --user --uts --preserve-credentials readlink /proc/self/ns/uts | cmp - /tmp/link
        # Where nsenter stops: the cgroup namespace, which is the user's already.
        own -a --preserve-credentials id -u
        own -U -u true; echo $?
        own -u true; echo $?";
    let text = with_targets(&format!(
        "readlink /proc/$users/ns/uts >/tmp/link\n{script}"
    ));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "0");
    assert_says(lines[1], &["setgroups"]);
    assert_says(lines[2], &["--preserve-credentials"]);
    assert_eq!(lines[3], "1");
    assert_says(lines[4], &["setns", "/ns/uts: EPERM"]);
}

#[test]
fn one_setns_joins_all_types_and_without_pidfds_one_after_another() {
    require!(is_root() && installed("strace"), "traces");
    let script =
        "trace() { strace -qq -e signal=none -o /tmp/trace -e trace=setns,pidfd_open \"$@\"; }
        trace nsenter -t $all -a readlink /proc/self/ns/net; grep -c setns /tmp/trace
        trace -e inject=pidfd_open:error=ENOSYS nsenter -t $all -a readlink /proc/self/ns/net
        grep -c setns /tmp/trace
        # Linux 5.3 to 5.7 make pidfds that setns() does not know.
        trace -e inject=setns:error=EINVAL:when=1 nsenter -t $all -a readlink /proc/self/ns/net
        grep -c setns /tmp/trace
        # The process ends after its files were opened.
        trace -e inject=setns:error=ESRCH:when=1 nsenter -t $all -a true 2>&1 | grep -o ESRCH
        grep -c setns /tmp/trace";
    let text = with_targets(&format!("echo $(readlink /proc/$all/ns/net)\n{script}"));
    let lines: Vec<_> = text.lines().collect();
    let there = lines[0];
    assert_eq!(
        lines,
        [there, there, "1", there, "7", there, "8", "ESRCH", "1"]
    );
}

#[test]
fn a_number_that_means_another_process_in_this_proc_is_no_pidfd() {
    require!(is_root(), "makes a host of its own");
    // Inside, the PIDs of ps and of $$ differ; a PID is what /proc says, as for nsenter.
    let script = "readlink /proc/$two/ns/uts
        /usr/bin/unshare --pid --fork nsenter -t $two -u readlink /proc/self/ns/uts";
    let text = with_targets(script);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], lines[1]);
}

#[test]
fn follow_env_and_keep_caps_are_the_targets() {
    require!(is_root(), "joins");
    let script = "nsenter -t $plain -S follow -G follow sh -c 'echo $(id -u) $(id -g) $(id -G)'
        nsenter -t $all --uts --env sh -c 'echo $ODD'
        ODD=two nsenter -t $all --uts sh -c 'echo $ODD'
        status='grep CapEff /proc/self/status'
        nsenter -t $users -U --preserve-credentials --keep-caps setpriv --reuid=0 true 2>&1
        $user nsenter -t $users -U --preserve-credentials $status | grep -c 'ffff'
        unshare -U sleep 60 & wait_for runs $! sleep
        nsenter -t $! -U --preserve-credentials $status | cut -f2
        nsenter -t $! -U --preserve-credentials --keep-caps $status | grep -c 'ffff'";
    assert_eq!(
        with_targets(script),
        "1234 77 77\none\ntwo\n1\n0000000000000000\n1\n"
    );
}

#[test]
fn the_parent_stops_ends_and_is_told_as_its_child() {
    require!(is_root(), "joins");
    let script = r#"
        state() { sed -n 's/^State:\t\(.\).*/\1/p' /proc/$1/status; }
        is() { [ "$(state $1)" = $2 ]; }
        nsenter -t $all -p sleep 60 & parent=$!; child=$(child_of $parent); wait_for runs $child sleep
        kill -STOP $child; wait_for is $parent T; state $parent
        kill -CONT $parent; wait_for is $child S; state $child
        kill -TERM $parent; wait $parent; echo $?
        [ -e /proc/$child ] && echo "left behind"
        nsenter -t $all -p sh -c 'trap "echo told; exit 3" TERM USR1; echo up; while :; do sleep 0.01; done' \
            >/tmp/up & parent=$!
        wait_for grep up /tmp/up
        kill -USR1 $parent; wait $parent; echo $?; tail -1 /tmp/up
        nsenter -t $all -p sleep 60 & parent=$!; child=$(child_of $parent); wait_for runs $child sleep
        kill -KILL $parent; wait $parent; gone() { [ ! -e /proc/$child ]; }; wait_for gone"#;
    assert_eq!(with_targets(script), "T\nS\n143\n3\ntold\n");
}

#[test]
fn no_file_makes_it_wait() {
    require!(is_root(), "calls setns");
    let script = "mkfifo /tmp/fifo
        timeout 5 ns_exec /tmp/fifo true 2>&1; echo $?
        for line in --net=/tmp/fifo --root=/tmp/fifo --wd=/tmp/fifo '--wdns /tmp/fifo'; do
            timeout 5 nsenter $line true 2>&1; echo $?
        done";
    let text = with_targets(script);
    assert_eq!(text.matches("\n1\n").count(), 5, "{text}");
    assert!(text.contains("nsenter: setns /tmp/fifo: EINVAL"), "{text}");
}

#[test]
fn without_a_program_it_is_the_shell() {
    require!(is_root(), "joins");
    // A login shell, as with nsenter: its name begins with `-`.
    let script = "unset SHELL; echo 'echo $0 $(hostname)' | nsenter --uts=/tmp/uts
        echo 'echo $0; shopt -q login_shell && echo login' | SHELL=/bin/bash nsenter -t $all -p
        SHELL=/no nsenter --uts=/tmp/uts 2>/dev/null; echo $?";
    assert_eq!(with_targets(script), "-sh antero\n-bash\nlogin\n127\n");
}

#[test]
fn a_line_that_makes_no_sense_is_a_usage_error() {
    for (line, why) in [
        ("--net true", "--target PID is required"),
        ("--all true", "--target PID is required"),
        ("--setuid follow true", "--target PID is required"),
        ("--target 1 true", "nothing to join"),
        ("--no-fork true", "nothing to join"),
        ("true", "nothing to join"),
        ("", "nothing to join"),
        ("--wd=/ --wdns / true", "cannot be used with"),
        ("--target 0 --net true", "a PID is a number above 0"),
        ("--setgid 4294967295 true", "an ID is a number"),
        (
            "--net=/proc/self/ns/net --p true",
            "--p' may be --pid or --preserve-credentials",
        ),
    ] {
        let run = lab("nsenter").args(line.split_whitespace()).run();
        let text = stderr(&run.code(1).stdout(""));
        assert!(text.contains(why), "{line}: {text}");
    }
}

#[test]
fn the_narration_tells_what_happens() {
    require!(is_root(), "joins");
    let args = "--explain --ipc=/proc/self/ns/ipc --net=/proc/self/ns/net --wd=/ pwd".split(' ');
    assert_transcript!("explain", lab("nsenter").args(args).terminal());
}

#[test]
fn leaves_the_host_untouched() {
    require!(is_root(), "makes a host of its own");
    let script = "unshare -mCiTunpf sleep 60 & outer=$!; child=$(child_of $outer)
        wait_for runs $child sleep
        nsenter -t $child -a -r -w -S 5 true; fails nsenter -t $child -a no-such
        fails nsenter -t $child -U true; kill -KILL $child; fails wait $outer";
    host::leaves_the_host_untouched(script);
}
