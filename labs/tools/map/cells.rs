//! What the table and the picture say of a namespace.

use crate::model::{Namespace, World};
use crate::text::cut;
use crate::view::{Node, What};

/// The user who has made a namespace.
pub(crate) fn owner_uid(node: &Node<'_>) -> String {
    let uid = match node.what {
        What::Namespace(_, namespace) => namespace.owner_uid,
        _ => None,
    };
    uid.map(|uid| uid.to_string()).unwrap_or_default()
}

/// The first process in a namespace, to know it by.
pub(crate) fn example<'a>(world: &'a World, node: &Node<'_>) -> (String, &'a str) {
    let What::Namespace(_, namespace) = node.what else {
        return <_>::default();
    };
    let first = namespace.members.first();
    let process = first.and_then(|pid| world.processes.get(pid));
    process
        .map(|process| (process.pid.to_string(), process.command.as_str()))
        .unwrap_or_default()
}

/// One handle, and how many there are besides. That a process's children are born
/// in a namespace says little where some of them live there.
pub(crate) fn held_by(namespace: &Namespace, room: usize, dots: &str) -> String {
    let empty = namespace.members.is_empty();
    let handles = namespace.handles.iter();
    let handles: Vec<_> = handles
        .filter(|path| empty || !path.ends_with("_for_children"))
        .collect();
    match handles.as_slice() {
        [] if empty => "what is below it".into(),
        [] => String::new(),
        [only] => cut(only, room, dots),
        [first, others @ ..] => {
            let others = format!(" +{}", others.len());
            cut(first, room.saturating_sub(others.len()), dots) + &others
        }
    }
}
