//! Bad input is told of in two lines, and leaves nothing.

use std::fs;
use std::os::unix::fs::symlink;

use crate::container::{busybox, container, quiet};
use crate::support::{assert_error, everyone, host, installed, is_root, lab, require, stderr};

#[test]
fn what_is_no_root_file_system_is_an_error_with_a_hint() {
    for &who in everyone() {
        for (directory, error, hint) in [
            (
                "/etc/passwd",
                "container: open /etc/passwd: ENOTDIR",
                "a directory that holds bin",
            ),
            (
                "/no/such",
                "container: open /no/such: ENOENT",
                "check the path",
            ),
            (
                "/usr",
                "container: openat2 /proc in the new root: ENOENT",
                "--writable",
            ),
        ] {
            let said = container(["--rootfs", directory, "true"]).by(who).refused();
            assert_error(&quiet(&said), error, hint);
        }
    }
}

#[test]
fn a_link_in_a_root_file_system_leads_nowhere_on_the_host() {
    require!(installed("busybox"), "takes busybox for an image");
    for name in ["proc", "sys", "dev", "tmp", "etc"] {
        let root = busybox();
        let place = root.path().join(name);
        fs::remove_dir(&place).expect("it is empty");
        symlink(format!("/{name}"), &place).expect("a link");
        let directory = root.path().to_str().expect("a path");
        for &who in everyone() {
            let said = container(["--rootfs", directory, "true"]).by(who).refused();
            let error = format!("container: openat2 /{name} in the new root: ELOOP");
            assert_error(&quiet(&said), &error, "make it a directory");
        }
    }
}

/// The place of a volume may be a link in the image: it is followed inside.
#[test]
fn the_place_of_a_volume_is_in_the_container() {
    require!(installed("busybox"), "takes busybox for an image");
    let root = busybox();
    let directory = root.path().to_str().expect("a path");
    fs::create_dir(root.path().join("mnt")).expect("a folder");
    symlink("/mnt", root.path().join("etc/out")).expect("a link");
    symlink("../../../../mnt", root.path().join("etc/up")).expect("a link");
    for &who in everyone() {
        for place in ["/etc/out", "/etc/up"] {
            let bind = format!("/usr:{place}:ro");
            let run = container([
                "--rootfs", directory, "--bind", &bind, "ls", "-d", "/mnt/bin",
            ])
            .by(who);
            assert_eq!(run.printed(), "/mnt/bin\n", "{place}");
        }
        let said = container(["--rootfs", directory, "--bind", "/usr:/none", "true"])
            .by(who)
            .refused();
        assert_error(
            &quiet(&said),
            "container: openat2 /none in the new root: ENOENT",
            "--writable",
        );
        let said = container(["--bind", "/etc/passwd:/usr", "true"])
            .by(who)
            .refused();
        assert_error(
            &quiet(&said),
            "container: move_mount /usr in the new root: EINVAL",
            "a file on a file",
        );
    }
}

#[test]
fn values_that_are_none_are_usage_errors() {
    for args in [
        ["--bind", "/usr"],
        ["--bind", "/usr:relative"],
        ["--bind", "/usr:/../up"],
        ["--bind", "/usr:/a/../../up"],
        ["--bind", "/usr:/"],
        ["--memory", "12Q"],
        ["--memory", "0"],
        ["--memory", "99999999999G"],
        ["--tmp-size", "-1"],
        ["--pids", "0"],
        ["--stage", "13"],
        ["--without", "nothing"],
        ["--net", "all"],
        ["--env", "=x"],
        ["--hostname", ""],
        ["--attack", "nothing"],
    ] {
        let said = stderr(
            &lab("container")
                .args(args)
                .args(["true"])
                .run()
                .code(2)
                .stdout(""),
        );
        assert!(said.starts_with("error: "), "{args:?}: {said}");
    }
}

#[test]
fn a_full_tmpfs_is_the_programs_to_tell() {
    for &who in everyone() {
        let script = "head -c 5M /dev/zero >/tmp/full 2>/dev/null; echo $?; stat -c %s /tmp/full";
        let run = container(["sh", "-c", script]).by(who);
        assert_eq!(run.printed(), "1\n4194304\n");
    }
}

#[test]
fn a_layer_on_an_overlay_falls_back_to_a_read_only_root() {
    require!(is_root(), "mounts overlays");
    let script = "cd /tmp; mkdir l u w m l/dev l/etc l/proc l/sys l/tmp l/bin
        cp /bin/busybox l/bin/touch
        mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none m
        mkdir u2 w2 m2; mount -t overlay -o lowerdir=m,upperdir=u2,workdir=w2 none m2
        fails container --rootfs m2 --writable touch /new 2>said
        grep 'no overlay here (EINVAL.*the root stays read-only' said
        umount m2 m; cd /; rm -r /tmp/*";
    require!(installed("busybox"), "takes busybox for an image");
    host::leaves_the_host_untouched(script);
}

#[test]
fn a_root_that_is_no_mount_point_is_an_error_with_a_hint() {
    require!(is_root(), "makes a root by chroot()");
    let script = "mkdir -p /tmp/r/labs; cd /tmp/r; mkdir usr proc dev sys tmp etc
        for d in usr dev sys proc; do mount --rbind /$d $d; done; mount --bind /mnt/labs labs
        for l in bin sbin lib lib64; do [ ! -L /$l ] || ln -s $(readlink /$l) $l; done
        exec chroot /tmp/r /labs/container --without user true";
    let said = host::refused(script);
    assert_error(
        &quiet(&said),
        "container: mount MS_PRIVATE on /: EINVAL",
        "mount point",
    );
}
