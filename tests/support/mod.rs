//! Runs the finished labs on the real kernel, and makes their output comparable.

mod assertions;
pub(crate) mod blessed;
pub(crate) mod cgroups;
pub(crate) mod figures;
pub(crate) mod host;
pub(crate) mod hostile;
pub(crate) mod labs;
pub(crate) mod normalise;
pub(crate) mod plot;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod session;
pub(crate) mod skipped;
pub(crate) mod storm;
pub(crate) mod terminal;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
pub(crate) use assertions::{
    assert_error, assert_says, assert_transcript, assert_transcripts, snapshot,
};
pub(crate) use skipped::{installed, require, skip};

/// The host's name in every transcript.
pub(crate) const HOSTNAME: &str = "antero";

/// Seconds. No lab takes longer, nor a script of hundreds of labs; what hangs fails its test.
const LIMIT: &str = "300";

/// Who runs a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Every capability of the machine.
    Root,
    /// None: uid 1234, or whoever runs the tests. Not 65534: that is what unmapped IDs
    /// look like inside a user namespace, so a lab that forgot its maps would seem to work.
    User,
}

/// Everyone that these tests can be: a user has only the rootless half.
pub(crate) fn everyone() -> &'static [Who] {
    if is_root() {
        &[Who::Root, Who::User]
    } else {
        &[Who::User]
    }
}

/// The first two numbers of this kernel's release.
pub(crate) fn linux() -> [u32; 2] {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
    let mut numbers = release.split(['.', '-']).flat_map(str::parse);
    [(); 2].map(|()| numbers.next().unwrap_or(0))
}

/// Whether long tests do all that they can, instead of the part that `just test` waits
/// for: `just storm` and `just faults` set this.
pub(crate) fn whole() -> bool {
    std::env::var_os("WHOLE").is_some()
}

/// The turn of a test that fills the machine by itself, or measures it: two of those
/// would wait for each other's processes. All other tests run beside it.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // Who failed has had its turn as well.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the tests themselves run as root.
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A lab to be run: [`lab`] makes one, [`Lab::command`] its command.
#[derive(Clone, Debug)]
pub(crate) struct Lab {
    name: String,
    who: Who,
    args: Vec<OsString>,
    shell: String,
}

/// The lab as the articles run it: as root where the tests may.
pub(crate) fn lab(name: &str) -> Lab {
    Lab {
        name: name.into(),
        who: everyone()[0],
        args: Vec::new(),
        shell: PLAINLY.into(),
    }
}

/// Shell code that adds nothing.
const PLAINLY: &str = "exec \"$@\"";

impl Lab {
    /// Another caller.
    pub(crate) fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// More arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// What a shell does around the lab, which is `"$@"`: redirections, traps, limits.
    pub(crate) fn shell(mut self, script: &str) -> Self {
        self.shell = script.into();
        self
    }

    /// The words of the command, to be run as they are.
    fn words(&self) -> Vec<OsString> {
        let mut words = stage(self.who);
        if self.shell != PLAINLY {
            words.extend(["sh".into(), "-c".into(), self.shell.clone().into()]);
            words.push("sh".into());
        }
        words.push(self.path().into());
        words.extend(self.args.iter().cloned());
        words
    }

    fn path(&self) -> PathBuf {
        let hidden = is_root() && self.who == Who::User && !*REACHABLE;
        let folder = if hidden {
            Path::new("/mnt")
        } else {
            directory()
        };
        folder.join(&self.name)
    }

    /// The command for assert_cmd.
    pub(crate) fn command(&self) -> Command {
        within_limit(&self.words())
    }

    /// The command for std, for tests that need the process itself.
    pub(crate) fn std_command(&self) -> std::process::Command {
        let words = self.words();
        let mut command = std::process::Command::new(&words[0]);
        command
            .args(&words[1..])
            .env_remove("SHELL")
            .env("LC_ALL", "C");
        command
    }

    /// The lab on a terminal of its own.
    pub(crate) fn on_terminal(&self) -> terminal::Terminal {
        terminal::Terminal::of(&self.std_command())
    }

