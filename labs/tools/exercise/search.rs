//! Looks for processes and handles that meet all conditions together.

use std::cell::OnceCell;
use std::rc::Rc;

use common::{Error, Result};
use nix::errno::Errno;

use crate::catalogue::Must;
use crate::condition::{Condition, Side, Term, Variable};
use crate::handles::Handle;
use crate::program::Outcome;
use crate::values::{Values, fill};
use crate::world::{Fact, Look, Process, Unseen, World};

/// What a variable stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Candidate<'w> {
    Process(&'w Process),
    Handle(&'w Handle),
}

pub(crate) type Binding<'w> = Vec<(Variable, Candidate<'w>)>;

/// How far the best candidate came, and what stopped it.
#[derive(Debug, Default)]
pub(crate) struct Nearest<'w> {
    /// The number of conditions that it meets, from the first one on.
    pub(crate) met: usize,
    pub(crate) binding: Binding<'w>,
    /// What was seen there; nothing where there was no candidate.
    pub(crate) seen: Option<Rc<Fact>>,
    /// What is to be there.
    pub(crate) expected: String,
    pub(crate) hidden: Option<Errno>,
}

pub(crate) struct Search<'w> {
    world: &'w World,
    conditions: Vec<Condition>,
    /// The processes that count.
    processes: Vec<&'w Process>,
    outcome: Option<&'w Outcome>,
    handles: &'w OnceCell<Vec<Handle>>,
}

impl<'w> Search<'w> {
    pub(crate) fn new(
        world: &'w World,
        musts: &[&Must],
        values: &Values,
        before: &[String],
        outcome: Option<&'w Outcome>,
        handles: &'w OnceCell<Vec<Handle>>,
    ) -> Result<Self> {
        let readable = world.processes.iter().filter(|process| process.is_readable);
        // A zombie has ended.
        let alive = readable.filter(|process| !process.is_zombie());
        let counts = alive.filter(|process| !before.contains(&process.identity()));
        let conditions = musts
            .iter()
            .map(|must| Condition::parse(&fill(&must.be, values)));
        Ok(Self {
            world,
            conditions: conditions.collect::<Result<_>>()?,
            processes: counts.collect(),
            outcome,
            handles,
        })
    }

    /// Whether anything meets them all, and if not, what comes nearest.
    pub(crate) fn run(&self) -> Result<(bool, Nearest<'w>)> {
        let mut nearest = Nearest::default();
        let met = self.walk(0, &mut Binding::new(), &mut nearest)?;
        Ok((met, nearest))
    }

    fn walk(
        &self,
        at: usize,
        binding: &mut Binding<'w>,
        nearest: &mut Nearest<'w>,
    ) -> Result<bool> {
        let Some(condition) = self.conditions.get(at) else {
            *nearest = Nearest {
                met: at,
                binding: binding.clone(),
                ..Nearest::default()
            };
            return Ok(true);
        };
        let is_new = |variable: &Variable| {
            let is_bound = binding.iter().any(|(bound, _)| bound == variable);
            !is_bound && !matches!(variable, Variable::Me | Variable::Run)
        };
        let unbound = condition.variables().find(is_new);
        if let Some(variable) = unbound {
            // For where there is no candidate at all.
            if at > nearest.met {
                *nearest = Nearest {
                    met: at,
                    binding: binding.clone(),
                    ..Nearest::default()
                };
            }
            for candidate in self.candidates(variable, binding) {
                binding.push((variable, candidate));
                if self.walk(at, binding, nearest)? {
                    return Ok(true);
                }
                binding.pop();
            }
            return Ok(false);
        }
        let left = self.fact(&condition.left, binding)?;
        let right = match &condition.right {
            Side::Term(term) => self.fact(term, binding)?,
            Side::Text(text) => Ok(Rc::clone(text)),
        };
        if let (Ok(left), Ok(right)) = (&left, &right) {
            if condition.holds(&left.value, &right.value) {
                return self.walk(at + 1, binding, nearest);
            }
        }
        // The first of those that come equally far is the youngest.
        let is_first = nearest.seen.is_none() && nearest.hidden.is_none();
        let is_in_order =
            at == nearest.met && !is_in_order(&nearest.binding) && is_in_order(binding);
        if at > nearest.met || is_first || is_in_order {
            let errno = |unseen: &Unseen| match unseen {
                Unseen::Hidden(errno) => Some(*errno),
                Unseen::Gone => None,
            };
            let hidden = left.as_ref().err().or(right.as_ref().err()).and_then(errno);
            if left.is_ok() && right.is_ok() || hidden.is_some() {
                *nearest = Nearest {
                    met: at,
                    binding: binding.clone(),
                    seen: left.ok(),
                    expected: condition
                        .expected(&right.map(|fact| fact.value.clone()).unwrap_or_default()),
                    hidden,
                };
            }
        }
        Ok(false)
    }

