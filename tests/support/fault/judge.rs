//! Whether a lab did the right thing when one of its calls failed.

use nix::errno::Errno::{self, *};

use super::calls;
use super::site::{Fault, Run, Site};
use crate::support::normalise::normalise;

pub(crate) enum Verdict {
    /// It said so, or it did what it was to do all the same.
    Passed,
    /// It could go on without what failed, for this reason.
    Harmless(&'static str),
    Defect(String),
}

const STAYS_ROOT: &str = "root stays root in a user namespace that has no other IDs";

const NO_LIMIT: &str = "where no limit can be set, the time of a namespace's end stays unknown";

const NUMBERS_DO: &str = "a number needs no file of names";

/// Failures that a lab rightly does without: the call, what it works on, the errnos
/// (all of them if none is named), and the reason.
const HARMLESS: &[(&str, &str, &[Errno], &str)] = &[
    (
        "statx",
        "/ip",
        &[],
        "the next folder that may hold ip is looked at",
    ),
    (
        "openat",
        "timens_offsets",
        &[EACCES],
        "told in the words of the refusal that the lab shows",
    ),
    (
        "openat",
        "/status",
        &[ENOENT],
        "a process without this file is shown as gone",
    ),
    (
        "read",
        "/status",
        &[ESRCH],
        "a process that this answers is shown as gone",
    ),
    (
        "execve",
        "/mnt/labs/",
        &[EACCES],
        "execvp(3) goes on to the next folder of PATH",
    ),
    (
        "readlink",
        "/ns/uts",
        &[],
        "the narration says that there is no /proc",
    ),
    (
        "kill",
        "",
        &[EPERM, ESRCH],
        "the transcript's column kill() has its number",
    ),
    (
        "openat",
        "/run/netns",
        &[],
        "no names for namespaces: the list shows their numbers",
    ),
    (
        "statx",
        "/dev/mqueue",
        &[],
        "a folder that seems not to be there is made, in a /dev of the lab's own",
    ),
    (
        "mkdir",
        "/cgroup_ns-",
        &[EEXIST],
        "another lab has a cgroup of that number: the next one is taken",
    ),
    (
        "rmdir",
        "/cgroup_ns-",
        &[EBUSY],
        "a cgroup that is in use is removed a little later",
    ),
    ("openat", "/proc/sys/user/max_", &[], NO_LIMIT),
    ("write", "/proc/sys/user/max_", &[], NO_LIMIT),
    ("openat", "/etc/passwd", &[], NUMBERS_DO),
    ("read", "/etc/passwd", &[], NUMBERS_DO),
    ("openat", "/etc/group", &[], NUMBERS_DO),
    ("read", "/etc/group", &[], NUMBERS_DO),
    ("setgroups", "", &[EPERM], STAYS_ROOT),
    ("setresgid", "", &[EPERM, EINVAL], STAYS_ROOT),
    ("setresuid", "", &[EPERM, EINVAL], STAYS_ROOT),
];

/// Tools that try what may be refused, or look at what may be gone. Their own tests
/// hold them to what they say; here they must not hang, panic or leave anything.
const TOLERANT: [&str; 2] = ["doctor", "map"];

/// What stderr holds beside narration and notices.
struct Said<'a> {
    errors: Vec<&'a str>,
    hints: Vec<&'a str>,
}

pub(crate) fn judge(lab: &str, site: &Site, fault: Fault, reference: &Run, run: &Run) -> Verdict {
    let said = said(lab, &run.stderr);
    match defect(lab, site, fault, reference, run, &said) {
        Ok(verdict) => verdict,
        Err(what) => {
            let status = run.status;
            Verdict::Defect(format!(
                "{what}; status {status}, stderr: {}",
                run.stderr.trim_end()
            ))
        }
    }
}

fn said<'a>(lab: &str, stderr: &'a str) -> Said<'a> {
    let prefix = format!("{lab}: ");
    let lines = || stderr.lines();
    let errors = lines().filter_map(|line| line.strip_prefix(&prefix));
    Said {
        errors: errors
            .filter(|line| !line.starts_with("no root needed"))
            .collect(),
        hints: lines()
            .filter_map(|line| line.strip_prefix("hint: "))
            .collect(),
    }
}

