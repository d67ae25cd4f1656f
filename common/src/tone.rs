//! Colour on stdout, where that is a terminal that wants it.

use std::io;

use anstyle::{AnsiColor, Style};

use crate::terminal::has_colours;

/// What a piece of text tells its reader. The words say the same without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As hoped.
    Good,
    /// Refused, and something depends on it.
    Bad,
    /// A title.
    Strong,
}

impl Tone {
    /// The text in the colour of its tone; as it is where stdout is no terminal, for
    /// TERM=dumb and with NO_COLOR.
    pub fn paint(self, text: &str) -> String {
        if !has_colours(&io::stdout()) {
            return text.to_owned();
        }
        let style = match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Strong => Style::new().bold(),
        };
        format!("{style}{text}{style:#}")
    }
}
