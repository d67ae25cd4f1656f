//! Types a session of the book into a shell on a terminal, and keeps what a
//! reader would see.
//!
//! A session is a file in `book/sessions`. Its first line says who types: `root`, `user`,
//! whose session root may type as well, or `user only`, where root sees something else. Then
//! each line is typed at the prompt, but for those that begin with
//!
//! | sign | meaning |
//! |---|---|
//! | `! COMMAND` | done before, and not shown |
//! | `? PATTERN` | the command above goes on; wait until it has printed this, to a line's end |
//! | `= NAME PATTERN` | `{NAME}` is from here on what the group of PATTERN found above |
//! | `^C`, `^Z` | the key |

use std::process::Command;

use nix::unistd::Pid;
use regex::Regex;

use super::terminal::Terminal;
use super::{Lab, Who, host, normalise};

/// Prompts of the session begin with this, so that no output looks like one.
const MARK: char = '\u{2}';

/// Types the session on a host of its own; returns the normalised transcript.
pub(crate) fn transcript(session: &str) -> String {
    let (who, lines) = parts(session);
    let who = if who == "root" { who } else { "user" };
    Typist::new(who).transcript_of(lines)
}

/// Who types the session, and its lines.
pub(crate) fn parts(session: &str) -> (&str, &str) {
    session.split_once('\n').expect("a first line")
}

/// Types the lines of a session twice in a row.
pub(crate) fn transcripts_of_two_runs(lines: &str, by: &str) -> [String; 2] {
    let mut typist = Typist::new(by);
    let first = typist.transcript_of(lines);
    typist.log_in_again();
    [first, typist.transcript_of(lines)]
}

/// Checks that an interactive shell in the lab gives its terminal back to the script
/// around: in a new PID namespace the shell cannot name the group whose turn it was.
pub(crate) fn assert_terminal_comes_back(lab: Lab) {
    let script = "\"$@\"; echo over; read line; echo \"read: $line\"";
    let lab = lab.by(Who::User).shell(script);
    let lab = lab.args(["bash", "--norc", "--noprofile", "-i"]);
    let mut shell = lab.on_terminal();
    for (seen, typed) in [("bash-", "exit"), ("over", "still here")] {
        shell.until(seen);
        shell.line(typed);
    }
    shell.until("read: still here");
}

/// Somebody who types at the prompts of a shell.
pub(crate) struct Typist {
    terminal: Terminal,
    /// The prompt that stands on the terminal, where one does.
    prompt: Option<String>,
    /// The process group of the shell that wrote it.
    shell: Option<Pid>,
    seen: String,
    known: Vec<(String, String)>,
}

impl Typist {
    pub(crate) fn new(who: &str) -> Self {
        let user = match who {
            "root" => "exec",
            "user" => "exec $user",
            // PID 1 is somebody else, as on every machine.
            "learner" => "$user",
            "root learner" => "",
            // Another user and group, whose home is elsewhere.
            "another" => {
                "mkdir -p /tmp/homes/ada; chown 4000:4001 /tmp/homes/ada; cd /tmp/homes/ada
                 export HOME=$PWD; exec setpriv --reuid=4000 --regid=4001 --clear-groups"
            }
            who => panic!("who is {who}?"),
        };
        // Debian's /etc/bash.bashrc would set a prompt of its own in the inner shells.
        let script = format!(
            "[ -e /etc/bash.bashrc ] && mount --bind /dev/null /etc/bash.bashrc
             echo 'set enable-bracketed-paste off' >/tmp/.inputrc; chmod 644 /tmp/.inputrc
             export INPUTRC=/tmp/.inputrc TERM=dumb HOME=/tmp LC_ALL=C PS1='{MARK}\\$ '
             export PATH; unset SHELL DEBIAN_FRONTEND; cd /tmp; stty cols 200
             {user} bash --norc --noprofile --noediting -i"
        );
        let words = host::words(&script);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        let mut typist = Self {
            terminal: Terminal::of(&command),
            prompt: None,
            shell: None,
            seen: String::new(),
            known: Vec::new(),
        };
        typist.read(None);
        typist.seen.clear();
        typist
    }

