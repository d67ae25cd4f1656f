//! What the terminal that the output goes to can show.
#![expect(unsafe_code, reason = "one libc call: nix offers no TIOCGWINSZ")]

use std::os::fd::AsRawFd as _;
use std::{env, io};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use nix::libc;

use super::stdio::stdout;

/// The width where nobody knows it.
const USUAL: usize = 80;

/// How many columns a line may have: COLUMNS, or what the terminal says, or 80.
pub fn columns() -> usize {
    let asked = env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|&columns| columns > 0);
    asked.or_else(window).unwrap_or(USUAL)
}

/// The columns of the window; `None` where stdout is no terminal, or one without a size.
fn window() -> Option<usize> {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: `size` is of the type that TIOCGWINSZ writes, and lives across the call.
    let result = unsafe { libc::ioctl(stdout().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (result == 0 && size.ws_col > 0).then(|| size.ws_col.into())
}

/// Whether a stream shows colours: it is a terminal, NO_COLOR is not set, and TERM is
/// not dumb, which anstream would pass over where CI is set.
pub fn has_colours(stream: &impl RawStream) -> bool {
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    !dumb && AutoStream::choice(stream) != ColorChoice::Never
}

/// Whether the locale's characters are UTF-8, so that lines can be drawn with
/// them. The first variable that is set decides, see locale(7).
pub fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(env::var_os)
        .find(|value| !value.is_empty())
        .unwrap_or_default();
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

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
