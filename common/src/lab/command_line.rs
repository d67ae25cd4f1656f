//! A command line, read option by option in the user's order, as getopt_long(3) does.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;

pub use lexopt::Arg;

use super::error::{Error, Result};
use super::output::{printable, program_name};

/// The command line of a tool whose users know it from getopt_long(3).
#[derive(Debug)]
pub struct CommandLine {
    parser: lexopt::Parser,
    help: &'static str,
    /// The option that was read last, as a user may write it.
    last: String,
}

impl CommandLine {
    /// Begins to read. The long options are the words of the help text that begin
    /// with `--`.
    pub fn new(help: &'static str) -> Self {
        Self {
            parser: lexopt::Parser::from_env(),
            help,
            last: String::new(),
        }
    }

    /// The next option, or the first word that is none. A long option may be cut short
    /// as long as no other one begins so.
    ///
    /// # Errors
    /// [`Error::Usage`], also for `--help` and `--version`.
    pub fn option(&mut self) -> Result<Option<Arg<'static>>> {
        #[cfg(feature = "dist")]
        super::dist::write_instead(super::dist::command_of(self.help))?;
        let option = match self.parser.next().map_err(usage_error)? {
            None => return Ok(None),
            Some(Arg::Value(word)) => return Ok(Some(Arg::Value(word))),
            Some(Arg::Short(letter)) => {
                self.last = format!("-{letter}");
                Arg::Short(letter)
            }
            Some(Arg::Long(name)) => {
                let name = whole_name(self.help, name)?;
                self.last = format!("--{name}");
                Arg::Long(name)
            }
        };
        let text = match option {
            Arg::Short('h') | Arg::Long("help") => self.help.to_owned(),
            Arg::Short('V') | Arg::Long("version") => {
                format!("{} {}", program_name(), env!("CARGO_PKG_VERSION"))
            }
            option => return Ok(Some(option)),
        };
        Err(Error::Usage { text, status: 0 })
    }

    /// A program and all words after it, which are its own, whatever they look like.
    pub fn command(&mut self, program: OsString) -> Vec<OsString> {
        let mut command = vec![program];
        // It fails only in the middle of an option.
        command.extend(self.parser.raw_args().into_iter().flatten());
        command
    }

    /// The value that the option must have: `-w DIR`, `-wDIR`, `--wd DIR`, `--wd=DIR`.
    ///
    /// # Errors
    /// [`Error::Usage`] at the end of the line.
    pub fn value(&mut self) -> Result<Word> {
        let text = self.parser.value().map_err(|_| missing(&self.last))?;
        Ok(self.word(text))
    }

    /// The value that the option may have: `-nFILE`, `-n=FILE`, `--net=FILE`.
    pub fn optional_value(&mut self) -> Option<Word> {
        let text = self.parser.optional_value()?;
        Some(self.word(text))
    }

    /// The same where letters can follow the option's: `-n=FILE`, `--net=FILE`, but
    /// `-nf` is `-n -f`.
    pub fn value_after_equals(&mut self) -> Option<Word> {
        // What follows an equals sign is a value, also where nobody has asked for one.
        let mut ahead = self.parser.clone();
        let Err(lexopt::Error::UnexpectedValue { value, .. }) = ahead.next() else {
            return None;
        };
        self.parser = ahead;
        Some(self.word(value))
    }

    /// The error where the tool has no such option as the one that was read last.
    pub fn unexpected(&self) -> Error {
        unexpected(&self.last)
    }

    fn word(&self, text: OsString) -> Word {
        let option = self.last.clone();
        Word { option, text }
    }
}

/// The value of an option.
#[derive(Debug)]
pub struct Word {
    option: String,
    text: OsString,
}

impl Word {
    /// As a path.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is empty.
    pub fn path(self) -> Result<PathBuf> {
        if self.text.is_empty() {
            return Err(missing(&self.option));
        }
        Ok(self.text.into())
    }

    /// As what `read` makes of it.
    ///
    /// # Errors
    /// [`Error::Usage`] with the reason why it is refused.
    pub fn parse<T, E: Display>(
        self,
        read: impl FnOnce(&str) -> std::result::Result<T, E>,
    ) -> Result<T> {
        let read = match self.text.to_str() {
            Some(text) => read(text).map_err(|error| error.to_string()),
            None => Err("it is no UTF-8".to_owned()),
        };
        read.map_err(|why| {
            let (value, option) = (printable(&self.text), self.option);
            usage_error(format!("invalid value '{value}' for '{option}': {why}"))
        })
    }

    /// As one of these words, each of which stands for something.
    ///
    /// # Errors
    /// [`Error::Usage`] with the words.
    pub fn one_of<T: Copy>(self, choices: &[(&str, T)]) -> Result<T> {
        self.parse(|text| {
            let choice = choices.iter().find(|(name, _)| *name == text);
            choice.map(|&(_, meaning)| meaning).ok_or_else(|| {
                let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
                format!("possible values: {}", names.join(", "))
            })
        })
    }
}

/// A command line that is refused, and why: two lines, and status 1, as the manuals of
/// these tools have it.
pub fn usage_error(why: impl Display) -> Error {
    let program = program_name();
    Error::Usage {
        text: format!("{program}: {why}\nhint: see `{program} --help`"),
        status: 1,
    }
}

fn missing(option: &str) -> Error {
    usage_error(format!("a value is required for '{option}'"))
}

fn unexpected(option: &str) -> Error {
    usage_error(format!(
        "unexpected argument '{}'",
        printable(option.as_ref())
    ))
}

/// The long option of this name, or the only one that begins with it.
fn whole_name(help: &'static str, name: &str) -> Result<&'static str> {
    let words = help
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("--"));
    let ends = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    let names = words.filter_map(|word| word.split(ends).next());
    let mut names: Vec<_> = names.filter(|whole| whole.starts_with(name)).collect();
    // The whole name comes first: `map-user` before `map-users`.
    names.sort_unstable();
    names.dedup();
    match names[..] {
        [] => Err(unexpected(&format!("--{name}"))),
        [whole, ..] if whole == name || names.len() == 1 => Ok(whole),
        _ => {
            let names = names.join(" or --");
            Err(usage_error(format!("'--{name}' may be --{names}")))
        }
    }
}
