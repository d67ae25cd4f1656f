//! The two trees: who owns what, and which PID namespace lies in which.

use std::collections::BTreeMap;

use nix::unistd::Uid;

use crate::model::{Id, Namespace, Process, World};

/// Of more than this many of a kind side by side, the rest is counted only.
const SHOWN: usize = 6;

/// What a line of a tree stands for.
#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    Namespace(Id, &'a Namespace),
    Process(&'a Process),
    /// How many were left out, and of what.
    More(usize, &'static str),
}

/// A line of a tree, and what stands below it.
pub(crate) struct Node<'a> {
    pub(crate) what: What<'a>,
    /// Whether it is the place of the process that was asked for.
    pub(crate) marked: bool,
    pub(crate) children: Vec<Node<'a>>,
}

impl Node<'_> {
    fn kind(&self) -> &'static str {
        match self.what {
            What::Namespace(id, _) => id.kind,
            What::Process(_) => "processes",
            What::More(_, kind) => kind,
        }
    }

    fn holds_the_mark(&self) -> bool {
        self.marked || self.children.iter().any(Self::holds_the_mark)
    }

    /// How many levels of nodes there are, this one included.
    pub(crate) fn depth(&self) -> usize {
        1 + depth(&self.children)
    }
}

/// How many levels of nodes there are.
pub(crate) fn depth(nodes: &[Node<'_>]) -> usize {
    nodes.iter().map(Node::depth).max().unwrap_or_default()
}

/// What is to be shown.
pub(crate) struct Choice<'a> {
    /// The process whose place is marked.
    pub(crate) marked: Option<&'a Process>,
    /// Whether nothing is left out.
    pub(crate) all: bool,
}

impl Choice<'_> {
    /// The kernel's own threads are many, and in nobody's way.
    fn shows(&self, process: &Process) -> bool {
        let is_marked = self.marked.is_some_and(|marked| marked.pid == process.pid);
        self.all || is_marked || !process.is_kernel_thread
    }
}

/// The user namespaces, each with what it owns. First comes what has an owner nobody can
/// reach, such as the first user namespace.
pub(crate) fn owners<'a>(world: &'a World, choice: &Choice<'_>) -> Vec<Node<'a>> {
    let mut owned = Below::new();
    for id in world.sorted() {
        let owner = world.namespaces.get(&id).and_then(|found| found.owner);
        owned.entry(owner).or_default().push(id);
    }
    let mut roots = branch(world, choice, &owned, None, false);
    roots.sort_by_key(|node| node.kind() != "user");
    roots
}

/// The PID namespaces, each with its processes and those inside it.
pub(crate) fn pids<'a>(world: &'a World, choice: &Choice<'_>) -> Vec<Node<'a>> {
    let mut inside = Below::new();
    for id in world.sorted().filter(|id| id.kind == "pid") {
        let parent = world.namespaces.get(&id).and_then(|found| found.parent);
        inside.entry(parent).or_default().push(id);
    }
    branch(world, choice, &inside, None, true)
}

type Below = BTreeMap<Option<Id>, Vec<Id>>;

/// The namespaces at a place, each with its processes, if they are wanted, before the
/// namespaces that lie below it.
fn branch<'a>(
    world: &'a World,
    choice: &Choice<'_>,
    below: &Below,
    place: Option<Id>,
    processes: bool,
) -> Vec<Node<'a>> {
    let here = below.get(&place).into_iter().flatten();
    let nodes = here.filter_map(|id| {
        let namespace = world.namespaces.get(id)?;
        let members = namespace.members.iter().filter(|_| processes);
        let members = members.filter_map(|pid| world.processes.get(pid));
        let members = members.filter(|process| choice.shows(process));
        let members = members.map(|process| Node {
            what: What::Process(process),
            marked: choice.marked.is_some_and(|it| it.pid == process.pid),
            children: Vec::new(),
        });
        let mut children = fold(members.collect(), choice);
        children.extend(branch(world, choice, below, Some(*id), processes));
        Some(Node {
            what: What::Namespace(*id, namespace),
            marked: choice.marked.is_some_and(|it| it.namespaces.contains(id)),
            children,
        })
    });
    fold(nodes.collect(), choice)
}

/// Leaves out most of a long list of one kind, but never what is marked. What is
/// left out is counted behind the others of its kind.
fn fold<'a>(nodes: Vec<Node<'a>>, choice: &Choice<'_>) -> Vec<Node<'a>> {
    let mut counts = BTreeMap::new();
    for node in &nodes {
        *counts.entry(node.kind()).or_insert(0) += 1;
    }
    let mut folded: Vec<Node<'a>> = Vec::new();
    let mut shown = BTreeMap::new();
    for node in nodes {
        let kind = node.kind();
        let shown = shown.entry(kind).or_insert(0);
        // A line that stands for one more would save nothing.
        let room = *shown < SHOWN || counts.get(kind) <= Some(&(SHOWN + 1));
        if choice.all || room || node.holds_the_mark() {
            *shown += 1;
            folded.push(node);
            continue;
        }
        match folded.last_mut().map(|last| &mut last.what) {
            Some(What::More(more, of)) if *of == kind => *more += 1,
            _ => folded.push(Node {
                what: What::More(1, kind),
                marked: false,
                children: Vec::new(),
            }),
        }
    }
    folded
}

/// What the map lacks; nothing if it lacks nothing.
pub(crate) fn unseen(world: &World, choice: &Choice<'_>) -> Option<String> {
    let processes = world.processes.values();
    let threads = processes.filter(|process| !choice.shows(process)).count();
    let mut lines = Vec::new();
    if threads > 0 {
        lines.push(format!(
            "{threads} threads of the kernel are left out: --all shows them."
        ));
    }
    let is_root = Uid::effective().is_root();
    match (world.unseen, is_root) {
        (0, _) => {}
        (count, false) => lines.push(format!(
            "Not to be read, of other users or of user namespaces above: {count}. Root sees more."
        )),
        (count, true) => lines.push(format!(
            "Not to be read, also by root: {count}. A user namespace above, or a security module."
        )),
    }
    if world.hidden && world.unseen == 0 && !is_root {
        lines.push("This /proc hides processes (hidepid): root sees more.".into());
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
