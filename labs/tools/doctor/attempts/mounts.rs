//! Mounts in a mount namespace: a tmpfs, a fresh proc, and the message queues.

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::path::Path;

use common::credentials::{Capability, is_capable, map_to_root};
use common::ns::sysv::msgget;
use common::ns::{
    Attributes, fsmount, make_private, mount_proc, mount_setattr, mount_tmpfs, move_mount,
    open_tree,
};
use common::procfs::check_proc;
use common::{Checkpoint, Result, Step as _, ns};
use nix::libc::{AT_RECURSIVE, IPC_PRIVATE, MOUNT_ATTR_IDMAP, MOUNT_ATTR_RDONLY};
use nix::mount::{MsFlags, mount};
use nix::mqueue::{MQ_OFlag, MqAttr, mq_open};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::{getegid, geteuid, getpid, sethostname};

use super::{enter_unless_capable, unshare};
use crate::trial::{Trial, Tried, in_child};

pub(super) fn tmpfs() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_CHROOT])?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    make_private()?;
    mount_tmpfs("/tmp")?;
    let none = None::<&str>;
    mount(none, "/tmp", none, MsFlags::MS_SHARED, none).step("mount", "MS_SHARED on /tmp")?;
    in_child(CloneFlags::CLONE_NEWNS, || Ok(()))
}

pub(super) fn id_mapped() -> Tried {
    check_proc()?;
    enter_unless_capable(&[
        Capability::CAP_SYS_ADMIN,
        Capability::CAP_SETUID,
        Capability::CAP_CHOWN,
    ])?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    make_private()?;
    let (tmpfs, place) = (fsmount("tmpfs", "", 0), File::open("/tmp"));
    let (tmpfs, place) = (tmpfs.step("fsmount", "tmpfs")?, place.step("open", "/tmp")?);
    move_mount(&tmpfs, place).step("move_mount", "/tmp")?;

    let is_mapped = Checkpoint::new()?;
    let mapped = Trial::start(CloneFlags::CLONE_NEWUSER, || Ok(is_mapped.wait()?))?;
    let child = mapped.child.pid();
    map_to_root(child, geteuid(), getegid())?;
    let path = format!("/proc/{child}/ns/user");
    let map = File::open(&path).step("open", path)?;
    let top = File::open("/tmp").step("open", "/tmp")?;
    let tree = open_tree(top).step("open_tree", "/tmp")?;
    let attributes = Attributes {
        set: MOUNT_ATTR_IDMAP,
        user_namespace: Some(map.as_fd()),
        ..Attributes::default()
    };
    mount_setattr(&tree, 0, attributes).step("mount_setattr", "MOUNT_ATTR_IDMAP on a tmpfs")?;
    is_mapped.open()?;
    mapped.end()
}

pub(super) fn container() -> Tried {
    let needed = [
        Capability::CAP_SYS_ADMIN,
        Capability::CAP_SETUID,
        Capability::CAP_SETGID,
        Capability::CAP_SYS_CHROOT,
    ];
    let is_root = is_capable(&needed);
    if is_root {
        check_proc()?; // By which it maps the IDs of the child.
    }
    enter_unless_capable(&needed)?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    let root = File::open("/").step("open", "/")?;
    let tree = open_tree(root).step("open_tree", "/")?;
    mount_setattr(&tree, AT_RECURSIVE, Attributes::flags(MOUNT_ATTR_RDONLY))
        .step("mount_setattr", "MOUNT_ATTR_RDONLY")?;
    let mut flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
    flags.set(CloneFlags::CLONE_NEWUSER, is_root);
    in_child(flags, || {
        own_proc()?;
        let place = File::open("/tmp").step("open", "/tmp")?;
        move_mount(&tree, place).step("move_mount", "/tmp")?;
        // One by one, so that a refusal names its own.
        for flag in [
            CloneFlags::CLONE_NEWUTS,
            CloneFlags::CLONE_NEWIPC,
            CloneFlags::CLONE_NEWNET,
            CloneFlags::CLONE_NEWCGROUP,
        ] {
            unshare(flag)?;
        }
        Ok(sethostname("doctor").step("sethostname", "doctor")?)
    })
}

pub(super) fn proc() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
    in_child(flags, own_proc)
}

pub(super) fn proc_after_unshare() -> Tried {
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID)?;
    in_child(CloneFlags::empty(), own_proc)
}

fn own_proc() -> Tried {
    make_private()?;
    Ok(mount_proc("/proc")?)
}

pub(super) fn message_queues() -> Tried {
    check_proc()?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let flags = CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNS;
    unshare(flags)?;
    make_private()?;
    if !Path::new("/dev/mqueue").is_dir() {
        mount_tmpfs("/dev")?;
        fs::create_dir("/dev/mqueue").step("mkdir", "/dev/mqueue")?;
    }
    mount_mqueue()?;

    ns::link(getpid(), "ipc")?;
    msgget(IPC_PRIVATE, 0o600).step("msgget", "IPC_PRIVATE")?;
    let (make, mode) = (MQ_OFlag::O_CREAT | MQ_OFlag::O_RDWR, Mode::S_IRWXU);
    mq_open("/doctor", make, mode, Some(&MqAttr::new(0, 1, 64, 0))).step("mq_open", "/doctor")?;
    for limit in ["msgmax", "msgmnb", "msgmni"] {
        let path = format!("/proc/sys/kernel/{limit}");
        fs::read(&path).step("open", &path)?;
    }
    in_child(flags, || Ok(()))
}

fn mount_mqueue() -> Result<()> {
    let (mqueue, none) = (Some("mqueue"), None::<&str>);
    mount(mqueue, "/dev/mqueue", mqueue, MsFlags::empty(), none)
        .step("mount", "mqueue on /dev/mqueue")
}
