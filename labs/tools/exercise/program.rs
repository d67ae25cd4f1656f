//! A learner's program: built by cargo, run in a sandbox under a time limit.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::credentials::{map_ids, write_map};
use common::ns::{make_private, mount_proc, mount_tmpfs};
use common::process::Ended;
use common::{Checkpoint, Child, Error, Result, Step as _, clone};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{getegid, geteuid, pipe2};

use crate::catalogue::Exercise;
use crate::world::Fact;

/// Far longer than any solution takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// Bytes: what a program may print that goes round in circles.
const MOST: u64 = 1 << 20;
/// Where the sandbox has its file system, on the first of these that is there.
const PLACES: [&str; 4] = ["/media", "/srv", "/mnt", "/opt"];

const NO_PLACE: &str = "make one of these folders: the sandbox covers it with a tmpfs";
const NO_CARGO: &str = "install Rust from https://rustup.rs, or name a program: --program PATH";

/// What can be said of a run so far.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) output: String,
    pub(crate) status: Option<u8>,
}

impl Outcome {
    pub(crate) fn fact(&self, name: &str) -> Option<Fact> {
        let (value, source) = match name {
            "output" => (self.output.clone(), "what the program printed"),
            "status" => (
                self.status
                    .map_or_else(|| "none".into(), |status| status.to_string()),
                "its exit status, none if it went on",
            ),
            _ => return None,
        };
        let source = source.to_owned();
        Some(Fact { value, source })
    }
}

/// The learner's folder of an exercise, below the current directory.
pub(crate) fn folder(exercise: &Exercise) -> PathBuf {
    Path::new("exercises").join(&exercise.name)
}

/// Copies the skeleton there, unless something is there already.
pub(crate) fn lay_out(exercise: &Exercise, skeleton: &str) -> Result<()> {
    let folder = folder(exercise);
    let program = folder.join("src/main.rs");
    if program.exists() {
        return Ok(());
    }
    let manifest = include_str!("skeleton.toml").replace("NAME", &exercise.name);
    let source = folder.join("src");
    fs::create_dir_all(&source).step("mkdir", source.display())?;
    for (file, text) in [
        ("Cargo.toml", manifest.as_str()),
        ("Cargo.lock", include_str!("../../../Cargo.lock")),
        ("src/main.rs", skeleton),
    ] {
        let path = folder.join(file);
        fs::write(&path, text).step("write", path.display())?;
    }
    Ok(())
}

