//! Everything that was found, for other programs: one object, its keys stable.

use common::lab::json::{array, null_or, object, string};

use crate::model::{Id, Namespace, Process, World};

pub(crate) fn document(world: &World, marked: Option<i32>) -> String {
    let namespaces = world.namespaces.iter();
    object([
        ("self", null_or(world.own)),
        ("marked", null_or(marked)),
        ("unseen", world.unseen.to_string()),
        ("hidden", world.hidden.to_string()),
        (
            "namespaces",
            array(namespaces.map(|(id, namespace)| of_namespace(*id, namespace))),
        ),
        ("processes", array(world.processes.values().map(of_process))),
    ])
}

fn of_namespace(id: Id, namespace: &Namespace) -> String {
    let handles = namespace.handles.iter();
    object([
        ("type", string(id.kind)),
        ("inode", id.inode.to_string()),
        ("id", null_or(namespace.id)),
        ("owner", null_or(namespace.owner.map(|id| id.inode))),
        ("parent", null_or(namespace.parent.map(|id| id.inode))),
        ("owner_uid", null_or(namespace.owner_uid)),
        (
            "processes",
            array(namespace.members.iter().map(ToString::to_string)),
        ),
        (
            "held_by",
            array(handles.map(|path| string(&path.to_string_lossy()))),
        ),
    ])
}

fn of_process(process: &Process) -> String {
    let namespaces = process.namespaces.iter();
    object([
        ("pid", process.pid.to_string()),
        ("command", string(&process.name)),
        ("pids", array(process.pids.iter().map(ToString::to_string))),
        (
            "namespaces",
            object(namespaces.map(|id| (id.kind, id.inode.to_string()))),
        ),
    ])
}