fn defect(
    lab: &str,
    site: &Site,
    fault: Fault,
    reference: &Run,
    run: &Run,
    said: &Said<'_>,
) -> Result<Verdict, String> {
    if run.hung {
        return Err("it hung".into());
    }
    if run.left {
        return Err("a process was left".into());
    }
    if run.stderr.contains("panicked") || [101, 134].contains(&run.status) {
        return Err("it panicked".into());
    }
    if TOLERANT.contains(&lab) {
        return Ok(Verdict::Harmless(
            "what is refused is shown, or passed over",
        ));
    }
    let same = run.status == reference.status
        && shape(lab, &run.stdout) == shape(lab, &reference.stdout)
        && said.errors.len() == said_of(lab, reference);
    if site.object == "stderr" {
        // stderr is the last place to say anything: only the rest must be as it was.
        let same = run.status == reference.status;
        return if same {
            Ok(Verdict::Passed)
        } else {
            Err("it did not go on".into())
        };
    }
    // The first failure is the one to tell of, and the reference has one.
    if reference.status != 0 && said.errors == self::said(lab, &reference.stderr).errors {
        return Ok(Verdict::Passed);
    }
    let errno = match fault {
        Fault::Short | Fault::Errno(EINTR) if same => return Ok(Verdict::Passed),
        Fault::Short => return Err("not carried on with".into()),
        Fault::Errno(EINTR) => return Err("not tried again".into()),
        Fault::Errno(errno) => errno,
    };
    let unimpressed = run.status == reference.status;
    if let Some(why) = harmless(site, errno).filter(|_| unimpressed) {
        return Ok(Verdict::Harmless(why));
    }
    if let Some(why) = harmless_in(lab, site, errno, run).filter(|_| same) {
        return Ok(Verdict::Harmless(why));
    }
    if is_told(reference, run, errno) && (run.status == 0 || said.errors.len() == said.hints.len())
    {
        return Ok(Verdict::Passed);
    }
    // Its PID 1 and PID 2 wait for a word that never comes, until the lab kills them.
    if lab == "init" && run.status == 0 && calls::name(site.call) == "recvmsg" {
        let same = shape(lab, &run.stdout) == shape(lab, &reference.stdout);
        if same {
            return Ok(Verdict::Harmless("what waits to be killed does not wait"));
        }
    }
    if run.status == 0 {
        return Err(if same {
            "a silent success".into()
        } else {
            format!("a success: {}", run.stdout)
        });
    }
    if site.object == "stdout" && errno == EPIPE {
        let quiet = said.errors.is_empty() && said.hints.is_empty() && run.status == 141;
        return if quiet {
            Ok(Verdict::Passed)
        } else {
            Err("the reader has left".into())
        };
    }
    reported(site, errno, said)
}

/// What two transcripts of a lab have in common. A host counts its links on, so the
/// numbers of those that one run makes are not those of the next; and what a lab
/// measures is never the same, nor are the columns as wide.
fn shape(lab: &str, transcript: &str) -> String {
    let text = normalise(transcript);
    match lab {
        "net_ns" => text.chars().filter(|c| !c.is_ascii_digit()).collect(),
        "ns_cost" => text.split(|c: char| !c.is_alphabetic()).collect(),
        _ => text,
    }
}

fn said_of(lab: &str, run: &Run) -> usize {
    said(lab, &run.stderr).errors.len()
}

/// Whether the transcript tells of the failure: what is refused is the subject of some labs.
fn is_told(reference: &Run, run: &Run, errno: Errno) -> bool {
    let known: Vec<_> = reference.stdout.lines().collect();
    let mut new = run.stdout.lines().filter(|line| !known.contains(line));
    new.any(|line| line.contains(&format!("{errno:?}")))
}

/// One line with step and errno, one with a hint.
fn reported(site: &Site, errno: Errno, said: &Said<'_>) -> Result<Verdict, String> {
    let [error] = said.errors.as_slice() else {
        return Err(format!("{} error lines", said.errors.len()));
    };
    if said.hints.len() != 1 {
        return Err(format!("{} hints", said.hints.len()));
    }
    // Of a process that has ended meanwhile, /proc says either.
    let names = match errno {
        ENOENT | ESRCH if site.object.starts_with("/proc/") => vec![ENOENT, ESRCH],
        errno => vec![errno],
    };
    if !names
        .iter()
        .any(|name| error.contains(&format!(": {name:?}: ")))
    {
        return Err("the error line has another errno".into());
    }
    let row = calls::row(site.call, &site.object);
    let steps = row.map_or(&[][..], |row| row.3.steps());
    if !steps.iter().any(|step| error.starts_with(step)) {
        return Err(format!("the error line names none of the steps {steps:?}"));
    }
    Ok(Verdict::Passed)
}

/// What one lab does without, with the transcript as ever.
fn harmless_in(lab: &str, site: &Site, errno: Errno, run: &Run) -> Option<&'static str> {
    match (lab, calls::name(site.call).as_str()) {
        ("ns_exec", "readlink" | "pidfd_open" | "setns") => {
            Some("what a pidfd does not join, files do")
        }
        ("ns_cost", "setns") if site.own == Some(EINVAL) => {
            Some("refused in any case: it warms the caches")
        }
        ("ns_cost", "unshare") if errno == ENOSPC && run.repeats(site) => {
            Some("tried again until there is a place")
        }
        ("ns_cost", "clone") if errno == ENOSPC => Some("the levels that are there are measured"),
        _ => None,
    }
}

fn harmless(site: &Site, errno: Errno) -> Option<&'static str> {
    let name = calls::name(site.call);
    let row = HARMLESS.iter().find(|(call, on, errnos, _)| {
        *call == name && site.object.contains(on) && (errnos.is_empty() || errnos.contains(&errno))
    });
    row.map(|(.., why)| *why)
}
