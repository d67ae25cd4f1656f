//! Everything that was found, for other programs: one object, its keys stable.

use std::fmt::Display;

use common::json::string;

use crate::model::{Namespace, Process, World};

/// The text of the object, one namespace or process a line.
pub(crate) fn document(world: &World, marked: Option<i32>) -> String {
    let namespaces = world.namespaces.iter().map(|(id, namespace)| {
        let head = format!("\"type\": \"{}\", \"inode\": {}", id.kind, id.inode);
        format!("    {{{head}, {}}}", of_namespace(namespace))
    });
    let processes = world.processes.values();
    let processes = processes.map(|process| format!("    {{{}}}", of_process(process)));
    format!(
        "{{\n  \"self\": {},\n  \"marked\": {},\n  \"unseen\": {},\n  \"hidden\": {},\n  \
         \"namespaces\": [\n{}\n  ],\n  \"processes\": [\n{}\n  ]\n}}",
        or_null(world.own),
        or_null(marked),
        world.unseen,
        world.hidden,
        namespaces.collect::<Vec<_>>().join(",\n"),
        processes.collect::<Vec<_>>().join(",\n"),
    )
}

fn of_namespace(namespace: &Namespace) -> String {
    format!(
        "\"owner\": {}, \"parent\": {}, \"owner_uid\": {}, \"processes\": [{}], \"held_by\": [{}]",
        or_null(namespace.owner.map(|id| id.inode)),
        or_null(namespace.parent.map(|id| id.inode)),
        or_null(namespace.owner_uid),
        list(&namespace.members),
        list(namespace.handles.iter().map(|path| string(path))),
    )
}

fn of_process(process: &Process) -> String {
    let namespaces = process.namespaces.iter();
    format!(
        "\"pid\": {}, \"command\": {}, \"pids\": [{}], \"namespaces\": {{{}}}",
        process.pid,
        string(&process.command),
        list(&process.pids),
        list(namespaces.map(|id| format!("\"{}\": {}", id.kind, id.inode))),
    )
}

fn list(values: impl IntoIterator<Item = impl Display>) -> String {
    let values = values.into_iter().map(|value| value.to_string());
    values.collect::<Vec<_>>().join(", ")
}

fn or_null(value: Option<impl Display>) -> String {
    value.map_or_else(|| "null".into(), |value| value.to_string())
}
