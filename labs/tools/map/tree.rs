//! The trees as lines for a terminal.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};
use common::lab::{columns, has_colours, is_utf8};

use crate::cells::{held_by, widest};
use crate::model::World;
use crate::text::{cut, padded, squeezed, width};
use crate::view::{Choice, Node, What, depth, owners, pids};

const HEADING: Style = Style::new().bold();
const NAMESPACE: Style = AnsiColor::Cyan.on_default();
const MARKED: Style = AnsiColor::Green.on_default().bold();
/// Room for the largest PID there can be, 4194304.
const PID: usize = 7;

/// What lines are drawn with.
struct Drawing {
    /// To a node, to the last one, and past them to what stands below.
    signs: [&'static str; 4],
    dots: &'static str,
    columns: usize,
    colours: bool,
    /// Whether lines begin with room for the sign of the marked process.
    marks: bool,
}

impl Drawing {
    fn here(marks: bool) -> Self {
        let (signs, dots) = if is_utf8() {
            (["├─ ", "└─ ", "│  ", "   "], "…")
        } else {
            (["|- ", "`- ", "|  ", "   "], "...")
        };
        Self {
            signs,
            dots,
            columns: columns(),
            colours: has_colours(&std::io::stdout()),
            marks,
        }
    }

    /// A whole line: marked, cut to the width, coloured.
    fn line(&self, text: &str, style: Style, marked: bool) -> String {
        let sign = match (self.marks, marked) {
            (false, _) => "",
            (true, false) => "  ",
            (true, true) => "> ",
        };
        let text = format!("{sign}{}", text.trim_end());
        let text = cut(&text, self.columns, self.dots);
        let style = if marked { MARKED } else { style };
        if self.colours && style != Style::new() {
            format!("{style}{text}{style:#}")
        } else {
            text
        }
    }

    fn row(&self, row: &Row<'_, '_>, text: &str) -> String {
        let style = match row.node.what {
            What::Namespace(id, _) if ["user", "pid"].contains(&id.kind) => NAMESPACE,
            _ => Style::new(),
        };
        self.line(text, style, row.node.marked)
    }
}

/// A line of a tree: the signs that lead to its node, and the node.
struct Row<'n, 'a> {
    prefix: String,
    node: &'n Node<'a>,
    level: usize,
}

/// The nodes from top to bottom.
fn rows<'n, 'a>(nodes: &'n [Node<'a>], drawing: &Drawing) -> Vec<Row<'n, 'a>> {
    let mut rows = Vec::new();
    // A tree that is too deep for its signs gets shorter ones.
    let is_deep = depth(nodes) * 3 > drawing.columns / 3;
    let step = if is_deep { 1 } else { 3 };
    let signs = drawing.signs.map(|sign| sign.chars().take(step).collect());
    add_rows(&mut rows, nodes, &signs, None, 0);
    rows
}

fn add_rows<'n, 'a>(
    rows: &mut Vec<Row<'n, 'a>>,
    nodes: &'n [Node<'a>],
    signs: &[String; 4],
    above: Option<&str>,
    level: usize,
) {
    let [branch, last, down, gap] = signs;
    for (at, node) in nodes.iter().enumerate() {
        let is_last = at + 1 == nodes.len();
        let (sign, below) = if is_last { (last, gap) } else { (branch, down) };
        // The roots stand at the left, and what is below them begins there.
        let after = |sign: &str| above.map_or_else(String::new, |above| format!("{above}{sign}"));
        rows.push(Row {
            prefix: after(sign),
            node,
            level,
        });
        add_rows(rows, &node.children, signs, Some(&after(below)), level + 1);
    }
}

