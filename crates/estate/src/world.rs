//! Worlds: one consistent assignment of the variables and conditions that a verdict depends on.
//!
//! Nothing is enumerated in advance. An evaluation asks for a decision only when
//! it needs one; the first answer is the default. When the evaluation is over,
//! [`Worlds::next`] turns the last decision that has another answer, and the
//! evaluation runs again. So exactly the worlds that the evaluation can tell
//! apart are visited, in a fixed order, the default world first. An evaluation
//! that touches no variable runs once and pays nothing.

use std::cell::{Cell, RefCell};

use crate::{ConditionId, NodeId, Stack, VariableId};

/// More worlds than this make a verdict unknown.
pub const MAX_WORLDS: usize = 64;

/// What was decided.
#[derive(Clone, Copy, Debug)]
enum Question<'e> {
    /// Which value of a finite domain a variable has.
    Value(&'e Stack, VariableId),
    /// Whether an open variable has this value.
    Is(&'e Stack, VariableId, &'e str),
    /// Which of the keys of a table an open variable is.
    Among(&'e Stack, VariableId, &'e [&'e str]),
    /// Whether a condition that cannot be computed holds.
    Holds(&'e Stack, ConditionId),
    /// Which alternative of a node is taken (an entry of a table, an element of a list).
    Pick(&'e Stack, NodeId),
}

impl Question<'_> {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(a, v), Self::Value(b, w)) => std::ptr::eq(*a, *b) && v == w,
            (Self::Is(a, v, x), Self::Is(b, w, y)) => std::ptr::eq(*a, *b) && v == w && x == y,
            (Self::Among(a, v, x), Self::Among(b, w, y)) => std::ptr::eq(*a, *b) && v == w && x == y,
            (Self::Holds(a, v), Self::Holds(b, w)) => std::ptr::eq(*a, *b) && v == w,
            (Self::Pick(a, v), Self::Pick(b, w)) => std::ptr::eq(*a, *b) && v == w,
            _ => false,
        }
    }
}

#[derive(Debug)]
struct Decision<'e> {
    question: Question<'e>,
    answer: usize,
    answers: usize,
    /// Whether answer 0 is what holds when nobody says otherwise.
    has_default: bool,
}

/// The decisions of the current world and the walk over all worlds.
#[derive(Debug, Default)]
pub struct Worlds<'e> {
    decisions: RefCell<Vec<Decision<'e>>>,
    visited: Cell<usize>,
}

/// What the world says of an open variable.
pub(crate) enum Open<'e> {
    /// It has this value.
    Is(&'e str),
    /// It has none of the values asked for so far.
    Other,
}

