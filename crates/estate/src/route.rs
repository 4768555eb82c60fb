//! The path of keys and indices to a value: its identity in findings.

use std::fmt;

use crate::{Node, NodeId, Tree};

/// One step of a route.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Step {
    /// Into a map.
    Key(Box<str>),
    /// Into a list, from 0.
    Index(u32),
}

/// A path from a resource's properties to a value, written as a JSON pointer (RFC 6901).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Route(pub Vec<Step>);

impl Route {
    /// The route one key deeper.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        // Routes are short and there are many of them.
        self.0.reserve_exact(1);
        self.0.push(Step::Key(key.into()));
        self
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?,
                Step::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

impl Tree {
    /// The route from one node to another below it; choices and operations on the way add no step.
    ///
    /// Linear in the size of what lies below `from`; asked only when a finding is shown.
    #[must_use]
    pub fn route(&self, from: NodeId, to: NodeId) -> Option<Route> {
        let mut steps = Vec::new();
        let found = self.find(from, to, &mut steps, 0);
        steps.reverse();
        found.then_some(Route(steps))
    }

    /// Adds the steps on the way back, so that only those that lead there are made.
    fn find(&self, at: NodeId, to: NodeId, steps: &mut Vec<Step>, depth: u32) -> bool {
        if at == to {
            steps.reserve_exact(depth as usize);
            return true;
        }
        if depth > crate::reader::MAX_DEPTH {
            return false;
        }
        match self.node(at) {
            Node::Map(range) => self.entries(range).iter().any(|entry| {
                let found = self.find(entry.value, to, steps, depth + 1);
                if found {
                    steps.push(Step::Key(self.text(entry.key).into()));
                }
                found
            }),
            Node::List(range) => self.children(range).iter().enumerate().any(|(index, &child)| {
                let found = self.find(child, to, steps, depth + 1);
                if found {
                    steps.push(Step::Index(index as u32));
                }
                found
            }),
            Node::Operation { operands, .. } => {
                self.children(operands).iter().any(|&child| self.find(child, to, steps, depth + 1))
            }
            Node::Choice { arms, .. } => {
                let (then, otherwise) = self.arms(arms);
                self.find(then, to, steps, depth + 1) || self.find(otherwise, to, steps, depth + 1)
            }
            Node::Tagged { child, .. } => self.find(child, to, steps, depth + 1),
            _ => false,
        }
    }
}
