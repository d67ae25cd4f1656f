//! Options read as getopt_long(3) reads them, for tools whose users know them so.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use clap::{Arg, Command, Parser};

use crate::error::{Error, Result};
use crate::startup;

/// Parses the arguments; usage errors end the tool with this status. `-nFILE`
/// gives a value to a short option that may have one, as `--net=FILE` does to the
/// long one; for clap alone it would be `-n -F -I -L -E`.
///
/// # Errors
/// [`Error::Usage`], also for `--help`, which is printed to stdout with status 0.
pub fn parse<Args: Parser>(status: u8) -> Result<Args> {
    let mut command = Args::command();
    let words = with_equals_signs(&command, startup::arguments().iter().cloned());
    let parsed = command
        .try_get_matches_from_mut(words)
        .and_then(|mut matches| Args::from_arg_matches_mut(&mut matches))
        .map_err(|error| error.format(&mut command));
    parsed.map_err(|error| {
        let status = if error.use_stderr() { status } else { 0 };
        Error::Usage(Box::new(error), status)
    })
}

/// The words with `-nFILE` written as `-n=FILE`, which clap understands, up to the
/// first that is no option: it and all after it are left as they are.
fn with_equals_signs(
    command: &Command,
    words: impl IntoIterator<Item = OsString>,
) -> Vec<OsString> {
    let mut words = words.into_iter();
    let mut written: Vec<_> = words.by_ref().take(1).collect();
    while let Some(word) = words.next() {
        let takes_next = match word.as_bytes() {
            [b'-', b'-', name @ ..] if !name.is_empty() => {
                written.push(word.clone());
                long_takes_next(command, name)
            }
            [b'-', letters @ ..] if !letters.is_empty() && letters != b"-" => {
                let (cluster, takes_next) = cluster(command, letters);
                written.push(cluster);
                takes_next
            }
            _ => {
                written.push(word);
                break;
            }
        };
        if takes_next {
            written.extend(words.next());
        }
    }
    written.extend(words);
    written
}

/// Whether the word after `--name` is the option's value.
fn long_takes_next(command: &Command, name: &[u8]) -> bool {
    let long = |arg: &&Arg| arg.get_long().is_some_and(|long| long.as_bytes() == name);
    let short_of = |arg: &&Arg| {
        arg.get_long()
            .is_some_and(|long| long.as_bytes().starts_with(name))
    };
    let arg = command.get_arguments().find(long);
    let arg = arg.or_else(|| command.get_arguments().find(short_of));
    arg.is_some_and(|arg| kind(arg) == Value::Required)
}

/// A word such as `-Fn/run/netns/demo`, and whether the next word is its value.
fn cluster(command: &Command, letters: &[u8]) -> (OsString, bool) {
    let mut written = vec![b'-'];
    let mut rest = letters;
    while let [letter, after @ ..] = rest {
        written.push(*letter);
        let of_letter = |arg: &&Arg| arg.get_short() == Some(char::from(*letter));
        match command.get_arguments().find(of_letter).map(kind) {
            None | Some(Value::None) => rest = after,
            Some(value) => {
                if value == Value::Optional && !after.is_empty() && !after.starts_with(b"=") {
                    written.push(b'=');
                }
                written.extend(after);
                return (
                    OsString::from_vec(written),
                    value == Value::Required && after.is_empty(),
                );
            }
        }
    }
    (OsStr::from_bytes(&written).to_owned(), false)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    Optional,
    Required,
}

fn kind(arg: &Arg) -> Value {
    if !arg.get_action().takes_values() {
        Value::None
    } else if arg.get_num_args().is_some_and(|n| n.min_values() == 0) {
        Value::Optional
    } else {
        Value::Required
    }
}
