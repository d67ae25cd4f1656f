//! Answers in words, for the transcript.

use super::error::RawErrno;

/// What a system call answered: `done`, or `EPERM: Operation not permitted`.
pub fn answer(result: Result<(), impl Into<RawErrno>>) -> String {
    match result {
        Ok(()) => "done".to_owned(),
        Err(error) => error.into().0.to_string(),
    }
}

/// `yes` or `no`.
pub fn yes_no(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}