    /// Types all lines of a session.
    fn transcript_of(&mut self, session: &str) -> String {
        self.seen.clear();
        let mut lines = session.lines().filter(|line| !line.is_empty()).peekable();
        while let Some(line) = lines.next() {
            let until = lines.peek().and_then(|next| next.strip_prefix("? "));
            match line.split_once(' ') {
                Some(("!", command)) => self.do_unseen(&self.filled(command)),
                Some(("?", _)) => {}
                Some(("=", rule)) => self.remember(rule),
                _ if line.starts_with('^') => self.press(line, until),
                _ => self.enter(&self.filled(line), until),
            }
        }
        normalise::normalise(&self.seen)
    }

    /// Ends all that runs, and has a new shell: what a session left are files.
    fn log_in_again(&mut self) {
        for line in [
            "[ $$ = 1 ] || exit",
            "kill -9 -1; wait; cd; exec bash --norc --noprofile --noediting -i",
        ] {
            self.terminal.line(line);
            self.read(None);
        }
    }

    /// Reads up to the next prompt, or up to and with the pattern.
    fn read(&mut self, until: Option<&str>) -> String {
        let prompt = format!("{MARK}[#$] ");
        let pattern = until.unwrap_or(&prompt);
        let (before, found) = self.terminal.until(pattern);
        let output = match until {
            Some(_) => format!("{before}{found}"),
            None => {
                self.prompt = Some(found.trim_start_matches(MARK).to_owned());
                self.shell = Some(self.terminal.foreground());
                before
            }
        };
        output.replace('\r', "")
    }

    /// All that stands on the terminal.
    pub(crate) fn seen(&self) -> &str {
        &self.seen
    }

    /// What a command printed.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        let before = self.seen.len();
        self.enter(line, None);
        let typed = self.seen[before..].split_once('\n');
        typed.map_or("", |(_, output)| output).to_owned()
    }

    fn enter(&mut self, line: &str, until: Option<&str>) {
        let prompt = self.prompt.take().unwrap_or_default();
        self.terminal.line(line);
        let output = self.read(until);
        // A shell that edits its lines echoes them itself.
        let output = output.strip_prefix(&format!("{line}\n")).unwrap_or(&output);
        self.seen.push_str(&format!("{prompt}{line}\n{output}"));
    }

    fn press(&mut self, key: &str, until: Option<&str>) {
        if let Some(shell) = self.shell {
            self.terminal.wait_for_job(shell);
        }
        // What comes after the pattern would mix with what the key leads to, or be lost:
        // a key that sends a signal also empties the terminal's buffers.
        assert!(self.seen.ends_with('\n'), "{key} before the line's end");
        self.terminal.control(key.as_bytes()[1]);
        let output = self.read(until);
        self.seen
            .push_str(&format!("{key}\n{}", output.trim_start_matches('\n')));
    }

    pub(crate) fn do_unseen(&mut self, command: &str) {
        let prompt = self.prompt.clone();
        self.terminal.line(command);
        let output = self.read(None);
        let said = output
            .strip_prefix(&format!("{command}\n"))
            .unwrap_or(&output);
        assert!(said.is_empty(), "{command} said {said}");
        self.prompt = prompt;
    }

    fn remember(&mut self, rule: &str) {
        let (name, pattern) = rule.split_once(' ').expect("= NAME PATTERN");
        let pattern = Regex::new(pattern).expect("a pattern");
        let found = pattern.captures_iter(&self.seen).last();
        let found = found.unwrap_or_else(|| panic!("no {pattern} in\n{}", self.seen));
        self.known
            .push((format!("{{{name}}}"), found[1].to_owned()));
    }

    fn filled(&self, line: &str) -> String {
        self.known
            .iter()
            .rev()
            .fold(line.to_owned(), |line, (name, value)| {
                line.replace(name, value)
            })
    }
}
