//! Text that fits into columns.

/// How many columns a character takes, not counting too few: the scripts that are
/// two columns wide begin at U+1100, and lines and dots are below U+2e80.
fn width_of(character: char) -> usize {
    match character {
        '\0'..'\u{1100}' | '\u{2000}'..'\u{2e80}' => 1,
        _ => 2,
    }
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// The text, or as much of it as fits with `dots` behind.
pub(crate) fn cut(text: &str, columns: usize, dots: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(dots));
    let mut taken = 0;
    let fits = |character: &char| {
        taken += width_of(*character);
        taken <= room
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push_str(dots);
    short.chars().take(columns).collect()
}

/// The text with blanks behind it, up to a number of columns.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The cells side by side, as many as fit. The first and the last say most of a
/// process's PIDs: what it is out here, and what it reads itself.
pub(crate) fn squeezed(mut cells: Vec<String>, columns: usize, dots: &str) -> String {
    let mut left_out = false;
    while cells.len() > 2 && width(&cells.join(" ")) > columns {
        if left_out {
            cells.remove(1);
        }
        if let Some(cell) = cells.get_mut(1) {
            dots.clone_into(cell);
            left_out = true;
        }
    }
    cut(&cells.join(" "), columns, dots)
}