    /// Whether what all may read of a process rules it out, whichever variable it would be.
    pub(crate) fn is_ruled_out(&self, process: &'w Process) -> Result<bool> {
        let variables = self.conditions.iter().flat_map(Condition::variables);
        let mut sought = variables
            .filter(|variable| matches!(variable, Variable::Process(_)))
            .peekable();
        if sought.peek().is_none() {
            return Ok(false);
        }
        for variable in sought {
            if !self.is_ruled_out_as(variable, process)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_ruled_out_as(&self, variable: Variable, process: &'w Process) -> Result<bool> {
        const FOR_ALL: [&str; 4] = ["args", "argument", "ambient", "uid"];
        let binding = vec![(variable, Candidate::Process(process))];
        for condition in &self.conditions {
            let Condition { left, right, .. } = condition;
            if left.of != variable || !FOR_ALL.contains(&left.fact.as_str()) {
                continue;
            }
            let Side::Text(right) = right else {
                continue;
            };
            if let Ok(left) = self.fact(left, &binding)? {
                if !condition.holds(&left.value, &right.value) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn candidates(&self, variable: Variable, binding: &Binding<'w>) -> Vec<Candidate<'w>> {
        if let Variable::Handle(_) = variable {
            let handles = self.handles.get_or_init(|| self.world.handles());
            return handles.iter().map(Candidate::Handle).collect();
        }
        let is_bound = |pid| {
            let is_it = |(_, candidate): &_| matches!(candidate, Candidate::Process(bound) if bound.pid == pid);
            binding.iter().any(is_it)
        };
        let free = self
            .processes
            .iter()
            .filter(|process| !is_bound(process.pid));
        free.map(|process| Candidate::Process(process)).collect()
    }

    fn fact(&self, term: &Term, binding: &Binding<'w>) -> Result<Look<Rc<Fact>>> {
        let look = match term.of {
            Variable::Me => self.world.fact(&self.world.me, &term.fact, &term.argument),
            Variable::Run => self
                .outcome
                .and_then(|outcome| outcome.fact(&term.fact))
                .map(|fact| Ok(Rc::new(fact))),
            _ => fact_of(self.world, binding, term),
        };
        look.ok_or_else(|| {
            Error::new("parse", format!("{term:?}"), Errno::EINVAL).hint("no fact has this name")
        })
    }
}

/// A fact of what the term's variable stands for.
pub(crate) fn fact_of(world: &World, binding: &Binding<'_>, term: &Term) -> Option<Look<Rc<Fact>>> {
    let (_, candidate) = binding.iter().find(|(variable, _)| *variable == term.of)?;
    match candidate {
        Candidate::Process(process) => world.fact(process, &term.fact, &term.argument),
        Candidate::Handle(handle) => world.fact_of_handle(handle, &term.fact),
    }
}

/// Whether the second of two processes is the younger one, as the second to be started.
fn is_in_order(binding: &Binding<'_>) -> bool {
    let processes = binding.iter().filter_map(|(_, candidate)| match candidate {
        Candidate::Process(process) => Some((process.started, process.pid)),
        Candidate::Handle(_) => None,
    });
    processes.is_sorted()
}
