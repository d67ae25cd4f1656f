//! The claims of the chapter on building a container.

mod attacks;
mod escapes;
mod guards;
mod inputs;
mod terminal;
mod transcripts;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::support::{
    Lab, Who, assert_says, assert_transcript, everyone, host, installed, is_root, lab, require,
    stderr, storm,
};
use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGKILL, SIGTERM};

/// The lab with limits that are quickly reached, in quiet: where no cgroup is to be had,
/// that is said, and not what these tests are about.
fn container<const N: usize>(args: [&str; N]) -> Lab {
    let limits = ["--memory", "64M", "--pids", "64", "--tmp-size", "4M"];
    lab("container").args(limits).args(args)
}

/// Without the line on machines that hand out no cgroup.
fn quiet(said: &str) -> String {
    said.lines()
        .filter(|line| !line.contains("no cgroup here"))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn the_steps_are_listed_with_what_they_stop() {
    assert_transcript!("steps", lab("container").args(["--steps"]).transcript());
}

#[test]
fn the_program_has_a_name_pid_1_and_a_root_of_its_own() {
    let script = "uname -n; echo $$; id -u; ls /; ls /dev; ps -e -o pid,args";
    for &who in everyone() {
        let lab = lab("container").args(["sh", "-c", script]).by(who);
        assert_transcript!("default", lab.transcript());
    }
}

#[test]
fn a_shell_is_the_program_where_none_is_named() {
    let with_shell = |shell| format!("export SHELL={shell}; echo 'echo $0' | \"$@\"");
    for (shell, name) in [
        ("/bin/bash", "bash"),
        ("/no/such", "/bin/sh"),
        ("", "/bin/sh"),
    ] {
        let run = container([]).shell(&with_shell(shell));
        assert_eq!(run.printed(), format!("{name}\n"), "{shell}");
    }
}

#[test]
fn the_root_is_read_only_and_tmp_is_not() {
    for &who in everyone() {
        let script =
            "for d in / /usr /etc /dev /sys /proc/sys; do touch $d/x 2>/dev/null && echo $d; done
                      touch /tmp/x /dev/shm/x && echo tmp; umask";
        let run = container(["sh", "-c", script]).by(who);
        assert_eq!(run.printed(), "tmp\n0022\n", "{who:?}");
    }
}

#[test]
fn what_is_written_to_a_layer_ends_with_the_container() {
    for &who in everyone() {
        let script = "echo new >/usr/new && echo new >/new && cat /usr/new /new";
        let run = container(["--writable", "sh", "-c", script]).by(who);
        assert_eq!(run.printed(), "new\nnew\n", "{who:?}");
        assert!(!Path::new("/usr/new").exists() && !Path::new("/new").exists());
    }
}

/// A root file system with nothing but busybox, as an image holds it.
fn busybox() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    for name in ["bin", "dev", "etc", "proc", "sys", "tmp"] {
        let folder = root.path().join(name);
        fs::create_dir(&folder).expect("a folder");
        // Whoever runs the container may write.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("its mode");
    }
    fs::copy("/bin/busybox", root.path().join("bin/busybox")).expect("busybox");
    for name in ["sh", "id", "ls", "mount", "ps", "touch", "cat", "grep"] {
        symlink("busybox", root.path().join("bin").join(name)).expect("a link");
    }
    root
}

#[test]
fn a_root_file_system_of_an_image_is_enough() {
    require!(installed("busybox"), "takes busybox for an image");
    for &who in everyone() {
        let root = busybox();
        let directory = root.path().to_str().expect("a path");
        if is_root() && who == Who::User {
            // A layer copies a file for its owner, who must be somebody inside.
            let mut chown = std::process::Command::new("chown");
            let own = chown.args(["-R", "1234:1234", directory]).status();
            assert!(own.expect("chown").success());
        }
        let script = "echo $$; id; ls /; mount | grep -c '/proc/sys type'; ps >/tmp/ps; grep -c . /tmp/ps; touch /x";
        let run = container(["--rootfs", directory, "sh", "-c", script])
            .by(who)
            .run()
            .code(1);
        run.stdout("1\nuid=0 gid=0\nbin\ndev\netc\nproc\nsys\ntmp\n1\n3\n");
        let script = "echo new >/etc/new; cat /etc/new";
        let run = container(["--rootfs", directory, "--writable", "sh", "-c", script]).by(who);
        assert_eq!(run.printed(), "new\n");
        assert!(!root.path().join("etc/new").exists());
    }
}

#[test]
fn a_volume_is_written_for_its_owner_outside() {
    require!(is_root(), "gives a directory to another user");
    let script = "mkdir /tmp/roots /tmp/users; chown 1234:1234 /tmp/users; chmod 755 /tmp
        container --bind /tmp/roots:/data touch /data/file
        test $(stat -c %u /tmp/roots/file) = 0
        $user container --bind /tmp/users:/a/new/place touch /a/new/place/file
        test $(stat -c %u /tmp/users/file) = 1234
        fails container --bind /tmp/roots:/data:ro touch /data/other
        container --bind /etc/hostname:/etc/other cat /etc/other
        cp /bin/true /tmp/roots/suid; chmod 4755 /tmp/roots/suid
        container --bind /tmp/roots:/data sh -c 'grep \" /data \" /proc/mounts | grep nosuid,nodev'
        rm -r /tmp/roots /tmp/users";
    host::leaves_the_host_untouched(script);
}

