//! What the text and the picture say of a line of a tree.

use common::lab::printable;

use crate::model::{Namespace, World};
use crate::text::cut;
use crate::view::{Node, What};

impl Node<'_> {
    pub(crate) fn name(&self, dots: &str) -> String {
        match self.what {
            What::Namespace(id, _) => id.to_string(),
            What::Process(process) => process.command.clone(),
            What::More(count, kind) => format!("{dots} and {count} more {kind}"),
        }
    }

    /// The name in the tree of PID namespaces, where this node lies at a level.
    pub(crate) fn name_at(&self, world: &World, level: usize, dots: &str) -> String {
        let note = match self.what {
            What::Namespace(..) => format!(" level {level}"),
            What::Process(process) if world.own == Some(process.pid) => " (self)".into(),
            _ => String::new(),
        };
        self.name(dots) + &note
    }

    /// A process's PIDs, each with its level. The last one is that of the namespace in
    /// which this node lies.
    pub(crate) fn pids_at(&self, level: usize) -> impl Iterator<Item = (usize, String)> {
        let pids = match self.what {
            What::Process(process) => process.pids.as_slice(),
            _ => &[],
        };
        (level.saturating_sub(pids.len())..).zip(pids.iter().map(i32::to_string))
    }

    /// The user who has made a namespace.
    pub(crate) fn owner_uid(&self) -> String {
        let uid = match self.what {
            What::Namespace(_, namespace) => namespace.owner_uid,
            _ => None,
        };
        uid.map(|uid| uid.to_string()).unwrap_or_default()
    }

    /// The first process in a namespace, to know it by.
    pub(crate) fn example<'w>(&self, world: &'w World) -> (String, &'w str) {
        let members = match self.what {
            What::Namespace(_, namespace) => namespace.members.as_slice(),
            _ => &[],
        };
        let members = members.iter().filter_map(|pid| world.processes.get(pid));
        let process = members.min_by_key(|process| (process.is_kernel_thread, process.pid));
        process
            .map(|process| (process.pid.to_string(), process.command.as_str()))
            .unwrap_or_default()
    }
}

/// The most columns that a node takes, and at least so many.
pub(crate) fn widest(nodes: &[Node<'_>], least: usize, of: &dyn Fn(&Node<'_>) -> usize) -> usize {
    let widest = |most: usize, node: &Node<'_>| widest(&node.children, most.max(of(node)), of);
    nodes.iter().fold(least, widest)
}

/// One handle, and how many there are besides. That a process's children are born
/// in a namespace says little where some of them live there.
pub(crate) fn held_by(namespace: &Namespace, room: usize, dots: &str) -> String {
    let empty = namespace.members.is_empty();
    let handles = namespace.handles.iter();
    let handles: Vec<_> = handles
        .map(|path| printable(path))
        .filter(|path| empty || !path.ends_with("_for_children"))
        .collect();
    match handles.as_slice() {
        [] if namespace.is_listed && empty => "nothing in sight".into(),
        [] if empty => "what is below it".into(),
        [] => String::new(),
        [only] => cut(only, room, dots),
        [first, others @ ..] => {
            let others = format!(" +{}", others.len());
            cut(first, room.saturating_sub(others.len()), dots) + &others
        }
    }
}
