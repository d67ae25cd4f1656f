//! Runs labs in environments that they do not expect, and judges how they did.

mod environments;

use std::process::Command;

use super::assertions::is_notice;
use super::normalise::normalise;
use super::run::{self, Ended, HOLD_LIFELINE};
use super::sandbox::SECCOMP;
use super::{BECOME_USER, REACHABLE, Who, directory, is_root, lab};
pub(crate) use environments::{ENVIRONMENTS, Environment, Must};

/// The command that runs a line of the labs there. What stands before the lab is
/// executed away: the command's process becomes the lab where `after` is empty.
pub(crate) fn command(environment: &Environment, line: &str, who: Who) -> Command {
    let lab = super::labs::of(line).by(who);
    let Environment { before, after, .. } = environment;
    let inner = "$enter $become sh -c \"$around\" sh \"$@\"";
    let last = match *after {
        "" => format!("exec {inner}"),
        after => format!("{inner}; status=$?; {after}; exit $status"),
    };
    let (outer, name) = match is_root() {
        true => ("unshare", "echo antero >/proc/sys/kernel/hostname"),
        false => ("env", ""),
    };
    let is_other = is_root() && who == Who::User;
    let become_user = if is_other { BECOME_USER } else { "" };
    let folder = directory().display();
    let mount = match is_other && !*REACHABLE {
        true => format!("mount --bind '{folder}' /mnt"),
        false => String::new(),
    };
    let script = format!(
        "{HOLD_LIFELINE} {name}
         become='{become_user}' enter= around=$1; shift
         {mount}\n{before}\n{last}"
    );
    let mut command = Command::new(outer);
    if is_root() {
        command.args(["--uts", "--mount"]);
    }
    command.args(["sh", "-c", &script, "sh", environment.around]);
    command.arg(lab.path()).args(lab.args);
    command.env_remove("SHELL").env("SECCOMP", SECCOMP);
    command.env("LC_ALL", "C");
    command
}

/// Whether this machine has what the environment needs.
pub(crate) fn can_be_made(environment: &Environment, who: Who) -> bool {
    let test = || lab("").by(who).shell(environment.needs).command();
    environment.needs.is_empty() || test().env("SECCOMP", SECCOMP).ok().is_ok()
}

/// Runs a line of the labs there.
pub(crate) fn run(environment: &Environment, line: &str, who: Who) -> Ended {
    let mut command = command(environment, line, who);
    run::run(run::captured(&mut command), |_| ())
}

/// How a lab did, in words; or what was wrong.
pub(crate) fn verdict(
    must: Must,
    line: &str,
    ended: &Ended,
    usual: &str,
) -> Result<String, String> {
    if ended.stuck {
        return Err("stuck".into());
    }
    if !ended.left.is_empty() {
        return Err(format!("left behind {:?}", ended.left));
    }
    let said = said(&ended.stderr);
    match must {
        Must::Work | Must::WorkAlike | Must::WorkOrSay | Must::BeUsed if ended.status == 0 => {
            worked(must, line, ended, &said, usual)
        }
        Must::Work | Must::WorkAlike => Err("does not work".into()),
        Must::WorkOrSay => refused(line, ended, &said),
        Must::BeUsed => used(line, ended, &said),
        Must::Say(_) if line.contains("readlink") => Ok("writes nothing itself".into()),
        Must::Say("") => match ended.status {
            1 => Ok("fails".into()),
            _ => Err("no failure".into()),
        },
        Must::Say(words)
            if ended.status == 1
                && said.first().is_some_and(|line| {
                    line.ends_with(words) || line.contains(&format!("{words}: "))
                }) =>
        {
            refused(line, ended, &said)
        }
        Must::Say(_) => Err("does not say so".into()),
        Must::BeQuiet if [0, 141].contains(&ended.status) && said.is_empty() => Ok("quiet".into()),
        Must::BeQuiet if said == ["readlink: write error: Broken pipe"] => Ok("readlink".into()),
        Must::BeQuiet => Err("not quiet".into()),
    }
}

/// The lines on stderr, without the rootless notice and what the dynamic loader
/// says of programs that are no labs.
fn said(stderr: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stderr).into_owned();
    let others = |line: &&str| !is_notice(line) && !line.starts_with("ERROR: ld.so");
    text.lines().filter(others).map(str::to_owned).collect()
}