impl<'e> Worlds<'e> {
    /// A walk that stands at the default world.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn decide(&self, question: Question<'e>, answers: usize, has_default: bool) -> usize {
        let mut decisions = self.decisions.borrow_mut();
        if let Some(made) = decisions.iter().find(|d| d.question.same(&question)) {
            return made.answer;
        }
        decisions.push(Decision { question, answer: 0, answers, has_default });
        0
    }

    /// Which value of its finite domain a variable has in this world.
    pub(crate) fn value(&self, stack: &'e Stack, variable: VariableId) -> usize {
        let declared = &stack.variables[variable as usize];
        self.decide(Question::Value(stack, variable), declared.domain.len(), declared.has_default)
    }

    /// What is decided of an open variable, without deciding anything.
    pub(crate) fn open(&self, stack: &'e Stack, variable: VariableId) -> Open<'e> {
        let decisions = self.decisions.borrow();
        for decision in decisions.iter() {
            if let Question::Is(s, v, text) = decision.question
                && std::ptr::eq(s, stack)
                && v == variable
                && decision.answer == 1
            {
                return Open::Is(text);
            }
            if let Question::Among(s, v, keys) = decision.question
                && std::ptr::eq(s, stack)
                && v == variable
            {
                return Open::Is(keys[decision.answer]);
            }
        }
        Open::Other
    }

    /// Whether it is already decided that an open variable does not have this value.
    pub(crate) fn excluded(&self, stack: &'e Stack, variable: VariableId, text: &str) -> bool {
        self.decisions.borrow().iter().any(|d| {
            matches!(d.question, Question::Is(s, v, t) if std::ptr::eq(s, stack) && v == variable && t == text)
                && d.answer == 0
        })
    }

    /// Which of the keys of a table an open variable is in this world; `keys` holds
    /// none that is excluded and at least one.
    pub(crate) fn among(&self, stack: &'e Stack, variable: VariableId, keys: &'e [&'e str]) -> &'e str {
        if let Open::Is(text) = self.open(stack, variable) {
            return text;
        }
        keys[self.decide(Question::Among(stack, variable, keys), keys.len(), false)]
    }

    /// Whether an open variable has a value in this world. Answer 0 is no.
    pub(crate) fn is(&self, stack: &'e Stack, variable: VariableId, text: &'e str) -> bool {
        if let Open::Is(is) = self.open(stack, variable) {
            return is == text;
        }
        self.decide(Question::Is(stack, variable, text), 2, false) == 1
    }

    /// Whether a condition that cannot be computed holds in this world. Answer 0 is yes.
    pub(crate) fn holds(&self, stack: &'e Stack, condition: ConditionId) -> bool {
        self.decide(Question::Holds(stack, condition), 2, false) == 0
    }

    /// Which of several alternatives of a node is taken in this world.
    pub(crate) fn pick(&self, stack: &'e Stack, node: NodeId, alternatives: usize) -> usize {
        self.decide(Question::Pick(stack, node), alternatives, false)
    }

    /// Moves to the next world; false when all were visited or there are too many
    /// (see [`overflowed`](Self::overflowed)).
    pub fn next(&self) -> bool {
        let mut decisions = self.decisions.borrow_mut();
        while let Some(last) = decisions.last_mut() {
            if last.answer + 1 < last.answers {
                last.answer += 1;
                self.visited.set(self.visited.get() + 1);
                return self.visited.get() < MAX_WORLDS;
            }
            decisions.pop();
        }
        false
    }

    /// Whether the walk was cut off because there are too many worlds.
    #[must_use]
    pub fn overflowed(&self) -> bool {
        self.visited.get() >= MAX_WORLDS
    }

    /// Whether the current world is what holds when nobody says otherwise.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.decisions.borrow().iter().all(|d| d.has_default && d.answer == 0)
    }

    /// Whether the current world depends on no decision.
    #[must_use]
    pub fn is_only(&self) -> bool {
        self.decisions.borrow().is_empty()
    }

    /// The decisions of the current world in words: `Env=dev`, `Env≠prod`, `IsProd`, `not IsProd`.
    #[must_use]
    pub fn label(&self) -> String {
        let decisions = self.decisions.borrow();
        let mut words: Vec<String> = Vec::new();
        for decision in decisions.iter() {
            let word = match decision.question {
                Question::Value(stack, variable) => {
                    let declared = &stack.variables[variable as usize];
                    format!(
                        "{}={}",
                        declared.name,
                        shown(stack, declared.domain[decision.answer], declared.secret)
                    )
                }
                Question::Is(stack, variable, text) => {
                    let name = &stack.variables[variable as usize].name;
                    if decision.answer == 1 {
                        format!("{name}={text}")
                    } else if let Open::Is(_) = self.open(stack, variable) {
                        continue;
                    } else {
                        format!("{name}≠{text}")
                    }
                }
                Question::Among(stack, variable, keys) => {
                    format!("{}={}", stack.variables[variable as usize].name, keys[decision.answer])
                }
                Question::Holds(stack, condition) => {
                    let name = &stack.conditions[condition as usize].name;
                    let name = if name.is_empty() { "a condition written in place" } else { name };
                    if decision.answer == 0 { name.to_string() } else { format!("not {name}") }
                }
                Question::Pick(..) => format!("alternative {}", decision.answer + 1),
            };
            words.push(word);
        }
        words.join(", ")
    }
}

fn shown(stack: &Stack, node: NodeId, secret: bool) -> String {
    if secret {
        return "***".into();
    }
    match stack.tree.node(node) {
        crate::Node::Bool(b) => b.to_string(),
        crate::Node::Int(i) => i.to_string(),
        crate::Node::Float(f) => f.to_string(),
        crate::Node::String(span) => stack.text(span).to_owned(),
        crate::Node::List(range) => {
            stack.tree.children(range).iter().map(|&n| shown(stack, n, false)).collect::<Vec<_>>().join(",")
        }
        _ => "…".into(),
    }
}
