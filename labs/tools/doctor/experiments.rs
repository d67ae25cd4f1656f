//! An experiment that tells two causes apart which show the same errno.

use common::{Step as _, clone, explain};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;

use crate::attempts::unshare;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// What filters answer: Docker's and systemd's profiles EPERM or ENOSYS.
const FILTERS_SAY: [Errno; 3] = [Errno::EPERM, Errno::EACCES, Errno::ENOSYS];

/// Whether a filter stands before the kernel and answers in its place.
///
/// The call is made once more in a form that no kernel carries out, for anybody:
/// with two flags that contradict each other, or on a path that is empty. The
/// kernel says so (EINVAL, ENOENT) before it looks at any right or limit. A seccomp
/// filter sees the system call and its flags, finds them on its list, and says what
/// it says always.
pub(crate) fn filter_answers(refusal: &Refusal, caller: Caller) -> bool {
    let (form, kernels_answer) = match refusal.step.as_str() {
        "unshare" => ("unshare(… | CLONE_PTRACE)", Errno::EINVAL),
        "clone" => ("clone(… | CLONE_SIGHAND)", Errno::EINVAL),
        "mount" => ("mount() on \"\"", Errno::ENOENT),
        _ => return false,
    };
    if !FILTERS_SAY.contains(&refusal.errno) {
        return false;
    }
    let answer = caller.try_to(|| {
        let (flags, none) = (refusal.flags, None::<&str>);
        match refusal.step.as_str() {
            "unshare" => unshare(flags | CloneFlags::CLONE_PTRACE)?,
            // Who shares signal handlers shares memory. CLONE_THREAD would not do: musl's
            // clone() refuses it without asking the kernel.
            "clone" => {
                drop(clone(flags | CloneFlags::CLONE_SIGHAND, || Ok(0))?);
            }
            _ => mount(none, "", none, MsFlags::empty(), none).step("mount", "")?,
        }
        Ok(())
    });
    let Err(Refusal { errno, .. }) = answer else {
        return false;
    };
    let is_filter = FILTERS_SAY.contains(&errno);
    if !is_filter && errno != kernels_answer {
        // The experiment itself could not be made, for want of processes or memory.
        return false;
    }
    explain!("{form}, which the kernel answers with {kernels_answer:?} for everybody: {errno:?}");
    is_filter
}
