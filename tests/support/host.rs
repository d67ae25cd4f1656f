//! A host made for one test, compared before and after.
//!
//! The machine that runs the tests is never quiet enough to be compared whole. So
//! root's tests make a small host of namespaces, where nothing else runs, with
//! links, a name, mounts and an empty /tmp of its own; the lab takes it for real.

use std::ffi::OsString;

use super::{directory, is_root, require, stderr, stdout, within_limit};

/// Everything that a lab could leave behind, as text. `/proc/[0-9]*` without the
/// shell that reads it and what it starts.
const STATE: &str = r#"
state() (
    set +e # What is not there is no failure.
    echo "names: $(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)"
    echo "mounts:"; cut -d' ' -f3- /proc/self/mountinfo
    echo "links:"; ip -o link; ip -o address; ip route show table all; ip -6 route show table all
    echo "netns files:"; ls /run/netns 2>/dev/null
    echo "namespaces:"; readlink /proc/[0-9]*/ns/* 2>/dev/null | sort -u
    echo "processes:"; for p in /proc/[0-9]*; do echo "$p $(cat $p/comm 2>/dev/null)"; done |
        grep -vE ' (sh|cat|ls|sort|readlink|cut|ip|grep|)$'
    echo "queues:"; ipcs -q | tail -n +4; ls /dev/mqueue
    echo "files:"; ls -A /tmp /run /dev/shm
)
# Links and namespaces of a process that has ended go when the kernel gets to it.
settled() {
    for i in $(seq 200); do
        state >/after; cmp -s /before /after && return 0; sleep 0.02
    done
    diff /before /after
}
"#;

/// Makes the host; `$1` is the folder of the labs, `$2` the script that uses it.
const MAKE: &str = r#"
set -e
mount -t tmpfs -o mode=755 none /mnt
mkdir /mnt/labs /mnt/scratch
mount --bind "$1" /mnt/labs
mount -t tmpfs -o mode=1777 none /tmp
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=1777 none /dev/shm
while umount /dev/mqueue 2>/dev/null; do :; done
mkdir -p /dev/mqueue && mount -t mqueue none /dev/mqueue || true
echo antero >/proc/sys/kernel/hostname
ip link set lo up
ip link add eth0 type veth peer name wire && ip link set eth0 up && ip address add 192.0.2.1/24 dev eth0
PATH=/mnt/labs:$PATH HOME=/tmp
wait_for() { for i in $(seq 500); do "$@" >/dev/null 2>&1 && return; sleep 0.01; done; echo "in vain: $*"; }
child_of() { wait_for pgrep -P "$1"; pgrep -P "$1"; }
fails() { ! "$@"; }
runs() { [ "$(cat /proc/$1/comm)" = "$2" ]; }
user='setpriv --reuid=1234 --regid=1234 --clear-groups --'
set +e
cd /
"#;

/// Runs a shell script on a host of its own, with the labs in its PATH, `$user`
/// to run a command as uid 1234, and `settled`, which prints what has changed
/// since `state >/before`.
pub(crate) fn on_own_host(script: &str) -> assert_cmd::assert::Assert {
    within_limit(&words(script)).assert()
}

/// What is said on stderr where the last command ends with status 1.
pub(crate) fn refused(script: &str) -> String {
    stderr(&on_own_host(script).code(1))
}

/// What a script prints on a host of its own, with a locale and a width that maps
/// are drawn for; `sleeps N` is whether N processes sleep there.
pub(crate) fn scene(script: &str) -> String {
    let script = format!(
        "export LC_ALL=C.UTF-8 COLUMNS=100
         sleeps() {{ [ \"$(pgrep -xc sleep)\" = \"$1\" ]; }}
         {script}"
    );
    stdout(&on_own_host(&script).success().stderr(""))
}

/// The words of the command that does so.
pub(crate) fn words(script: &str) -> Vec<OsString> {
    assert!(is_root(), "a host of namespaces is made by root");
    let state = STATE
        .replace("/before", "/mnt/scratch/before")
        .replace("/after", "/mnt/scratch/after");
    let script = script.replace("/before", "/mnt/scratch/before");
    let whole = format!("{MAKE}{state}\n{script}\n");
    let mut words: Vec<OsString> = MAKE_NAMESPACES.iter().map(Into::into).collect();
    words.extend([whole.into(), "sh".into(), directory().into()]);
    words
}

const MAKE_NAMESPACES: &[&str] = &[
    "unshare",
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "sh",
    "-c",
];

/// Runs a script on a host of its own and demands that each of its commands succeeds,
/// or fails behind `fails`, and that the host is as it was.
pub(crate) fn leaves_the_host_untouched(script: &str) {
    require!(is_root(), "makes a host of its own");
    let script = format!(
        "state >/before
         (set -ex\n{script}\n) >/dev/null 2>/mnt/scratch/said; status=$?
         [ $status = 0 ] || {{ echo \"status $status\"; cat /mnt/scratch/said; }}
         settled"
    );
    on_own_host(&script).success().stdout("");
}