    /// A finished run.
    pub(crate) fn run(&self) -> Assert {
        self.command().assert()
    }

    /// What the lab prints on stdout when it succeeds.
    pub(crate) fn printed(&self) -> String {
        stdout(&self.run().success())
    }

    /// What it says on stderr when it ends with status 1.
    pub(crate) fn refused(&self) -> String {
        stderr(&self.run().code(1))
    }

    /// What it prints, normalised, below its command line.
    pub(crate) fn transcript(&self) -> String {
        self.shown(&self.printed())
    }

    /// The status with which the lab ends, and what it prints on stdout.
    pub(crate) fn ended(&self) -> (i32, String) {
        let run = self.run();
        let status = run.get_output().status.code();
        (status.expect("a status"), stdout(&run))
    }

    /// The transcript with stderr, in the order in which a terminal shows both.
    pub(crate) fn terminal(&self) -> String {
        let both = self.clone().shell("exec 2>&1 \"$@\"");
        self.shown(&stdout(&both.run()))
    }

    fn shown(&self, output: &str) -> String {
        let words = self.args.iter().map(|word| word.to_string_lossy());
        let args: String = words.map(|word| format!(" {}", quoted(&word))).collect();
        format!("$ {}{args}\n{}", self.name, normalise::normalise(output))
    }
}

/// A command that ends, with all its processes, whatever happens: assert_cmd's own
/// limit ends one process, and then waits for the others that hold its output.
pub(crate) fn within_limit(words: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", LIMIT]).args(words);
    command.env_remove("SHELL").env("LC_ALL", "C");
    command
}

/// A word as a reader would type it in a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{word}'")
    }
}

const BECOME_USER: &str = "setpriv --reuid=1234 --regid=1234 --clear-groups env HOME=/nonexistent";

/// What stands before a command, so that it runs as who it is meant to, in a UTS
/// namespace whose name the test knows. Where an ordinary user cannot reach the folder
/// of the labs (below /root, say), it appears on /mnt of a mount namespace.
fn stage(who: Who) -> Vec<OsString> {
    if !is_root() {
        return vec!["env".into()];
    }
    let (mut mounts, mut mount, mut become_user) = ("--uts", "", "");
    if who == Who::User {
        become_user = BECOME_USER;
        if !*REACHABLE {
            (mounts, mount) = ("--mount", "mount --bind \"$0\" /mnt;");
        }
    }
    let name = format!("echo {HOSTNAME} >/proc/sys/kernel/hostname;");
    let script = format!("{name} {mount} exec {become_user} \"$@\"");
    let words = ["unshare", "--uts", mounts, "sh", "-c", &script];
    let folder = directory().into();
    words.into_iter().map(Into::into).chain([folder]).collect()
}

/// Where cargo put the labs that this test was built with; $LABS names another
/// folder, such as that of the release binaries.
pub(crate) fn directory() -> &'static Path {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
        let built = Path::new(env!("CARGO_BIN_EXE_pid_ns"))
            .parent()
            .map(Path::to_owned);
        let named = std::env::var_os("LABS").map(PathBuf::from);
        named.or(built).expect("a file is in a folder")
    });
    &DIRECTORY
}

static REACHABLE: LazyLock<bool> = LazyLock::new(|| {
    let mut test = Command::new("setpriv");
    test.args([
        "--reuid=1234",
        "--regid=1234",
        "--clear-groups",
        "test",
        "-x",
    ])
    .arg(directory());
    test.ok().is_ok()
});

/// What a run printed on stdout.
pub(crate) fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).expect("labs print UTF-8")
}

/// What it printed on stderr.
pub(crate) fn stderr(run: &Assert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).expect("labs print UTF-8")
}

/// Whether the labs are linked statically, as `just release` does where it can: else the
/// name of the program that loads them stands at the beginning of the file.
pub(crate) fn are_static() -> bool {
    let lab = std::fs::read(directory().join("pid_ns")).expect("a lab");
    !lab[..4096].windows(4).any(|name| name == b"/ld-")
}
