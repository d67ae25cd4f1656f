//! The trees as lines for a terminal.

use anstyle::{AnsiColor, Style};
use common::terminal;

use crate::cells::{example, held_by, owner_uid};
use crate::model::{Id, World};
use crate::text::{cut, padded, squeezed, width};
use crate::view::{Choice, Node, What, depth, owners, pids};

const HEADING: Style = Style::new().bold();
const NAMESPACE: Style = AnsiColor::Cyan.on_default();
const MARKED: Style = AnsiColor::Green.on_default().bold();
/// Room for the largest PID there can be, 4194304.
const PID: usize = 7;

/// What lines are drawn with.
struct Drawing {
    branch: &'static str,
    last: &'static str,
    down: &'static str,
    gap: &'static str,
    dots: &'static str,
    columns: usize,
    colours: bool,
    /// Whether lines begin with room for the sign of the marked process.
    marks: bool,
}

impl Drawing {
    fn here(marks: bool) -> Self {
        let utf8 = terminal::is_utf8();
        let pick = |utf8_text, ascii| if utf8 { utf8_text } else { ascii };
        Self {
            branch: pick("├─ ", "|- "),
            last: pick("└─ ", "`- "),
            down: pick("│  ", "|  "),
            gap: "   ",
            dots: pick("…", "..."),
            columns: terminal::width(),
            colours: terminal::has_colours(&std::io::stdout()),
            marks,
        }
    }
}

/// A line of a tree: the lines that lead to its node, and the node.
struct Row<'n, 'a> {
    prefix: String,
    node: &'n Node<'a>,
    level: usize,
}

/// The tree of user namespaces, as a table.
pub(crate) fn of_owners(world: &World, choice: &Choice<'_>) -> String {
    let drawing = Drawing::here(choice.marked.is_some());
    let nodes = owners(world, choice);
    let rows = rows(&nodes, &drawing);
    let names = rows
        .iter()
        .map(|row| width(&row.prefix) + width(&name(row.node, &drawing)));
    let names = names.max().unwrap_or_default().max("NAMESPACE".len());
    let commands = rows.iter().map(|row| width(example(world, row.node).1));
    // Longer than 15 are the names of kernel threads only.
    let commands = commands
        .max()
        .unwrap_or_default()
        .clamp("COMMAND".len(), 15);

    let uids = rows.iter().map(|row| owner_uid(row.node).len());
    let uids = uids.max().unwrap_or_default().max("  UID".len());

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
    for row in &rows {
        let name = format!("{}{}", row.prefix, name(row.node, &drawing));
        let What::Namespace(id, namespace) = row.node.what else {
            lines.push(drawing.line(&name, Style::new(), false));
            continue;
        };
        let uid = owner_uid(row.node);
        let (pid, command) = example(world, row.node);
        let held = held_by(namespace, room, drawing.dots);
        let count = namespace.members.len().to_string();
        let text = line(&name, [&uid, &count, &pid, command, &held]);
        lines.push(drawing.line(&text, style(id), row.node.marked));
    }
    lines.join("\n")
}

/// The tree of PID namespaces, beside it every process's PID at every level.
pub(crate) fn of_pids(world: &World, choice: &Choice<'_>) -> String {
    let drawing = Drawing::here(choice.marked.is_some());
    let nodes = pids(world, choice);
    let rows = rows(&nodes, &drawing);
    let columns = PidColumns::of(&rows, drawing.columns);
    let mut lines = vec![
        drawing.line("PID AT LEVEL", HEADING, false),
        drawing.line(&columns.heading(), HEADING, false),
    ];
    for row in &rows {
        let pids = columns.cells(row, drawing.dots);
        let name = name(row.node, &drawing);
        let (note, style) = match row.node.what {
            What::Namespace(id, _) => (format!(" level {}", row.level), style(id)),
            What::Process(process) if world.own == Some(process.pid) => {
                (" (self)".into(), Style::new())
            }
            _ => (String::new(), Style::new()),
        };
        let text = format!("{pids}  {}{name}{note}", row.prefix);
        lines.push(drawing.line(&text, style, row.node.marked));
    }
    lines.join("\n")
}

/// How wide the columns of PIDs are, from level 0 on.
struct PidColumns {
    widths: Vec<usize>,
    /// Whether all of them fit; else each row shows the PIDs that it has room for.
    aligned: bool,
    room: usize,
}

