//! Message queues of both kinds, and the file system that lists one of them.

use std::fs;
use std::path::Path;

use common::rootless::Capability;
use common::sysv::msgget;
use common::{Step as _, namespace};
use nix::libc::IPC_PRIVATE;
use nix::mount::{MsFlags, mount};
use nix::mqueue::{MQ_OFlag, MqAttr, mq_open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd::getpid;

use super::mounts::set_propagation;
use super::{Attempt, enter_unless_capable};
use crate::trial::{Tried, in_child};

pub(crate) static IPC: Attempt = Attempt {
    key: "ipc",
    title: "message queues in an IPC namespace",
    calls: "unshare(CLONE_NEWIPC | CLONE_NEWNS), mount(mqueue on /dev/mqueue), msgget(),\n\
            mq_open(), read(/proc/sys/kernel/msgmax), clone(CLONE_NEWIPC | CLONE_NEWNS)\n\
            see: ipc_namespaces(7), mq_overview(7)",
    work: ipc,
};

const FOLDER: &str = "/dev/mqueue";

fn ipc() -> Tried {
    namespace::check_proc()?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let flags = CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNS;
    unshare(flags).step("unshare", common::clone::describe(flags))?;
    set_propagation("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE).step("mount", "MS_PRIVATE on /")?;
    let (none, no_flags) = (None::<&str>, MsFlags::empty());
    if !Path::new(FOLDER).is_dir() {
        mount(Some("tmpfs"), "/dev", Some("tmpfs"), no_flags, none)
            .step("mount", "tmpfs on /dev")?;
        fs::create_dir(FOLDER).step("mkdir", FOLDER)?;
    }
    mount(Some("mqueue"), FOLDER, Some("mqueue"), no_flags, none)
        .step("mount", "mqueue on /dev/mqueue")?;

    namespace::link(getpid(), "ipc")?;
    msgget(IPC_PRIVATE, 0o600).step("msgget", "IPC_PRIVATE")?;
    let (make, mode) = (MQ_OFlag::O_CREAT | MQ_OFlag::O_RDWR, Mode::S_IRWXU);
    mq_open("/doctor", make, mode, Some(&MqAttr::new(0, 1, 64, 0))).step("mq_open", "/doctor")?;
    fs::read("/proc/sys/kernel/msgmax").step("open", "/proc/sys/kernel/msgmax")?;
    in_child(flags, || Ok(()))
}
