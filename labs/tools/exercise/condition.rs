//! Conditions as an exercise words them: `p.hostname == {name}`.

use std::rc::Rc;

use common::{Error, Result};
use nix::errno::Errno;

use crate::world::{Fact, shown};

/// A fact of something: `p.ns.uts`, `q.file(/etc/hostname)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) of: Variable,
    pub(crate) fact: String,
    pub(crate) argument: String,
}

/// What a term speaks of. Each letter stands for one thing throughout an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// This tool, which is where the learner's shell is.
    Me,
    /// The run of a program.
    Run,
    /// A process: `p`, `q`.
    Process(char),
    /// A handle of a namespace: `h`.
    Handle(char),
}

impl Variable {
    /// The letter of what is looked for.
    pub(crate) fn letter(self) -> Option<char> {
        match self {
            Self::Me | Self::Run => None,
            Self::Process(letter) | Self::Handle(letter) => Some(letter),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Side {
    Term(Term),
    Text(Rc<Fact>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Is,
    IsNot,
    /// One of several words.
    Has,
    /// None of them.
    Lacks,
    /// As numbers.
    AtLeast,
}

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) left: Term,
    pub(crate) operator: Operator,
    pub(crate) right: Side,
}

impl Condition {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut words = text.splitn(3, ' ');
        let (left, operator, right) = (words.next(), words.next(), words.next());
        let operator = match operator {
            Some("==") => Some(Operator::Is),
            Some("!=") => Some(Operator::IsNot),
            Some("has") => Some(Operator::Has),
            Some("lacks") => Some(Operator::Lacks),
            Some(">=") => Some(Operator::AtLeast),
            _ => None,
        };
        let left = left.and_then(Term::parse);
        let (Some(left), Some(operator), Some(right)) = (left, operator, right) else {
            return Err(Error::new("parse", text, Errno::EINVAL)
                .hint("a condition reads `p.hostname == {name}`, with ==, !=, >=, has or lacks"));
        };
        let text = || {
            let value = right.to_owned();
            Side::Text(Rc::new(Fact {
                value,
                ..Fact::default()
            }))
        };
        let right = Term::parse(right).map_or_else(text, Side::Term);
        Ok(Self {
            left,
            operator,
            right,
        })
    }

    /// What is to be there, in words.
    pub(crate) fn expected(&self, right: &str) -> String {
        let right = shown(right);
        match self.operator {
            Operator::Is | Operator::Has => right.to_owned(),
            Operator::IsNot => match right.strip_prefix("not ") {
                Some(positive) => positive.to_owned(),
                None => format!("not {right}"),
            },
            Operator::Lacks => format!("without {right}"),
            Operator::AtLeast => format!("at least {right}"),
        }
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = Variable> {
        let right = match &self.right {
            Side::Term(term) => Some(term.of),
            Side::Text(_) => None,
        };
        [Some(self.left.of), right].into_iter().flatten()
    }

    pub(crate) fn holds(&self, left: &str, right: &str) -> bool {
        match self.operator {
            Operator::Is => left == right,
            Operator::IsNot => left != right,
            Operator::Has => left.split_whitespace().any(|word| word == right),
            Operator::Lacks => left.split_whitespace().all(|word| word != right),
            Operator::AtLeast => match (left.parse::<u64>(), right.parse::<u64>()) {
                (Ok(left), Ok(right)) => left >= right,
                _ => false,
            },
        }
    }
}

impl Term {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (of, rest) = text.split_once('.')?;
        let of = match of {
            "me" => Variable::Me,
            "run" => Variable::Run,
            "p" => Variable::Process('p'),
            "q" => Variable::Process('q'),
            "h" => Variable::Handle('h'),
            _ => return None,
        };
        let (fact, argument) = match rest.strip_suffix(')') {
            Some(call) => call.split_once('(')?,
            None => (rest, ""),
        };
        Some(Self {
            of,
            fact: fact.to_owned(),
            argument: argument.to_owned(),
        })
    }
}