/// Builds it, with cargo's own words on stderr; `None` where it does not build.
pub(crate) fn build(exercise: &Exercise) -> Result<Option<PathBuf>> {
    let folder = folder(exercise);
    let cargo = Command::new("cargo")
        .args(["build", "--quiet", "--target-dir", "../target"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .status()
        .step("execvp", "cargo")
        .map_err(|error| error.hint_if(Errno::ENOENT, NO_CARGO))?;
    let program = Path::new("exercises/target/debug").join(&exercise.name);
    if !cargo.success() {
        return Ok(None);
    }
    program
        .canonicalize()
        .step("open", program.display())
        .map(Some)
}

/// A running program, and everything that it has started. It ends with this.
pub(crate) struct Sandbox {
    child: Option<Child>,
    ended: Option<Ended>,
    stdin: Option<OwnedFd>,
    output: File,
    started: Instant,
}

impl Sandbox {
    /// Runs a line of shell as the learner, in namespaces of its own: what it mounts and
    /// starts stays there. Its stdin is open until [`end`](Self::end).
    pub(crate) fn start(line: &str) -> Result<Self> {
        let output = memfd_create(c"output", MFdFlags::MFD_CLOEXEC)
            .step("memfd_create", "for the output")?;
        let (read_end, stdin) = pipe2(OFlag::O_CLOEXEC).step("pipe2", "for its stdin")?;
        let maps_written = Checkpoint::new()?;
        let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
        let copy = |fd: &OwnedFd| fd.try_clone().step("fcntl", "F_DUPFD_CLOEXEC");
        let mut stdin = Some(stdin);
        let child = clone(flags, || {
            drop(stdin.take()); // Or its end would never come.
            maps_written.wait()?;
            make_private()?;
            mount_proc("/proc")?;
            prepare_root()?;
            setrlimit(Resource::RLIMIT_FSIZE, MOST, MOST).step("setrlimit", "RLIMIT_FSIZE")?;
            let status = Command::new("/bin/sh")
                .args(["-c", line])
                .env("RUST_BACKTRACE", "0")
                .stdin(copy(&read_end)?)
                .stdout(copy(&output)?)
                .stderr(copy(&output)?)
                .status()
                .step("execve", "/bin/sh")?;
            Ok(status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(1))
        })?;
        map_everything(&child)?;
        maps_written.open()?;
        Ok(Self {
            child: Some(child),
            ended: None,
            stdin,
            output: output.into(),
            started: Instant::now(),
        })
    }

    /// Whether it is there, and within its time.
    pub(crate) fn goes_on(&mut self) -> Result<bool> {
        if let (Some(child), None) = (&mut self.child, self.ended) {
            self.ended = child.try_wait()?;
        }
        Ok(self.ended.is_none() && self.started.elapsed() < LIMIT)
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let mut bytes = vec![0; MOST as usize];
        let length = self.output.read_at(&mut bytes, 0).unwrap_or_default();
        let output = String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned();
        Outcome {
            output,
            status: None,
        }
    }

    /// Closes its stdin, waits until it has ended, and kills what has not.
    pub(crate) fn end(mut self) -> Result<Outcome> {
        drop(self.stdin.take());
        self.started = Instant::now();
        while self.goes_on()? {
            std::thread::sleep(Duration::from_millis(5));
        }
        let status = match self.ended {
            Some(Ended::Exited(status)) => Some(status),
            _ => None,
        };
        drop(self.child.take());
        Ok(Outcome {
            status,
            ..self.outcome()
        })
    }
}

/// The learner is who they are inside: a program that needs no root is tried without.
fn map_everything(child: &Child) -> Result<()> {
    let (uid, gid, pid) = (geteuid(), getegid(), child.pid());
    if !uid.is_root() {
        return map_ids(pid, (uid.as_raw(), uid), (gid.as_raw(), gid));
    }
    for map in ["uid_map", "gid_map"] {
        let own = fs::read_to_string(format!("/proc/self/{map}")).step("open", map)?;
        let ranges = own.lines().filter_map(|line| {
            let mut numbers = line.split_whitespace();
            let (inside, count) = (numbers.next()?, numbers.nth(1)?);
            Some(format!("{inside} {inside} {count}\n"))
        });
        write_map(pid, map, &ranges.collect::<String>())?;
    }
    Ok(())
}

/// The folder that the variable `root` stands for: a root file system, ready but for its proc.
pub(crate) fn root() -> Result<PathBuf> {
    let place = PLACES
        .into_iter()
        .map(Path::new)
        .find(|place| place.is_dir());
    let place =
        place.ok_or_else(|| Error::new("find", PLACES.join(", "), Errno::ENOENT).hint(NO_PLACE))?;
    Ok(place.join("root"))
}

fn prepare_root() -> Result<()> {
    let root = root()?;
    let place = root.parent().unwrap_or(&root);
    mount_tmpfs(&place.to_string_lossy())?;
    let proc = root.join("proc");
    fs::create_dir_all(&proc).step("mkdir", proc.display())?;
    let marker = root.join("this-is-the-new-root");
    File::create(&marker).step("open", marker.display())?;
    for name in ["usr", "bin", "sbin", "lib", "lib64"] {
        let (from, to) = (Path::new("/").join(name), root.join(name));
        if let Ok(target) = fs::read_link(&from) {
            symlink(target, &to).step("symlink", to.display())?;
        } else if from.is_dir() {
            fs::create_dir(&to).step("mkdir", to.display())?;
            let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
            mount(Some(&from), &to, None::<&str>, flags, None::<&str>)
                .step("mount", to.display())?;
        }
    }
    Ok(())
}

/// The path as a word of shell.
pub(crate) fn word(path: &Path) -> String {
    let text = OsString::from(path)
        .to_string_lossy()
        .replace('\'', "'\\''");
    format!("'{text}'")
}
