//! What makes a program a lab: its start and its end, errors and hints, what it says.

mod command_line;
#[cfg(feature = "dist")]
mod dist;
mod error;
mod explain;
mod hint;
mod hold;
pub mod json;
mod output;
mod recipes;
mod retry;
mod run;
mod start;
pub(crate) mod stdio;
mod terminal;
pub(crate) mod told;
mod words;

pub use command_line::{Arg, CommandLine, Word, usage_error};
pub(crate) use error::shell_status;
pub use error::{Error, Failure, NOT_EXECUTABLE, NOT_FOUND, RawErrno, Result, Step};
pub use explain::{ExplainArgs, is_on, step};
pub use hold::{Hold, HoldArgs};
pub use output::{notice, printable, program_name, say};
pub use recipes::as_typed_here;
pub use retry::retry_eintr;
pub(crate) use run::finish;
pub use run::{parse, run};
pub(crate) use start::{is_ignored_by_caller, restore_dispositions, set_disposition};
pub use terminal::{Tone, columns, has_colours, is_utf8};
pub use words::{answer, yes_no};