#[test]
fn the_environment_is_new_but_for_what_is_asked_for() {
    let script = "export SECRET=1 TERM=dumb ASKED=yes; unset LANG LC_ALL TZ; \"$@\"";
    let options = [
        "--env",
        "ASKED",
        "--env",
        "NEW=a b",
        "--env",
        "HOME=/new",
        "env",
    ];
    let run = container(options).shell(script);
    let expected = "ASKED=yes\nHOME=/new\nNEW=a b\n\
                    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
                    TERM=dumb\ncontainer=namespace-labs\n";
    assert_eq!(run.printed(), expected);
}

#[test]
fn the_network_is_a_new_one_or_the_hosts() {
    require!(is_root(), "makes a host with links");
    let script =
        "test \"$(container ip -br link | wc -l)\" = 1; container ip link show up | grep LOOPBACK
        container --net host ip link show eth0
        $user container --net host ip link show eth0";
    host::leaves_the_host_untouched(script);
}

#[test]
fn statuses_are_passed_on_and_signals_too() {
    for &who in everyone() {
        for init in [&["sh"][..], &["--init", "sh"]] {
            let run = |script| {
                container([])
                    .args(init)
                    .args(["-c", script])
                    .by(who)
                    .ended()
                    .0
            };
            assert_eq!(run("exit 42"), 42);
            assert_eq!(run("sleep 9 & kill -9 $!; wait $!"), 137);
        }
        let none: [&str; 0] = [];
        for (program, status) in [("/no/such", 127), ("no-such", 127), ("/etc/passwd", 126)] {
            let run = container([program]).args(none).by(who).run().code(status);
            assert_says(&stderr(&run), &["\nhint: "]);
        }
    }
    for (options, signal) in [
        ("", SIGTERM),
        ("", SIGINT),
        ("--init", SIGTERM),
        ("--init", SIGHUP),
    ] {
        let program = "trap 'exit 42' TERM INT HUP; echo ready; while :; do sleep 0.02; done";
        let lab = container([])
            .args(options.split_whitespace())
            .args(["sh", "-c", program]);
        let status = storm::end_when_ready(&lab, signal as i32, |_| {});
        assert_eq!(status, Some(42), "{options} {signal}");
    }
    let lab = container(["sh", "-c", "echo ready; exec sleep 60"]);
    assert_eq!(
        storm::end_when_ready(&lab, SIGTERM as i32, |_| {}),
        Some(143)
    );
}

#[test]
fn an_init_reaps_orphans() {
    let script = "(sleep 0.01 &); sleep 0.1; ps -e -o pid,stat | grep -c Z";
    for &who in everyone() {
        let without = container(["sh", "-c", &format!("exec sh -c '{script}; true'")]).by(who);
        let with = container(["--init", "sh", "-c", &format!("{script}; true")]).by(who);
        assert_eq!(
            (without.printed().as_str(), with.printed().as_str()),
            ("0\n", "0\n")
        );
        // A program that does not wait keeps the zombie, and the init behind it does not.
        let program = "import os, time\nif os.fork() == 0:\n os.fork() or time.sleep(0.05)\n os._exit(0)\n\
                       os.wait(); time.sleep(0.2)\n\
                       print(sum(') Z ' in open(f'/proc/{p}/stat').read() for p in os.listdir('/proc') if p.isdigit()))";
        if installed("python3") {
            assert_eq!(
                container(["python3", "-c", program]).by(who).printed(),
                "1\n"
            );
            assert_eq!(
                container(["--init", "python3", "-c", program])
                    .by(who)
                    .printed(),
                "0\n"
            );
        }
    }
}

#[test]
fn ended_at_any_moment_it_leaves_nothing() {
    let before = storm::state_of_the_machine();
    for &who in everyone() {
        let lab = container(["--writable", "--init", "sleep", "9"]).by(who);
        for signal in [SIGKILL, SIGTERM, SIGKILL, SIGINT] {
            storm::end_at_random(&lab, signal, std::time::Duration::from_millis(40));
        }
    }
    assert_eq!(storm::left_on_the_machine(&before), Default::default());
}

#[test]
fn leaves_the_host_untouched() {
    let script = "container true; container --init true; container --writable true; $user container true
        container --stage 0 true; container --stage 4 true; $user container --stage 2 true
        container --without mounts true; container --without names true; container --without user true
        container --attack travel; fails container --stage 1 --attack travel; fails container nosuch
        mount --make-rshared /; container --attack chroot; mount --make-rprivate /";
    host::leaves_the_host_untouched(script);
}

#[test]
fn the_narration_names_each_step() {
    let said = stderr(&container(["--explain", "true"]).run().success());
    let calls = [
        "open_tree(/usr)",
        "clone3(",
        "sethostname(",
        "mount(proc)",
        "pivot_root(",
        "RTM_NEWLINK",
        "CLONE_NEWCGROUP",
        "close_range(",
        "PR_CAPBSET_DROP",
        "seccomp(",
    ];
    assert_says(&said, &calls);
    if is_root() {
        assert_says(&said, &["uid_map: inside, outside", "MOUNT_ATTR_IDMAP"]);
    }
}
