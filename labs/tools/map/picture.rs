//! What the picture is made of: boxes inside one another, with lines of text.

use std::fmt::Write as _;

use crate::view::{Node, What};

pub(crate) const WIDTH: usize = 720;
pub(crate) const LINE: usize = 20;
pub(crate) const PADDING: usize = 10;

/// A column: where it is, and whether its cells begin or end there.
pub(crate) type Column = (usize, &'static str);
pub(crate) const BEGINS: &str = "start";
pub(crate) const ENDS: &str = "end";

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
        let anchor = if anchor == ENDS {
            " text-anchor=\"end\""
        } else {
            ""
        };
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            self.texts,
            "<text x=\"{x}\" y=\"{}\"{anchor}{more}>{}</text>",
            self.y,
            escaped(text)
        );
    }

    fn area(&mut self, place: (usize, usize), size: (usize, usize), look: &str) {
        let _ = writeln!(
            self.shapes,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {look}/>",
            place.0, place.1, size.0, size.1
        );
    }

    /// A box around the nodes below `node`. `row` writes one line of the table, and is
    /// told where it begins and how deep it lies.
    fn boxed(
        &mut self,
        node: &Node<'_>,
        (left, right, level): (usize, usize, usize),
        look: &str,
        row: WriteRow<'_>,
    ) {
        let top = self.y + PADDING;
        self.y = top + 18;
        self.highlight(node, left, right);
        row(self, node, left + PADDING, level);
        for child in &node.children {
            if child.is_a_box(node) {
                let inner = (left + self.inset, right - self.inset / 2, level + 1);
                self.boxed(child, inner, look, row);
            } else {
                self.y += LINE;
                self.highlight(child, left, right);
                row(self, child, left + PADDING, level + 1);
            }
        }
        self.y += PADDING;
        let look = format!("rx=\"8\" {look}");
        self.area((left, top), (right - left, self.y - top), &look);
    }

    fn highlight(&mut self, node: &Node<'_>, left: usize, right: usize) {
        if node.marked {
            let look = "rx=\"4\" fill=\"#2a9d6a\" fill-opacity=\"0.35\"";
            self.area((left + 4, self.y - 14), (right - left - 8, LINE - 2), look);
        }
    }

    /// One box for each node, from border to border.
    pub(crate) fn boxes(&mut self, nodes: &[Node<'_>], look: &str, row: WriteRow<'_>) {
        for node in nodes {
            self.boxed(node, (PADDING, WIDTH - PADDING, 0), look, row);
        }
        self.y += PADDING;
    }
}

impl Node<'_> {
    /// Whether it is drawn as a box: what can have others inside, as `parent` has.
    fn is_a_box(&self, parent: &Self) -> bool {
        let kind = |node: &Self| match node.what {
            What::Namespace(id, _) => Some(id.kind),
            _ => None,
        };
        kind(self).is_some() && kind(self) == kind(parent)
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
