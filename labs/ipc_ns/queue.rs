//! What parent and child do with queues of either kind, in turns.

use common::{Checkpoint, Error, Result, say};
use nix::errno::Errno;

pub(crate) const PARENT: &str = "parent:";
pub(crate) const CHILD: &str = "child: ";

/// The keys of the System V queues; the POSIX ones are called `/a` and `/b`.
const A: i32 = 0xa;
const B: i32 = 0xb;

/// A message queue. Each operation is one system call and one line of the transcript.
pub(crate) trait Queue: Sized {
    /// Makes a queue, if there is none of that key.
    fn make(who: &str, key: i32) -> Result<Option<Self>>;
    /// Looks for a queue that somebody has made.
    fn find(who: &str, key: i32) -> Result<Option<Self>>;
    /// Puts a message in.
    fn send(&self, who: &str, text: &str) -> Result<()>;
    /// Takes the oldest message out, if there is one.
    fn receive(&self, who: &str) -> Result<()>;
}

// ANCHOR: turns
pub(crate) fn of_parent<Q: Queue>(turns: &Turns) -> Result<()> {
    let made = Q::make(PARENT, A)?;
    if let Some(queue) = &made {
        queue.send(PARENT, "from the parent")?;
    }
    turns.of_child()?;
    Q::find(PARENT, B)?;
    if let Some(queue) = &made {
        queue.receive(PARENT)?;
    }
    turns.of_child()
}

pub(crate) fn of_child<Q: Queue>(turns: &Turns) -> Result<()> {
    if let Some(queue) = Q::find(CHILD, A)? {
        queue.receive(CHILD)?;
    }
    let made = Q::make(CHILD, A)?;
    if let Some(queue) = &made {
        queue.send(CHILD, "from the child")?;
    }
    Q::make(CHILD, B)?;
    turns.of_parent()?;
    if let Some(queue) = &made {
        queue.receive(CHILD)?;
    }
    Ok(())
}
// ANCHOR_END: turns

/// Says what a call answered. The refusals that the lab is about are answers,
/// too; any other errno ends it.
pub(crate) fn answered<T>(
    who: &str,
    step: &'static str,
    arguments: &str,
    answer: nix::Result<T>,
    refusals: &[Errno],
    words: impl FnOnce(&T) -> String,
) -> Result<Option<T>> {
    match answer {
        Ok(value) => {
            say!("{who} {step}({arguments}): {}", words(&value))?;
            Ok(Some(value))
        }
        Err(errno) if refusals.contains(&errno) => {
            say!("{who} {step}({arguments}): {errno}")?;
            Ok(None)
        }
        Err(errno) if arguments.is_empty() => Err(Error::new(step, "the queue", errno)),
        Err(errno) => Err(Error::new(step, arguments, errno)),
    }
}

/// A checkpoint in each direction: one process speaks while the other waits.
#[derive(Debug)]
pub(crate) struct Turns {
    childs: Checkpoint,
    parents: Checkpoint,
}

impl Turns {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            childs: Checkpoint::new()?,
            parents: Checkpoint::new()?,
        })
    }

    /// In the parent: lets the child speak, and waits until it has.
    pub(crate) fn of_child(&self) -> Result<()> {
        self.childs.open()?;
        self.parents.wait()
    }

    /// In the child: lets the parent speak, and waits until it has.
    pub(crate) fn of_parent(&self) -> Result<()> {
        self.parents.open()?;
        self.childs.wait()
    }

    /// In the child: waits for its first turn.
    pub(crate) fn begin(&self) -> Result<()> {
        self.childs.wait()
    }

    /// In the parent: lets the child end.
    pub(crate) fn end(&self) -> Result<()> {
        self.childs.open()
    }
}
