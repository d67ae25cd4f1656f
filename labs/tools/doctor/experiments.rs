//! Experiments that tell two causes apart which show the same errno.

use common::namespace::{TYPES, Type};
use common::{ChildStack, Step as _, clone, explain};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::caller::Caller;
use crate::trial::Refusal;

/// What filters answer: Docker's and systemd's profiles EPERM or ENOSYS.
const FILTERS_SAY: [Errno; 3] = [Errno::EPERM, Errno::EACCES, Errno::ENOSYS];

/// Whether a filter stands before the kernel and answers in its place.
///
/// The call is made once more in a form that no kernel carries out, for anybody:
/// with two flags that contradict each other, or on a path that is empty. The
/// kernel says so (EINVAL, ENOENT) before it looks at any right or limit. A seccomp
/// filter sees the system call and its flags, finds them on its list, and says what
/// it says always.
pub(crate) fn filter_answers(caller: Caller, refusal: &Refusal) -> Option<bool> {
    if !FILTERS_SAY.contains(&refusal.errno) {
        return None;
    }
    let flags = flags_in(&refusal.object);
    let (form, kernels_answer, answer) = match refusal.step.as_str() {
        "unshare" => {
            let impossible = flags | CloneFlags::CLONE_PTRACE;
            let answer = caller.try_to(|| Ok(unshare(impossible).step("unshare", "")?));
            ("unshare(… | CLONE_PTRACE)", Errno::EINVAL, answer)
        }
        "clone" => {
            // A thread shares its signal handlers, which without memory in common is nothing.
            let impossible = flags | CloneFlags::CLONE_THREAD;
            let answer = caller.try_to(|| {
                let mut child_stack = ChildStack::new()?;
                clone(impossible, &mut child_stack, || Ok(0))?.wait()?;
                Ok(())
            });
            ("clone(… | CLONE_THREAD)", Errno::EINVAL, answer)
        }
        "mount" => {
            let none = None::<&str>;
            let answer = caller
                .try_to(|| Ok(mount(none, "", none, MsFlags::empty(), none).step("mount", "")?));
            ("mount() on \"\"", Errno::ENOENT, answer)
        }
        _ => return None,
    };
    let errno = answer.err()?.errno;
    if errno != kernels_answer && !FILTERS_SAY.contains(&errno) {
        // The experiment itself could not be made, for want of processes or memory.
        return None;
    }
    explain!("{form}, which the kernel answers with {kernels_answer:?} for everybody: {errno:?}");
    Some(errno != kernels_answer)
}

/// The types of namespace that a refused step names.
pub(crate) fn types_in(object: &str) -> Vec<Type> {
    let named = |kind: &Type| {
        object
            .split(" | ")
            .any(|word| word == clone::describe(kind.flag))
    };
    TYPES.into_iter().filter(named).collect()
}

fn flags_in(object: &str) -> CloneFlags {
    types_in(object).into_iter().map(|kind| kind.flag).collect()
}
