//! Runs a command line: how long it takes, how much memory it needs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// A command line whose program was found.
pub(crate) struct Line {
    program: PathBuf,
    /// What is executed.
    copy: PathBuf,
    arguments: Vec<&'static str>,
}

impl Line {
    /// A lab, in the folder of the release binaries.
    pub(crate) fn of_lab(words: &'static str, folder: &Path) -> Option<Self> {
        Self::new(words, |name| Some(folder.join(name)))
    }

    /// `twin/NAME`, or a program from PATH; none where it is not installed.
    pub(crate) fn of_other(words: &'static str, twins: &Path) -> Option<Self> {
        Self::new(words, |name| match name.strip_prefix("twin/") {
            Some(name) => Some(twins.join(name)),
            None => {
                let path = env::var_os("PATH")?;
                let mut places = env::split_paths(&path).map(|folder| folder.join(name));
                places.find(|place| fs::metadata(place).is_ok())
            }
        })
    }

    fn new(
        words: &'static str,
        find: impl FnOnce(&'static str) -> Option<PathBuf>,
    ) -> Option<Self> {
        let mut words = words.split(' ');
        let program = find(words.next()?)?;
        let below_root = program.strip_prefix("/").expect("an absolute path");
        Some(Self {
            copy: super::folder("TARGET").join("bench").join(below_root),
            program,
            arguments: words.collect(),
        })
    }

    /// Copies the program anew.
    ///
    /// The page cache holds a file in pieces, which have one page each if a linker
    /// wrote it, and several if it was copied: those are mapped faster. How the pieces
    /// fall is luck, in time as in memory, so both programs of a pair are copies, and
    /// new ones now and then.
    pub(crate) fn copy(&self) {
        let _ = fs::remove_file(&self.copy);
        fs::create_dir_all(self.copy.parent().expect("a folder")).expect("target/bench");
        fs::copy(&self.program, &self.copy).expect("a copy in target/bench");
    }

    /// Runs it once and returns the wall time in microseconds.
    ///
    /// A run that fails ends the benchmark: the time of a failure says nothing.
    pub(crate) fn time(&self) -> f64 {
        wait_until_the_pair_is_gone();
        let mut command = plain(&self.copy);
        command.args(&self.arguments).stdout(Stdio::null());
        let start = Instant::now();
        let status = command.status();
        let time = start.elapsed();
        assert!(
            status.as_ref().is_ok_and(|status| status.success()),
            "{} {:?}: {status:?}",
            self.program.display(),
            self.arguments
        );
        time.as_secs_f64() * 1e6
    }

    /// The peak memory of the largest of its processes, in KiB: the middle of five
    /// runs, for the kernel counts in batches.
    pub(crate) fn peak(&self) -> u64 {
        let mut peaks = [(); 5].map(|()| self.peak_once());
        peaks.sort_unstable();
        peaks[2]
    }

    fn peak_once(&self) -> u64 {
        wait_until_the_pair_is_gone();
        self.copy();
        let mut command = plain(&super::folder("TWINS").join("peak"));
        command.arg(&self.copy).args(&self.arguments);
        let output = command.stderr(Stdio::null()).output();
        let output = output.expect("tests/bench/peak.c, built by `just bench`");
        let text = String::from_utf8_lossy(&output.stdout);
        let peak = text.trim().parse();
        peak.unwrap_or_else(|_| panic!("{}: {output:?}", self.program.display()))
    }
}

/// A command in an environment as after login, with the locale that every new C
/// library has. Cargo's LD_LIBRARY_PATH would have the dynamic linker look for the
/// C library in folders that do not hold it.
fn plain(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LANG", "C.UTF-8")
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    command.stdin(Stdio::null());
    command
}

/// The veth pair of an article's program goes a while after the program.
fn wait_until_the_pair_is_gone() {
    while fs::metadata("/sys/class/net/veth0").is_ok() {
        thread::sleep(Duration::from_millis(1));
    }
}
