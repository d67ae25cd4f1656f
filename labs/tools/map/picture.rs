//! What the picture is made of: boxes inside one another, with lines of text.

use std::fmt::Write as _;

use crate::view::{Node, What};

pub(crate) const WIDTH: usize = 720;
pub(crate) const LINE: usize = 20;
pub(crate) const PADDING: usize = 10;

/// A column: where it is, and whether its cells begin or end there.
pub(crate) type Column = (usize, &'static str);
pub(crate) const BEGINS: &str = "";
pub(crate) const ENDS: &str = " text-anchor=\"end\"";

/// Where a box begins and ends, and how deep it lies.
type Place = (usize, usize, usize);

/// Writes one line of a table for a node, from where and how deep it lies.
pub(crate) type WriteRow<'r> = &'r mut dyn FnMut(&mut Picture, &Node<'_>, usize, usize);

#[derive(Default)]
pub(crate) struct Picture {
    /// Boxes lie below all texts.
    pub(crate) shapes: String,
    pub(crate) texts: String,
    /// The base line of the last text.
    pub(crate) y: usize,
    /// How far a box lies inside the one around it.
    pub(crate) inset: usize,
}

impl Picture {
    pub(crate) fn text(&mut self, (x, anchor): Column, text: &str, more: &str) {
        let (y, text) = (self.y, escaped(text));
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            self.texts,
            "<text x=\"{x}\" y=\"{y}\"{anchor}{more}>{text}</text>"
        );
    }

    fn area(&mut self, (x, y): (usize, usize), (width, height): (usize, usize), look: &str) {
        let _ = writeln!(
            self.shapes,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {look}/>"
        );
    }

    /// One box for each node, from border to border.
    pub(crate) fn boxes(&mut self, nodes: &[Node<'_>], look: &str, row: WriteRow<'_>) {
        let look = format!("rx=\"8\" {look}");
        for node in nodes {
            self.boxed(node, (PADDING, WIDTH - PADDING, 0), &look, row);
        }
        self.y += PADDING;
    }

    /// A box around a node and what stands below it.
    fn boxed(&mut self, node: &Node<'_>, place: Place, look: &str, row: WriteRow<'_>) {
        let (left, right, level) = place;
        let top = self.y + PADDING;
        self.y = top + 18;
        self.row(node, place, row);
        for child in &node.children {
            if is_inside(child, node) {
                let inner = (left + self.inset, right - self.inset / 2, level + 1);
                self.boxed(child, inner, look, row);
            } else {
                self.y += LINE;
                self.row(child, (left, right, level + 1), row);
            }
        }
        self.y += PADDING;
        self.area((left, top), (right - left, self.y - top), look);
    }

    fn row(&mut self, node: &Node<'_>, (left, right, level): Place, row: WriteRow<'_>) {
        if node.marked {
            let look = "rx=\"4\" fill=\"#23824c\" fill-opacity=\"0.35\" stroke=\"#23824c\"";
            self.area((left + 4, self.y - 14), (right - left - 8, LINE - 2), look);
        }
        row(self, node, left + PADDING, level);
    }
}

/// A namespace inside another of its type has a box inside the other's.
fn is_inside(child: &Node<'_>, parent: &Node<'_>) -> bool {
    match (child.what, parent.what) {
        (What::Namespace(inner, _), What::Namespace(outer, _)) => inner.kind == outer.kind,
        _ => false,
    }
}

/// Text for XML, without the two characters that it cannot hold.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(character),
        }
    }
    safe
}
