//! The trees as a picture: a box for each user or PID namespace, nested as they are.

use std::fmt::{self, Write as _};

use common::lab::printable;

use crate::cells::{held_by, widest};
use crate::model::{Namespace, World};
use crate::picture::{BEGINS, Column, ENDS, LINE, PADDING, Picture, WIDTH, escaped};
use crate::text::{cut, squeezed, width};
use crate::view::{Choice, Node, What, depth, owners, pids, unseen};

/// A character of the 13-pixel monospace fonts, rounded up.
const CHARACTER: usize = 8;
const DOTS: &str = "…";
const QUIET: &str = " opacity=\"0.8\"";
const BOLD: &str = " font-weight=\"bold\"";
/// Room for the columns of PIDs.
const PIDS: usize = 280;

/// The picture of both trees or of one; it takes its colour from the text around it.
pub(crate) fn document(world: &World, choice: &Choice<'_>, user: bool, pid: bool) -> String {
    let mut picture = Picture::default();
    let mut told = Vec::new();
    if user {
        let nodes = owners(world, choice);
        told.push(tell(world, &nodes, " "));
        picture.of_owners(world, &nodes);
    }
    if pid {
        let nodes = pids(world, choice);
        told.push(tell(world, &nodes, " "));
        picture.of_pids(world, &nodes);
    }
    let notes = unseen(world, choice).unwrap_or_default();
    for note in notes.lines() {
        picture.y += LINE;
        picture.text((PADDING, BEGINS), note, "");
        told.push(note.to_owned());
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
        let depth = depth(nodes);
        self.inset = inset(depth);
        // Of PIDs with up to five digits, so that a picture does not depend on which were free.
        let example = |(pid, command): (String, &str)| width(&pid).max(5) + 1 + width(command);
        let examples = widest(nodes, "for example".len(), &|node| {
            example(node.example(world))
        });
        let names = widest(nodes, "for example".len(), &|node| width(&node.name(DOTS)));
        let uids = widest(nodes, "   uid".len(), &|node| node.owner_uid().len());

        let name_end = PADDING + self.inset * depth.saturating_sub(1) + names * CHARACTER;
        let uid: Column = (name_end + uids * CHARACTER, ENDS);
        let count = (uid.0 + 88, ENDS);
        let known = (count.0 + 2 * CHARACTER, BEGINS);
        let held = (known.0 + (examples + 2) * CHARACTER, BEGINS);
        let end = WIDTH - 2 * PADDING - self.inset / 2 * depth;
        let room = |column: Column| end.saturating_sub(column.0) / CHARACTER;

        self.y += LINE;
        let heads = [
            (uid, "uid"),
            (count, "processes"),
            (known, "for example"),
            (held, "held by"),
        ];
        for (column, head) in heads {
            if column.1 == ENDS || room(column) >= head.len() {
                self.text(column, head, QUIET);
            }
        }
        let mut row = |picture: &mut Self, node: &Node<'_>, x: usize, _: usize| {
            let What::Namespace(id, namespace) = node.what else {
                return picture.text((x, BEGINS), &node.name(DOTS), QUIET);
            };
            let weight = if id.kind == "user" { BOLD } else { "" };
            picture.text((x, BEGINS), &node.name(DOTS), weight);
            let (pid, command) = node.example(world);
            let known_text = cut(&format!("{pid} {command}"), room(known), DOTS);
            for (column, cell) in [
                (uid, node.owner_uid()),
                (count, namespace.members.len().to_string()),
                (known, known_text),
                (held, held_by(namespace, room(held), DOTS)),
            ] {
                let fits = column.1 == ENDS || room(column) >= 8;
                if fits && !cell.trim().is_empty() {
                    picture.text(column, &cell, "");
                }
            }
        };
        self.boxes(nodes, &look("#1e71d5", depth), &mut row);
    }

    fn of_pids(&mut self, world: &World, nodes: &[Node<'_>]) {
        let depth = depth(nodes);
        self.inset = inset(depth);
        let levels = depth.saturating_sub(1).max(1);
        // The columns end left of the innermost box's edge.
        let end = WIDTH - 2 * PADDING - self.inset / 2 * levels;
        let step = 64.min(PIDS / levels);
        let column = |level: usize| (end - step * levels.saturating_sub(level + 1), ENDS);
        // Too many for columns of their own.
        let aligned = step >= 4 * CHARACTER;

        self.y += LINE;
        if aligned {
            self.text((column(0).0 - 60, ENDS), "PID at level", QUIET);
            for level in 0..levels {
                self.text(column(level), &level.to_string(), QUIET);
            }
        } else {
            let heading = format!("PID at level 0 {DOTS} {}", levels - 1);
            self.text((end, ENDS), &heading, QUIET);
        }
        let mut row = |picture: &mut Self, node: &Node<'_>, x: usize, level: usize| {
            let look = match node.what {
                What::Namespace(..) => BOLD,
                What::Process(_) => "",
                What::More(..) => QUIET,
            };
            picture.text((x, BEGINS), &node.name_at(world, level, DOTS), look);
            let pids: Vec<_> = node.pids_at(level).collect();
            if aligned {
                for (level, pid) in pids {
                    picture.text(
                        column(level),
                        &pid,
                        &format!(" class=\"pid level-{level}\""),
                    );
                }
            } else if !pids.is_empty() {
                let pids = pids.into_iter().map(|(_, pid)| pid).collect();
                picture.text((end, ENDS), &squeezed(pids, PIDS / CHARACTER, DOTS), "");
            }
        };
        self.boxes(nodes, &look("#a6621e", depth), &mut row);
    }
}

/// How far a box lies inside the one around it: less where there are many.
fn inset(depth: usize) -> usize {
    14.min(200 / depth.max(1))
}

/// A colour that works on a light and on a dark page, and leaves the texts legible
/// where many boxes lie on one another.
fn look(colour: &str, depth: usize) -> String {
    let percent = 12.min(70 / depth.max(1));
    format!("fill=\"{colour}\" fill-opacity=\"0.{percent:02}\" stroke=\"{colour}\"")
}

/// A tree in words, for those who do not see the picture.
fn tell(world: &World, nodes: &[Node<'_>], between: &str) -> String {
    let told = nodes.iter().map(|node| {
        let mut told = node.name(DOTS);
        // Writing to a String cannot fail.
        let _ = match node.what {
            What::Namespace(_, namespace) => tell_namespace(&mut told, world, node, namespace),
            What::Process(process) => {
                let pids: Vec<_> = process.pids.iter().map(i32::to_string).collect();
                write!(told, ": PID {}", pids.join(", "))
            }
            What::More(..) => Ok(()),
        };
        if node.marked {
            told.push_str(", marked");
        }
        if !node.children.is_empty() {
            let _ = write!(told, " ({})", tell(world, &node.children, "; "));
        }
        told
    });
    told.collect::<Vec<_>>().join(between)
}

fn tell_namespace(
    told: &mut String,
    world: &World,
    node: &Node<'_>,
    namespace: &Namespace,
) -> fmt::Result {
    if let Some(uid) = namespace.owner_uid {
        write!(told, ", uid {uid}")?;
    }
    let (pid, command) = node.example(world);
    match namespace.members.len() {
        0 => write!(told, ", no process")?,
        1 => write!(told, ", 1 process: {pid} {command}")?,
        count => write!(told, ", {count} processes, for example {pid} {command}")?,
    }
    namespace
        .handles
        .iter()
        .try_for_each(|path| write!(told, ", held by {}", printable(path)))
}
