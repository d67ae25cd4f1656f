//! The trees as a picture: a box for each user or PID namespace, nested as they are.

use std::fmt::Write as _;

use crate::cells::{example, held_by, owner_uid};
use crate::model::World;
use crate::picture::{BEGINS, Column, ENDS, LINE, PADDING, Picture, WIDTH, escaped};
use crate::text::{cut, squeezed, width};
use crate::view::{Choice, Node, What, depth, owners, pids, unseen};

/// A character of the 13-pixel monospace fonts, rounded up.
const CHARACTER: usize = 8;
const DOTS: &str = "…";
/// Room for the columns of PIDs.
const PIDS: usize = 280;

/// The picture of both trees or of one; it takes its colour from the text around it.
pub(crate) fn document(world: &World, choice: &Choice<'_>, user: bool, pid: bool) -> String {
    let mut picture = Picture::default();
    let mut told = Vec::new();
    if user {
        let nodes = owners(world, choice);
        told.extend(nodes.iter().map(|node| picture.tell(world, node)));
        picture.of_owners(world, &nodes);
    }
    if pid {
        let nodes = pids(world, choice);
        told.extend(nodes.iter().map(|node| picture.tell(world, node)));
        picture.of_pids(world, &nodes);
    }
    if let Some(note) = unseen(world) {
        picture.y += LINE;
        picture.text((PADDING, BEGINS), &note, "");
        told.push(note);
    }
    let (name, title) = match (user, pid) {
        (true, false) => ("map-user", "User namespaces, and what each owns"),
        (false, true) => ("map-pids", "PID namespaces, and their processes"),
        _ => ("map", "User namespaces and PID namespaces"),
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"{name}-t {name}-d\" font-family=\"monospace\" font-size=\"13\" \
         fill=\"currentColor\">\n<title id=\"{name}-t\">{title}</title>\n\
         <desc id=\"{name}-d\">{desc}</desc>\n{shapes}{texts}</svg>",
        height = picture.y + PADDING,
        desc = escaped(&told.join(" ")),
        shapes = picture.shapes,
        texts = picture.texts,
    )
}

impl Picture {
    fn of_owners(&mut self, world: &World, nodes: &[Node<'_>]) {
        self.inset = 14.min(200 / depth(nodes).max(1));
        let [names, uids, examples] = extent(world, nodes);
        let name_end = PADDING + self.inset * (depth(nodes).saturating_sub(1)) + names * CHARACTER;
        let uid: Column = (name_end + uids * CHARACTER, ENDS);
        let count = (uid.0 + 88, ENDS);
        let known = (count.0 + 2 * CHARACTER, BEGINS);
        let held = (known.0 + (examples + 2) * CHARACTER, BEGINS);
        let end = WIDTH - 2 * PADDING - self.inset / 2 * depth(nodes);
        let room = |column: Column| end.saturating_sub(column.0) / CHARACTER;

        self.y += LINE;
        let quiet = " opacity=\"0.8\"";
        let heads = [
            (uid, "uid"),
            (count, "processes"),
            (known, "for example"),
            (held, "held by"),
        ];
        for (column, head) in heads {
            if column.1 == ENDS || room(column) >= head.len() {
                self.text(column, head, quiet);
            }
        }
        let mut row = |picture: &mut Self, node: &Node<'_>, x: usize, _: usize| {
            let What::Namespace(id, namespace) = node.what else {
                return picture.text((x, BEGINS), &label(node), quiet);
            };
            let bold = if id.kind == "user" {
                " font-weight=\"bold\""
            } else {
                ""
            };
            picture.text((x, BEGINS), &label(node), bold);
            let owner = owner_uid(node);
            if !owner.is_empty() {
                picture.text(uid, &owner, "");
            }
            picture.text(count, &namespace.members.len().to_string(), "");
            let (pid, command) = example(world, node);
            for (column, cell) in [
                (known, cut(&format!("{pid} {command}"), room(known), DOTS)),
                (held, held_by(namespace, room(held), DOTS)),
            ] {
                if !cell.trim().is_empty() && room(column) >= 8 {
                    picture.text(column, &cell, "");
                }
            }
        };
        self.boxes(nodes, &look("#2a7de1", depth(nodes)), &mut row);
    }

