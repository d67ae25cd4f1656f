//! Environments that labs do not expect: how each is made, and what must hold.

/// What must hold of every lab in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Must {
    /// Print the usual transcript and end with status 0.
    Work,
    /// The same but for numbers: the PIDs and IDs of such a place are others.
    WorkAlike,
    /// Either that, or refuse in two lines: step and errno, and a hint.
    WorkOrSay,
    /// Labs that write a transcript refuse with these words.
    Say(&'static str),
    /// Status 0 or 141, and nothing on stderr.
    BeQuiet,
    /// As `WorkOrSay`, or a usage error, whose text is longer.
    BeUsed,
}

/// One environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment {
    pub(crate) name: &'static str,
    /// Shell code of root in a mount namespace of its own, before the caller is
    /// who it is. What it sets `enter` to stands in front of the command.
    pub(crate) before: &'static str,
    /// What the caller's shell does around the lab, which is `"$@"`.
    pub(crate) around: &'static str,
    /// The same after it, root again.
    pub(crate) after: &'static str,
    /// What it takes, as a command that succeeds where the environment can be made.
    pub(crate) needs: &'static str,
    pub(crate) must: Must,
}

const PLAIN: Environment = Environment {
    name: "",
    before: "",
    around: "exec \"$@\"",
    after: "",
    needs: "",
    must: Must::Work,
};

const fn around(name: &'static str, must: Must, around: &'static str) -> Environment {
    Environment {
        name,
        around,
        must,
        ..PLAIN
    }
}

const fn before(name: &'static str, must: Must, before: &'static str) -> Environment {
    Environment {
        name,
        before,
        must,
        ..PLAIN
    }
}

/// `$SECCOMP` is the program that installs a filter.
const fn filtered(name: &'static str, around: &'static str) -> Environment {
    Environment {
        name,
        around,
        needs: "python3 -S -c \"$SECCOMP\" docker true",
        must: WorkOrSay,
        ..PLAIN
    }
}

/// A cgroup for so many processes. Version 1 counts them in a hierarchy of its own,
/// version 2 in the only one.
macro_rules! enter_cgroup {
    ($most:literal) => {
        concat!(
            "at=/sys/fs/cgroup; [ -d $at/pids ] && at=$at/pids; at=$at/full-$$; mkdir $at
             echo $$ >$at/cgroup.procs; echo ",
            $most,
            " >$at/pids.max"
        )
    };
}

const fn in_cgroup(name: &'static str, before: &'static str) -> Environment {
    Environment {
        name,
        before,
        after: "echo $$ >${at%/*}/cgroup.procs; rmdir $at",
        needs: "cd /sys/fs/cgroup; [ -d pids ] || grep -w pids cgroup.subtree_control",
        must: WorkOrSay,
        ..PLAIN
    }
}

use Must::{BeQuiet, BeUsed, Say, Work, WorkAlike, WorkOrSay};

