//! Namespaces that `unshare --TYPE=FILE` keeps without a process.

use crate::support::{Who, everyone, host, installed, is_root, lab, require, stdout};

/// The kernel may refuse, with EINVAL, to keep a mount namespace in another one
/// that was made on another CPU: it takes the other for the younger.
const ONE_CPU: &str = "taskset -c $(taskset -cp $$ | sed 's/.*[ ,-]//')";

/// In `sh` as root of a user and mount namespace, on one CPU, in an empty folder of
/// its own.
fn in_own_mounts(who: Who, script: &str) -> assert_cmd::assert::Assert {
    let script = format!(
        "exec {ONE_CPU} \"$@\" sh -c 'unshare=$1; mount -t tmpfs none /mnt; cd /mnt
             {script}' sh \"$@\""
    );
    // What stands behind the script's "$@" is the path of the lab first.
    let lab = lab("unshare").by(who).args(["-rm"]).shell(&script);
    lab.run()
}

#[test]
fn a_namespace_of_every_type_is_kept_by_its_file() {
    for &who in everyone() {
        let script = r#"touch cgroup ipc net uts user time mnt pid
             for name in cgroup ipc net uts user time mnt pid; do
                 type=$name; [ $name = mnt ] && type=mount
                 inside=$($unshare --$type=$name --fork readlink /proc/self/ns/$name)
                 [ "$inside" != "$(readlink /proc/self/ns/$name)" ] || echo $name is not new
                 kept=$(stat -L -c "$name:[%i]" $name)
                 [ "$inside" = "$kept" ] || echo $name: $inside, kept is $kept
                 umount $name || echo $name is not bound
             done; echo done"#;
        in_own_mounts(who, script).success().stdout("done\n");
    }
}

#[test]
fn without_fork_too_except_pid() {
    for &who in everyone() {
        let script = r#"touch cgroup ipc net uts user time mnt pid
             for name in cgroup ipc net uts user time mnt; do
                 type=$name; [ $name = mnt ] && type=mount
                 inside=$($unshare --$type=$name readlink /proc/self/ns/$name)
                 [ "$inside" = "$(stat -L -c "$name:[%i]" $name)" ] || echo $name: $inside
                 umount $name
             done
             $unshare --pid=pid true 2>/dev/null; echo $?"#;
        in_own_mounts(who, script).success().stdout("1\n");
    }
}

#[test]
fn the_option_once_more_without_a_file_keeps_the_file() {
    for &who in everyone() {
        let script = r#"touch one two
             for options in "--uts=one -u" "-u --uts=one" "--uts=two --uts=one --uts" "-fu=one"; do
                 inside=$($unshare $options readlink /proc/self/ns/uts)
                 [ "$inside" = "$(stat -L -c "uts:[%i]" one)" ] || echo $options: $inside
                 umount one
             done; umount two 2>/dev/null; echo $?"#;
        in_own_mounts(who, script).success().stdout("32\n");
    }
}

#[test]
fn several_at_once_and_they_can_be_entered() {
    require!(installed("nsenter"), "enters namespaces");
    for &who in everyone() {
        let script = r#"touch user uts net time
             $unshare --user=user -r --uts=uts --net=net sh -c "hostname kept; ip link set lo up"
             enter="nsenter --user=user --uts=uts --net=net --preserve-credentials"
             $enter hostname; $enter ip -o link show lo | grep -o LOOPBACK,UP
             $enter sh -c "echo \$(cat /proc/self/uid_map)"
             $unshare --time=time --boottime 1000 true
             nsenter --time=time cat /proc/self/timens_offsets | grep boottime | tr -s " "
             umount user uts net time"#;
        let run = in_own_mounts(who, script).success();
        run.stdout("kept\nLOOPBACK,UP\n0 0 1\nboottime 1000 0\n");
    }
}

#[test]
fn a_mount_namespace_is_kept_with_its_mounts() {
    require!(installed("nsenter"), "enters namespaces");
    for &who in everyone() {
        let script = r#"touch mnt; mkdir dir
             $unshare --mount=mnt mount -t tmpfs marker dir
             grep -c marker /proc/self/mounts
             nsenter --mount=mnt grep -c marker /proc/self/mounts
             umount mnt"#;
        in_own_mounts(who, script).success().stdout("0\n1\n");
    }
}

#[test]
fn the_program_in_a_pid_namespace_finds_the_file_bound_and_is_its_init() {
    for &who in everyone() {
        let script = r#"touch pid
             $unshare --pid=pid -f sh -c "stat -f -c %T pid; echo \$\$"
             umount pid
             $unshare --pid=pid --kill-child --mount-proc sh -c "cat /proc/1/comm"
             umount pid; umount pid 2>/dev/null || echo one mount"#;
        in_own_mounts(who, script)
            .success()
            .stdout("nsfs\n1\nsh\none mount\n");
    }
}

#[test]
fn what_cannot_be_kept_is_refused_before_the_program_runs() {
    let script = r#"touch file
         refused() { $unshare "$@" sh -c "echo ran" 2>err; echo $? $(grep -c "^hint: " err) $(wc -l <err); }
         refused --uts=nowhere
         refused --uts=nowhere --fork
         refused --uts=file --ipc=nowhere --kill-child; umount file
         mount --make-shared /mnt
         refused --mount=file
         refused --mount=file --fork
         mount --make-private /mnt
         mkdir folder; refused --user=folder
         # A /proc of another PID namespace, where its PID means another process.
         refused -pf $unshare --uts=file"#;
    for &who in everyone() {
        let expected = "1 1 2\n".repeat(7);
        let text = stdout(&in_own_mounts(who, script).success());
        assert_eq!(text, expected, "{who:?}");
    }
    require!(is_root(), "makes a host of its own");
    // Without rights over the mounts.
    let script = "touch /tmp/file; chmod 666 /tmp/file
         $user unshare -r --uts=/tmp/file true 2>&1 | grep -c 'EPERM\\|^hint: .*CAP_SYS_ADMIN'";
    host::on_own_host(script).stdout("2\n");
}

#[test]
fn a_file_is_all_that_stays_and_nothing_when_it_is_unmounted() {
    host::leaves_the_host_untouched(
        "mkdir /tmp/kept; cd /tmp/kept; touch user uts net pid
         unshare --user=user -r --uts=uts --net=net --pid=pid --fork true
         fails unshare --uts=none true
         umount user uts net pid; cd /; rm -r /tmp/kept",
    );
}