    fn of_pids(&mut self, world: &World, nodes: &[Node<'_>]) {
        self.inset = 14.min(200 / depth(nodes).max(1));
        let levels = depth(nodes).saturating_sub(1).max(1);
        // The columns end left of the innermost box's edge.
        let end = WIDTH - 2 * PADDING - self.inset / 2 * levels;
        let step = 64.min(PIDS / levels);
        let column = |level: usize| (end - step * levels.saturating_sub(level + 1), ENDS);
        // Too many for columns of their own.
        let aligned = step >= 4 * CHARACTER;
        let quiet = " opacity=\"0.8\"";

        self.y += LINE;
        if aligned {
            self.text((column(0).0 - 60, ENDS), "PID at level", quiet);
            for level in 0..levels {
                self.text(column(level), &level.to_string(), quiet);
            }
        } else {
            let heading = format!("PID at level 0 {DOTS} {}", levels - 1);
            self.text((end, ENDS), &heading, quiet);
        }
        let mut row = |picture: &mut Self, node: &Node<'_>, x: usize, level: usize| match node.what
        {
            What::Namespace(..) => {
                let name = format!("{} level {level}", label(node));
                picture.text((x, BEGINS), &name, " font-weight=\"bold\"");
            }
            What::Process(process) => {
                let own = world.own == Some(process.pid);
                let name = label(node) + if own { " (self)" } else { "" };
                picture.text((x, BEGINS), &name, "");
                let pids: Vec<_> = process.pids.iter().map(i32::to_string).collect();
                if !aligned {
                    let pids = squeezed(pids, PIDS / CHARACTER, DOTS);
                    return picture.text((end, ENDS), &pids, "");
                }
                let first = level.saturating_sub(pids.len());
                for (at, pid) in pids.iter().enumerate() {
                    let class = format!(" class=\"pid level-{}\"", first + at);
                    picture.text(column(first + at), pid, &class);
                }
            }
            What::More(..) => picture.text((x, BEGINS), &label(node), quiet),
        };
        self.boxes(nodes, &look("#d9822b", depth(nodes)), &mut row);
    }

    /// The tree in words, for those who do not see the picture.
    fn tell(&self, world: &World, node: &Node<'_>) -> String {
        let mut told = label(node);
        if let What::Namespace(_, namespace) = node.what {
            if let Some(uid) = namespace.owner_uid {
                let _ = write!(told, ", uid {uid}");
            }
            let (pid, command) = example(world, node);
            match namespace.members.len() {
                0 => told.push_str(", no process"),
                1 => drop(write!(told, ", 1 process: {pid} {command}")),
                count => drop(write!(
                    told,
                    ", {count} processes, for example {pid} {command}"
                )),
            }
            for path in &namespace.handles {
                let _ = write!(told, ", held by {path}");
            }
        }
        if let What::Process(process) = node.what {
            let pids: Vec<_> = process.pids.iter().map(i32::to_string).collect();
            let _ = write!(told, ": PID {}", pids.join(", "));
        }
        if node.marked {
            told.push_str(", marked");
        }
        if node.children.is_empty() {
            return told;
        }
        let inside: Vec<_> = node
            .children
            .iter()
            .map(|child| self.tell(world, child))
            .collect();
        format!("{told} ({})", inside.join("; "))
    }
}

/// A colour that works on a light and on a dark page, and leaves the texts legible
/// where many boxes lie on one another.
fn look(colour: &str, depth: usize) -> String {
    let percent = 12.min(70 / depth.max(1));
    format!("fill=\"{colour}\" fill-opacity=\"0.{percent:02}\" stroke=\"{colour}\"")
}

fn label(node: &Node<'_>) -> String {
    match node.what {
        What::Namespace(id, _) => id.to_string(),
        What::Process(process) => process.command.clone(),
        What::More(count, kind) => format!("{DOTS} and {count} more {kind}"),
    }
}

/// How many characters the longest name, UID and example have, of PIDs with
/// up to five digits, so that a picture does not depend on which PIDs were free.
fn extent(world: &World, nodes: &[Node<'_>]) -> [usize; 3] {
    let [mut names, mut uids, mut examples] = ["for example", "   uid", "for example"].map(width);
    let mut waiting: Vec<_> = nodes.iter().collect();
    while let Some(node) = waiting.pop() {
        let (pid, command) = example(world, node);
        names = names.max(width(&label(node)));
        uids = uids.max(owner_uid(node).len());
        examples = examples.max(width(&pid).max(5) + 1 + width(command));
        waiting.extend(&node.children);
    }
    [names, uids, examples]
}