fn worked(
    must: Must,
    line: &str,
    ended: &Ended,
    said: &[String],
    usual: &str,
) -> Result<String, String> {
    let stdout = String::from_utf8_lossy(&ended.stdout).into_owned();
    let alike = must != Must::Work && without_numbers(&stdout) == without_numbers(usual);
    let same = normalise(&stdout) == normalise(usual) || alike || is_right(must, line, &stdout);
    match (same, said.is_empty()) {
        (true, true) => Ok("works".into()),
        (false, _) => Err("another transcript".into()),
        (_, false) => Err("works, and says something".into()),
    }
}

/// Where a lab's subject is the environment itself, its transcript says so.
const SUBJECT: &[(&str, &str)] = &[
    ("cgroup_ns", "No sub-cgroup allowed here: mkdir "),
    ("ipc_ns", "write(/proc/sys/kernel/msgmni): EROFS"),
    // In a chroot, the walk leads out of that one, too.
    (
        "mount_ns --chroot",
        "after the walk:             files in /: ",
    ),
    // The root of a user namespace has all capabilities there.
    ("user_ns", "uid = 0, gid = 0, capabilities: all"),
    (
        "user_ns --refused",
        "the same, by one in its parent    done",
    ),
    // To the root of a user namespace the file has capabilities of no inner root's.
    ("capabilities --xattr", "outside, where root is uid 0 "),
    ("idmap_mount", "There is only one user ID, "),
    // Outside a clone there is no recipe to name.
    ("exercise", "Begin one: exercise NAME"),
    // A filter of an ordinary user's comes with it.
    ("capabilities", "Under no_new_privs, "),
    // Where no limit can be written, the end of a namespace is not seen.
    ("ns_cost", "   -   "),
    ("doctor", "\nEvery lab runs as uid "),
];

fn is_right(must: Must, line: &str, stdout: &str) -> bool {
    let shown = |&(lab, words): &(&str, &str)| line.starts_with(lab) && stdout.contains(words);
    must != Must::Work && SUBJECT.iter().any(shown) || is_map(line, stdout)
}

/// A map shows who else is there, which is different at any moment.
fn is_map(line: &str, stdout: &str) -> bool {
    match line {
        "map" => stdout.starts_with("NAMESPACE ") && stdout.contains("\nPID AT LEVEL\n"),
        "map --json" => stdout.starts_with("{\"self\":") && stdout.ends_with("]}\n"),
        _ => false,
    }
}

/// The words of a text without its numbers, whose width moves columns.
fn without_numbers(text: &str) -> String {
    let words = text.split_whitespace();
    words
        .map(|word| word.replace(|c: char| c.is_ascii_digit(), ""))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Two lines: `lab: step object: ERRNO: words`, `hint: what to do`. The programs that
/// labs execute have words of their own.
fn refused(line: &str, ended: &Ended, said: &[String]) -> Result<String, String> {
    let name = line.split(' ').next().unwrap_or_default();
    let program = line.contains("readlink") || line.ends_with("true");
    let status = ended.status;
    match said {
        [] if name == "doctor" && status == 1 => reported(&ended.stdout),
        [error, hint]
            if error.starts_with(&format!("{name}: "))
                && hint.starts_with("hint: ")
                && [1, 126, 127].contains(&status) =>
        {
            Ok(format!("{}\t{}", &error[name.len() + 2..], hint))
        }
        // The dynamic loader's words, before there is a lab.
        [error] if status == 127 && error.contains(": error while loading shared libraries: ") => {
            Ok("not loaded".into())
        }
        [error] if program && error.starts_with("readlink: ") && status != 0 => Ok(error.clone()),
        // The standard library ends a program that gets no memory, in its own words.
        [first, ..] if status == 134 && first.starts_with("memory allocation of ") => {
            Ok("no memory".into())
        }
        _ => Err(format!("status {status}, {} lines", said.len())),
    }
}

/// The doctor's refusals are its report: a way round for each cause, and who cannot
/// run what.
fn reported(stdout: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(stdout);
    let begin = |words| text.lines().filter(|line| line.starts_with(words)).count();
    let (causes, fixes) = (begin("["), begin("    Fix: "));
    let concluded = begin("No lab runs as uid ") + begin("Some labs do not run as uid ") > 0;
    match causes > 0 && causes == fixes && concluded {
        true => Ok("reports".into()),
        false => Err("no report".into()),
    }
}

fn used(line: &str, ended: &Ended, said: &[String]) -> Result<String, String> {
    let usage = said
        .first()
        .is_some_and(|first| first.starts_with("error: "));
    match ended.status {
        2 if usage => Ok("usage".into()),
        _ => refused(line, ended, said),
    }
}