/// The table. `${1%/*}` is the folder of the labs.
#[rustfmt::skip]
pub(crate) const ENVIRONMENTS: &[Environment] = &[
    around("as usual", Work, "exec \"$@\""),
    // What the caller's environment holds.
    around("no PATH", Work, "unset PATH; exec \"$@\""),
    around("an empty PATH", WorkOrSay, "export PATH=; exec \"$@\""),
    around("no HOME", Work, "unset HOME; exec \"$@\""),
    around("an empty environment", Work, "exec env -i \"$@\""),
    around("100 kB of environment", Work, "BIG=$(head -c 100000 /dev/zero | tr '\\0' x) exec \"$@\""),
    around("TERM=dumb", Work, "TERM=dumb exec \"$@\""),
    around("no TERM", Work, "unset TERM; exec \"$@\""),
    around("LANG=C", Work, "unset LC_ALL; LANG=C exec \"$@\""),
    around("LC_ALL=tr_TR.UTF-8", Work, "LC_ALL=tr_TR.UTF-8 exec \"$@\""),
    around("LC_ALL=xx", Work, "LC_ALL=xx exec \"$@\""),
    around("an odd TZ", Work, "TZ=:/nonexistent/odd exec \"$@\""),
    around("junk in LD_PRELOAD", Work, "LD_PRELOAD=/nonexistent/junk.so exec \"$@\""),
    // Descriptors.
    around("closed stdin", Work, "exec \"$@\" <&-"),
    around("closed stdout", Say("write stdout: EBADF"), "exec \"$@\" >&-"),
    around("stdout open for reading", Say("write stdout: EBADF"), "exec \"$@\" 1</dev/null"),
    around("closed stderr", Work, "exec \"$@\" 2>&-"),
    around("everything closed", Say(""), "exec \"$@\" <&- >&- 2>&-"),
    around("stdout is /dev/full", Say("write stdout: ENOSPC"), "exec \"$@\" >/dev/full"),
    around("stderr is /dev/full", Work, "exec \"$@\" 2>/dev/full"),
    around("a reader that reads nothing", BeQuiet,
        "exit $({ { \"$@\"; echo $? >&8; } | true >&2; } 8>&1)"),
    around("a reader that leaves", BeQuiet,
        "exit $({ { \"$@\"; echo $? >&8; } | head -1 >&2; } 8>&1 2>/dev/null)"),
    // Signals.
    around("SIGCHLD ignored", Work, "exec env --ignore-signal=CHLD \"$@\""),
    around("SIGPIPE ignored", Work, "exec env --ignore-signal=PIPE \"$@\""),
    around("all signals ignored", Work, "exec env --ignore-signal \"$@\""),
    around("all signals blocked", Work, "exec env --block-signal \"$@\""),
    // Arguments.
    around("an argument that is no UTF-8", BeUsed, "exec \"$@\" \"$(printf '\\377')\""),
    around("an argument of 100 kB", BeUsed,
        "exec \"$@\" \"$(head -c 100000 /dev/zero | tr '\\0' x)\""),
    // Limits. A limit of processes counts all of a user.
    around("RLIMIT_NPROC 1", WorkOrSay, "exec prlimit --nproc=1 \"$@\""),
    around("RLIMIT_NPROC 2", WorkOrSay, "exec prlimit --nproc=2 \"$@\""),
    around("RLIMIT_NPROC 3", WorkOrSay, "exec prlimit --nproc=3 \"$@\""),
    around("RLIMIT_NOFILE 3", WorkOrSay, "ulimit -n 3; exec \"$@\""),
    around("RLIMIT_NOFILE 4", WorkOrSay, "ulimit -n 4; exec \"$@\""),
    around("RLIMIT_NOFILE 5", WorkOrSay, "ulimit -n 5; exec \"$@\""),
    around("RLIMIT_NOFILE 6", WorkOrSay, "ulimit -n 6; exec \"$@\""),
    around("RLIMIT_NOFILE 7", WorkOrSay, "ulimit -n 7; exec \"$@\""),
    around("RLIMIT_NOFILE 8", WorkOrSay, "ulimit -n 8; exec \"$@\""),
    around("RLIMIT_NOFILE 9", WorkOrSay, "ulimit -n 9; exec \"$@\""),
    around("RLIMIT_NOFILE 10", WorkOrSay, "ulimit -n 10; exec \"$@\""),
    around("RLIMIT_NOFILE 12", WorkOrSay, "ulimit -n 12; exec \"$@\""),
    around("RLIMIT_AS 12 MB", WorkOrSay, "ulimit -v 12000; exec \"$@\""),
    around("RLIMIT_AS 8 MB", WorkOrSay, "ulimit -v 8000; exec \"$@\""),
    around("RLIMIT_AS 6 MB", WorkOrSay, "ulimit -v 6000; exec \"$@\""),
    around("RLIMIT_AS 5 MB", WorkOrSay, "ulimit -v 5000; exec \"$@\""),
    around("RLIMIT_DATA 3 MB", WorkOrSay, "ulimit -d 3000; exec \"$@\""),
    around("RLIMIT_DATA 2 MB", WorkOrSay, "ulimit -d 2000; exec \"$@\""),
    around("RLIMIT_DATA 1 MB", WorkOrSay, "ulimit -d 1000; exec \"$@\""),
    around("RLIMIT_STACK 256 kB", Work, "ulimit -s 256; exec \"$@\""),
    around("RLIMIT_FSIZE 0", Say("write stdout: EFBIG"),
        "file=$(mktemp); exec 8>$file; rm $file; ulimit -f 0; exec \"$@\" >&8"),
    around("nice 19", Work, "exec nice -n 19 \"$@\""),
    // Files.
    around("umask 777", Work, "umask 777; exec \"$@\""),
    around("a deleted working directory", Work, "cd $(mktemp -d); rmdir $PWD; exec \"$@\""),
    around("an unreadable working directory", Work,
        "dir=$(mktemp -d); cd $dir; chmod 0 $dir; \"$@\"; status=$?; rmdir $dir; exit $status"),
    before("no /proc", WorkOrSay, "umount -l /proc"),
    before("an empty /proc", WorkOrSay, "mount -t tmpfs none /proc"),
    before("a /proc masked as in a container", WorkOrSay,
        "mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys
         mount -t tmpfs -o ro none /proc/irq; mount --bind /dev/null /proc/timer_list"),
    before("a read-only root", Work, "mount -o remount,ro,bind /"),
    before("everything read-only", WorkOrSay,
        "for at in $(cut -d' ' -f5 /proc/self/mountinfo); do
             mount -o remount,ro,bind $at 2>/dev/null; done"),
    before("an empty /etc and /dev/mqueue, a read-only /tmp", WorkOrSay,
        "mount -t tmpfs -o ro none /etc; mount -t tmpfs -o ro none /dev/mqueue
         mount --bind /tmp /tmp; mount -o remount,ro,bind /tmp"),
    before("a chroot", WorkOrSay,
        "mount -t tmpfs none /media; mkdir /media/root; mount --rbind / /media/root; enter='chroot /media/root'"),
    before("a chroot without /proc", WorkOrSay,
        "mount -t tmpfs none /media; mkdir /media/root; mount --rbind / /media/root
         umount -l /media/root/proc; enter='chroot /media/root'"),
    around("another namespace's /proc", WorkOrSay, "exec unshare -Urpf --kill-child \"$@\""),
    // Filters.
    filtered("a seccomp filter like Docker's", "exec python3 -S -c \"$SECCOMP\" docker \"$@\""),
    filtered("a strict seccomp filter", "exec python3 -S -c \"$SECCOMP\" strict \"$@\""),
    filtered("a seccomp filter that forbids use", "exec python3 -S -c \"$SECCOMP\" no-use \"$@\""),
    filtered("a seccomp filter without prctl", "exec python3 -S -c \"$SECCOMP\" no-prctl \"$@\""),
    // No more processes: the shell, the lab and one more.
    in_cgroup("two processes in the cgroup", enter_cgroup!(2)),
    in_cgroup("three processes in the cgroup", enter_cgroup!(3)),
    // Other places for a process.
    around("a session without a terminal", Work, "exec setsid --wait \"$@\""),
    around("PID 1 of a namespace", WorkAlike, "exec unshare -Urmpf --kill-child --mount-proc \"$@\""),
    around("PID 2 of a namespace", WorkAlike,
        "exec unshare -Urmpf --kill-child --mount-proc sh -c '\"$@\"; exit $?' sh \"$@\""),
    around("in unshare", WorkAlike,
        "exec \"${1%/*}/unshare\" -Urmpf --kill-child --mount-proc sh -c '\"$@\"; exit $?' sh \"$@\""),
    around("in unshare, three deep", WorkAlike,
        "in=\"${1%/*}/unshare -Urmpf --kill-child --mount-proc\"
         exec $in sh -c \"$in $in \"'\"$@\"; exit $?' sh \"$@\""),
    around("in mount_proc", WorkAlike,
        "exec 8>&1; exec \"${1%/*}/mount_proc\" sh -c '\"$@\" >&8; exit $?' sh \"$@\" >/dev/null"),
    around("in mount_proc --host-proc", WorkOrSay,
        "exec 8>&1; exec \"${1%/*}/mount_proc\" --host-proc sh -c '\"$@\" >&8; exit $?' sh \"$@\" >/dev/null"),
    around("in init", WorkAlike, "exec \"${1%/*}/init\" \"$@\""),
    around("in init in mount_proc", WorkAlike,
        "exec 8>&1; exec \"${1%/*}/mount_proc\" \"${1%/*}/init\" sh -c '\"$@\" >&8; exit $?' sh \"$@\" >/dev/null"),
    around("in a network namespace with nothing up", WorkAlike, "exec unshare -Urn \"$@\""),
    around("as nobody in a user namespace without maps", WorkOrSay, "exec unshare -U \"$@\""),
];