/// The tree of user namespaces, as a table.
pub(crate) fn of_owners(world: &World, choice: &Choice<'_>) -> String {
    let drawing = Drawing::here(choice.marked.is_some());
    let nodes = owners(world, choice);
    let rows = rows(&nodes, &drawing);
    let name = |row: &Row<'_, '_>| format!("{}{}", row.prefix, row.node.name(drawing.dots));
    let names = rows.iter().map(|row| width(&name(row))).max();
    let names = names.unwrap_or_default().max("NAMESPACE".len());
    let uids = widest(&nodes, "  UID".len(), &|node| node.owner_uid().len());
    let command = |node: &Node<'_>| width(node.example(world).1);
    // Longer than 15 are the names of kernel threads only.
    let commands = widest(&nodes, "COMMAND".len(), &command).min(15);

    let line = |name: &str, [uid, count, pid, command, held]: [&str; 5]| {
        let name = padded(name, names);
        let command = padded(&cut(command, commands, drawing.dots), commands);
        format!("{name} {uid:>uids$} {count:>5} {pid:>PID$} {command} {held}")
    };
    let heading = line("NAMESPACE", ["UID", "PROCS", "PID", "COMMAND", "HELD BY"]);
    let mut lines = vec![drawing.line(&heading, HEADING, false)];
    // The last column gets what the others leave.
    let before = width(&line("", [""; 5])) + if drawing.marks { 2 } else { 0 };
    let room = drawing.columns.saturating_sub(before);
    lines.extend(rows.iter().map(|row| {
        let What::Namespace(_, namespace) = row.node.what else {
            return drawing.row(row, &name(row));
        };
        let count = namespace.members.len().to_string();
        let (pid, command) = row.node.example(world);
        let held = held_by(namespace, room, drawing.dots);
        let cells = [&row.node.owner_uid(), &count, &pid, command, &held];
        drawing.row(row, &line(&name(row), cells))
    }));
    lines.join("\n")
}

/// The tree of PID namespaces, beside it every process's PID at every level.
pub(crate) fn of_pids(world: &World, choice: &Choice<'_>) -> String {
    let drawing = Drawing::here(choice.marked.is_some());
    let nodes = pids(world, choice);
    let rows = rows(&nodes, &drawing);
    let columns = PidColumns::of(&rows, &drawing);
    let headings = ["PID AT LEVEL", &columns.heading()];
    let headings = headings.map(|text| drawing.line(text, HEADING, false));
    let rows = rows.iter().map(|row| {
        let name = row.node.name_at(world, row.level, drawing.dots);
        drawing.row(
            row,
            &format!("{}  {}{name}", columns.cells(row), row.prefix),
        )
    });
    headings
        .into_iter()
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}

/// How wide the columns of PIDs are, from level 0 on.
struct PidColumns {
    widths: Vec<usize>,
    /// Whether all of them fit; else each row shows the PIDs that it has room for.
    aligned: bool,
    room: usize,
    dots: &'static str,
}

impl PidColumns {
    fn of(rows: &[Row<'_, '_>], drawing: &Drawing) -> Self {
        let mut widths = vec![PID];
        for (level, pid) in rows.iter().flat_map(|row| row.node.pids_at(row.level)) {
            widths.resize(widths.len().max(level + 1), 2);
            if let Some(width) = widths.get_mut(level) {
                *width = pid.len().max(*width);
            }
        }
        let whole = widths.iter().map(|width| width + 1).sum::<usize>() - 1;
        let aligned = whole <= drawing.columns / 2;
        Self {
            widths,
            aligned,
            room: if aligned { whole } else { drawing.columns / 3 },
            dots: drawing.dots,
        }
    }

    /// One text for each level, as wide as its column.
    fn aligned(&self, text: impl Fn(usize) -> String) -> String {
        let columns = self.widths.iter().enumerate();
        let cells = columns.map(|(level, width)| format!("{:>width$}", text(level)));
        cells.collect::<Vec<_>>().join(" ")
    }

    fn heading(&self) -> String {
        let levels = if self.aligned {
            self.aligned(|level| level.to_string())
        } else {
            "0 ...".into()
        };
        format!("{}  NAMESPACE, COMMAND", padded(&levels, self.room))
    }

    fn cells(&self, row: &Row<'_, '_>) -> String {
        let pids = row.node.pids_at(row.level);
        if self.aligned {
            let pids: BTreeMap<_, _> = pids.collect();
            return self.aligned(|level| pids.get(&level).cloned().unwrap_or_default());
        }
        let pids = pids.map(|(_, pid)| pid).collect();
        padded(&squeezed(pids, self.room, self.dots), self.room)
    }
}
