//! Ways out that no single step is about.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use crate::container::{container, quiet};
use crate::support::{Who, assert_error, everyone, installed, require, storm};
use nix::sys::signal::Signal::SIGKILL;

/// PID 1 of `--init` is a copy of the lab, and executes nothing.
#[test]
fn an_init_shows_nothing_of_its_caller() {
    for &who in everyone() {
        let script =
            "for f in environ fd/9 mem exe root; do cat /proc/1/$f 2>&1 | grep -c hunter; done
                      ls /proc/1/fd 2>/dev/null | wc -l";
        let lab = container(["--init", "sh", "-c", script]).by(who);
        let lab = lab.shell("export SECRET=hunter2; exec \"$@\" 9</etc");
        assert_eq!(lab.printed(), "0\n0\n0\n0\n0\n0\n");
    }
}

/// The kernel's signal at the parent's end can be waived; the guardian's cannot.
#[test]
fn a_program_that_waives_the_parents_signal_ends_with_it() {
    require!(installed("python3"), "calls prctl() from Python");
    let before = storm::state_of_the_machine();
    for &who in everyone() {
        // Another user: only root's container has one.
        let other = if who == Who::Root {
            "os.setuid(1)"
        } else {
            "pass"
        };
        for waive in ["ctypes.CDLL(None).prctl(1, 0)", other] {
            let program = format!(
                "import ctypes, os, time; {waive}; print('ready', flush=True); time.sleep(60)"
            );
            let lab = container(["python3", "-c", &program]).by(who);
            storm::end_when_ready(&lab, SIGKILL as i32, |_| {});
        }
    }
    assert_eq!(storm::left_on_the_machine(&before), Default::default());
}

#[test]
fn a_start_that_fails_ends_on_a_terminal_as_well() {
    for &who in everyone() {
        let lab = container(["--rootfs", "/usr", "true"]).by(who);
        assert_eq!(lab.on_terminal().status(), Some(1));
    }
}

#[test]
fn a_directory_is_no_stdin() {
    for &who in everyone() {
        let run = container(["true"]).by(who).shell("exec \"$@\" </etc");
        let said = quiet(&run.refused());
        assert_error(&said, "container: fstat stdin: EISDIR", "a way out");
    }
}

#[test]
fn what_is_changed_in_dev_is_not_the_hosts() {
    let of = |path| fs::metadata(path).expect("a device").mtime();
    let modified = || (of("/dev/full"), of("/dev/null"));
    let before = modified();
    std::thread::sleep(Duration::from_millis(1100));
    for &who in everyone() {
        container(["touch", "/dev/full"]).by(who).run().code(1);
        container(["touch", "/proc/keys"]).by(who).run().code(1);
        let script = "echo gone >/dev/null && head -c1 /dev/zero | wc -c && mkfifo /tmp/pipe";
        assert_eq!(container(["sh", "-c", script]).by(who).printed(), "1\n");
    }
    assert_eq!(modified(), before);
}

/// No set-user-ID file comes to be, by whichever call.
#[test]
fn no_call_makes_a_set_user_id_file() {
    require!(installed("python3"), "makes system calls from Python");
    let program = "
import os, ctypes
def refused(call, *args):
    try: call(*args); print('made', call.__name__, args)
    except OSError as error: assert error.errno == 1, error
open('/tmp/f', 'w').close(); f = os.open('/tmp/f', os.O_RDWR)
refused(os.chmod, '/tmp/f', 0o4755); refused(os.chmod, '/tmp/f', 0o2755); refused(os.fchmod, f, 0o6755)
refused(os.open, '/tmp/g', os.O_CREAT | os.O_WRONLY, 0o4755)
refused(os.open, '/tmp', os.O_TMPFILE | os.O_WRONLY, 0o4755)
refused(os.mkdir, '/tmp/d', 0o2755); refused(os.mknod, '/tmp/n', 0o104755); refused(os.mknod, '/tmp/c', 0o20666, 0x103)
print(oct(os.stat('/tmp/f').st_mode))";
    for &who in everyone() {
        assert_eq!(
            container(["python3", "-c", program]).by(who).printed(),
            "0o100644\n"
        );
    }
}

/// A lease has everyone wait who opens the file; its owner may take one, and through an
/// id-mapped mount root inside owns what is the host's root's.
#[test]
fn no_lease_is_taken_on_a_file_of_the_hosts() {
    require!(installed("python3"), "makes system calls from Python");
    let program = "
import fcntl, os, ctypes
f = os.open('/usr/bin/env', os.O_RDONLY)
for command in (1024, 1040):
    try: fcntl.fcntl(f, command, fcntl.F_RDLCK); print('taken')
    except OSError as error: print(error.errno)
open('/tmp/a', 'w').close()
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(316, -100, b'/tmp/a', -100, b'/tmp/b', 4), ctypes.get_errno(), fcntl.fcntl(f, fcntl.F_GETFD) >= 0)";
    for &who in everyone() {
        let text = container(["python3", "-c", program]).by(who).printed();
        assert_eq!(text, "1\n1\n-1 1 True\n");
    }
}
