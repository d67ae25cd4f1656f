//! A program on a terminal of its own, and what expect(1) does there.
//!
//! Other tests start programs at the same time, and none of those may inherit the
//! terminal. So its descriptors are closed on exec, and setsid(1) hands it over, not a
//! fork of this process, which has threads.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::{Pid, tcgetpgrp};
use regex::bytes::Regex;

const PATIENCE: Duration = Duration::from_secs(30);

/// Both ends of a new pseudo-terminal: the keyboard's and the program's.
pub(crate) fn open() -> (File, File) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(flags).expect("a terminal");
    grantpt(&master).expect("a terminal");
    unlockpt(&master).expect("a terminal");
    let name = ptsname_r(&master).expect("its name");
    let mut options = File::options();
    options.read(true).write(true);
    let slave = options.custom_flags(OFlag::O_NOCTTY.bits()).open(name);
    let slave = slave.expect("the program's end");
    (OwnedFd::from(master).into(), slave)
}

/// The command in a session of its own, whose terminal is its stdin.
pub(crate) fn in_own_session(command: &Command, terminal: &File) -> Command {
    let mut words = Command::new("setsid");
    words.arg("--ctty").arg(command.get_program());
    words.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => words.env(name, value),
            None => words.env_remove(name),
        };
    }
    words.stdin(terminal.try_clone().expect("the terminal"));
    words
}

/// A program, and what it has written on its terminal. It ends with this.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    all: Vec<u8>,
    /// How much of all that has been read.
    read: usize,
    program: Child,
}

impl Terminal {
    pub(crate) fn of(command: &Command) -> Self {
        let (keyboard, slave) = open();
        let mut settings = tcgetattr(&slave).expect("settings");
        settings.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&slave, SetArg::TCSANOW, &settings).expect("settings");
        let mut command = in_own_session(command, &slave);
        let output = || slave.try_clone().expect("the terminal");
        command.stdout(output()).stderr(output());
        let program = command.spawn().expect("setsid");
        let (sender, screen) = channel();
        let mut reader = keyboard.try_clone().expect("the terminal");
        // Reads on when nobody asks: Ctrl-C throws away what no one has read.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let _ = sender.send(bytes[..count].to_vec());
            }
        });
        Self {
            keyboard,
            screen,
            all: Vec::new(),
            read: 0,
            program,
        }
    }

    /// Waits for a pattern; returns what came before it, and what matched.
    pub(crate) fn until(&mut self, pattern: &str) -> (String, String) {
        let regex = Regex::new(pattern).expect("a pattern");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let unread = &self.all[self.read..];
            if let Some(found) = regex.find(unread) {
                let before = text(&unread[..found.start()]);
                self.read += found.end();
                return (before, text(found.as_bytes()));
            }
            let wait = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(wait) {
                Ok(bytes) => self.all.extend(bytes),
                Err(error) => panic!("no {pattern}: {error}, after:\n{}", text(&self.all)),
            }
        }
    }

    pub(crate) fn line(&mut self, line: &str) {
        let written = self.keyboard.write_all(format!("{line}\n").as_bytes());
        written.expect("the terminal is open");
    }

    /// Presses the letter with Ctrl, when the program has come to rest: a shell that has
    /// just written its prompt does not take a signal for one to its input line yet.
    pub(crate) fn control(&mut self, letter: u8) {
        let stat = format!("/proc/{}/stat", self.foreground());
        let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") R "));
        let deadline = Instant::now() + PATIENCE;
        while runs() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        let written = self.keyboard.write_all(&[letter & 0x1f]);
        written.expect("the terminal is open");
    }

    /// The program's status, when nobody has its terminal open any more.
    pub(crate) fn status(mut self) -> Option<i32> {
        let next = || self.screen.recv_timeout(PATIENCE);
        let last = std::iter::repeat_with(next).find_map(Result::err);
        let end = Some(RecvTimeoutError::Disconnected);
        assert_eq!(last, end, "{}", text(&self.all));
        self.program.wait().expect("a child").code()
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let mut stty = Command::new("stty");
        stty.args(["rows", &rows.to_string(), "cols", &columns.to_string()]);
        stty.stdin(self.keyboard.try_clone().expect("the terminal"));
        assert!(stty.status().expect("stty").success());
    }

    /// The process group that the terminal sends its signals to.
    pub(crate) fn foreground(&self) -> Pid {
        tcgetpgrp(&self.keyboard).expect("a foreground group")
    }

    /// Waits until the terminal is no longer the shell's: `fg` writes the job's line
    /// before it gives it to the job, and a key that comes in between is the shell's.
    pub(crate) fn wait_for_job(&self, shell: Pid) {
        let deadline = Instant::now() + PATIENCE;
        while self.foreground() == shell {
            assert!(Instant::now() < deadline, "the shell keeps the terminal");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