impl PidColumns {
    fn of(rows: &[Row<'_, '_>], columns: usize) -> Self {
        let mut widths = vec![PID];
        for row in rows {
            for (level, pid) in row.pids() {
                if widths.len() <= level {
                    widths.resize(level + 1, 2);
                }
                if let Some(width) = widths.get_mut(level) {
                    *width = pid.to_string().len().max(*width);
                }
            }
        }
        let whole = widths.iter().map(|width| width + 1).sum::<usize>() - 1;
        let aligned = whole <= columns / 2;
        Self {
            widths,
            aligned,
            room: if aligned { whole } else { columns / 3 },
        }
    }

    fn heading(&self) -> String {
        let levels = self.widths.iter().enumerate();
        let cells = levels.map(|(level, width)| format!("{level:>width$}"));
        let cells = cells.collect::<Vec<_>>().join(" ");
        let cells = if self.aligned { cells } else { "0 ...".into() };
        format!("{}  NAMESPACE, COMMAND", padded(&cells, self.room))
    }

    fn cells(&self, row: &Row<'_, '_>, dots: &str) -> String {
        let pids: Vec<_> = row.pids().collect();
        if self.aligned {
            let cell = |(level, width): (usize, &usize)| {
                let pid = pids.iter().find(|(at, _)| *at == level);
                let pid = pid.map(|(_, pid)| pid.to_string()).unwrap_or_default();
                format!("{pid:>width$}")
            };
            let cells = self.widths.iter().enumerate().map(cell);
            return cells.collect::<Vec<_>>().join(" ");
        }
        let pids = pids.iter().map(|(_, pid)| pid.to_string()).collect();
        padded(&squeezed(pids, self.room, dots), self.room)
    }
}

impl Row<'_, '_> {
    /// A process's PIDs, each with its level.
    fn pids(&self) -> impl Iterator<Item = (usize, i32)> {
        let pids = match self.node.what {
            What::Process(process) => process.pids.as_slice(),
            _ => &[],
        };
        // The last one is that of the namespace above this row.
        let first = self.level.saturating_sub(pids.len());
        pids.iter()
            .enumerate()
            .map(move |(at, pid)| (first + at, *pid))
    }
}

/// The nodes from top to bottom.
fn rows<'n, 'a>(nodes: &'n [Node<'a>], drawing: &Drawing) -> Vec<Row<'n, 'a>> {
    // A tree that is too deep for its lines gets shorter ones.
    let step = if depth(nodes) * 3 > drawing.columns / 3 {
        1
    } else {
        3
    };
    let mut rows = Vec::new();
    let mut waiting: Vec<_> = nodes
        .iter()
        .rev()
        .map(|node| (node, None::<String>, 0, true))
        .collect();
    while let Some((node, above, level, last)) = waiting.pop() {
        let part = |text: &str| text.chars().take(step).collect::<String>();
        let sign = if last { drawing.last } else { drawing.branch };
        let below = if last { drawing.gap } else { drawing.down };
        let (prefix, inner) = match above {
            None => (String::new(), String::new()),
            Some(above) => (
                format!("{above}{}", part(sign)),
                format!("{above}{}", part(below)),
            ),
        };
        rows.push(Row {
            prefix,
            node,
            level,
        });
        let count = node.children.len();
        for (at, child) in node.children.iter().enumerate().rev() {
            waiting.push((child, Some(inner.clone()), level + 1, at + 1 == count));
        }
    }
    rows
}

impl Drawing {
    /// A whole line: marked, cut to the width, coloured.
    fn line(&self, text: &str, style: Style, marked: bool) -> String {
        let sign = match (self.marks, marked) {
            (false, _) => "",
            (true, false) => "  ",
            (true, true) => "> ",
        };
        let text = cut(
            &format!("{sign}{}", text.trim_end()),
            self.columns,
            self.dots,
        );
        let style = if marked { MARKED } else { style };
        if self.colours && style != Style::new() {
            format!("{style}{text}{style:#}")
        } else {
            text
        }
    }
}

fn style(id: Id) -> Style {
    match id.kind {
        "user" | "pid" => NAMESPACE,
        _ => Style::new(),
    }
}

fn name(node: &Node<'_>, drawing: &Drawing) -> String {
    match node.what {
        What::Namespace(id, _) => id.to_string(),
        What::Process(process) => process.command.clone(),
        What::More(count, kind) => format!("{} and {count} more {kind}", drawing.dots),
    }
}
