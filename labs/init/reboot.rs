//! reboot(2) in a PID namespace ends the namespace, and leaves the machine alone.

use caps::CapSet;
use common::credentials::{Capability, failed};
use common::ns::is_in_initial;
use common::process::Ended;
use common::{Error, Result, Step as _, clone, explain, say};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::reboot::RebootMode::{self, RB_AUTOBOOT, RB_HALT_SYSTEM, RB_POWER_OFF};
use nix::sys::reboot::{reboot, set_cad_enabled};
use nix::sys::signal::Signal::{self, SIGHUP, SIGINT};
use nix::unistd::getpid;

/// The signal that ends PID 1, or the errno that refuses.
type Answer = std::result::Result<Signal, Errno>;

/// A command, how nix calls it, and what is to come of it. The one without a mode says
/// what Ctrl-Alt-Del is to do.
const COMMANDS: [(&str, Option<RebootMode>, Answer); 5] = [
    ("RESTART", Some(RB_AUTOBOOT), Ok(SIGHUP)),
    ("HALT", Some(RB_HALT_SYSTEM), Ok(SIGINT)),
    ("POWER_OFF", Some(RB_POWER_OFF), Ok(SIGINT)),
    ("CAD_OFF", None, Err(Errno::EINVAL)),
    (NO_CAPABILITY, Some(RB_AUTOBOOT), Err(Errno::EPERM)),
];
const NO_CAPABILITY: &str = "RESTART without CAP_SYS_BOOT";

const NOT_HERE: &str = "the lab calls reboot() only as PID 1 of a namespace of its own, and never \
    where that would restart the machine: this line tells of a defect of the lab";
const NO_RIGHT: &str = "CAP_SYS_BOOT is missing in the lab's own user namespace: `just doctor` \
    says what takes capabilities away";

pub(crate) fn lab() -> Result<u8> {
    // Also as root: in a user namespace of its own no process has a right over the machine's
    // first PID namespace, so that the kernel itself would refuse to restart the machine.
    unshare(CloneFlags::CLONE_NEWUSER).step("unshare", "CLONE_NEWUSER")?;
    explain!(
        "unshare(CLONE_NEWUSER), also as root: from here on CAP_SYS_BOOT counts in\n\
         PID namespaces that the new user namespace owns, not on the machine"
    );
    say!("LINUX_REBOOT_CMD_*            WHAT BECAME OF PID 1")?;
    for (name, mode, expected) in COMMANDS {
        let init = clone(CloneFlags::CLONE_NEWPID, || {
            init_function(name, mode, expected)
        })?;
        match (init.wait_ended()?, expected) {
            (Ended::Signaled(number), Ok(signal)) if number == signal as i32 => {
                say!("{name:28}  waitpid(): ended by {signal}")?;
            }
            (Ended::Signaled(number), _) => return Err(Error::ChildKilled(number)),
            (Ended::Exited(0), Err(_)) => {}
            (Ended::Exited(status), _) => return Err(Error::ChildFailed(status)),
        }
    }
    explain!(
        "reboot() in a PID namespace: the kernel ends all its processes. It says of\n\
         PID 1 that a signal ended it, which tells the parent what was asked for\n\
         see: reboot(2), on PID namespaces"
    );
    Ok(0)
}

/// PID 1 of a namespace that is there for one command.
fn init_function(name: &str, mode: Option<RebootMode>, expected: Answer) -> Result<u8> {
    if name == NO_CAPABILITY {
        caps::drop(None, CapSet::Effective, Capability::CAP_SYS_BOOT)
            .map_err(failed("capset", "without CAP_SYS_BOOT"))?;
    }
    let errno = reboot_this_namespace(mode)?;
    if expected != Err(errno) {
        return Err(Error::new("reboot", name, errno).hint_if(Errno::EPERM, NO_RIGHT));
    }
    say!("{name:28}  reboot(): {errno}")?;
    Ok(0)
}

/// The one place that calls reboot(2), and looks first where it is.
fn reboot_this_namespace(mode: Option<RebootMode>) -> Result<Errno> {
    let is_pid_1 = getpid().as_raw() == 1;
    for name in ["pid", "user"] {
        if !is_pid_1 || is_in_initial(name)? {
            let file = format!("/proc/self/ns/{name}");
            return Err(Error::new("reboot", file, Errno::EPERM).hint(NOT_HERE));
        }
    }
    let answer = match mode {
        Some(mode) => reboot(mode).map(drop),
        None => set_cad_enabled(false),
    };
    // Where it works, it does not return.
    answer.err().ok_or(Error::PeerGone)
}
