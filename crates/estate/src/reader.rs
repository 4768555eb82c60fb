//! Reads values in the current world.

use std::cell::Cell;

use bumpalo::Bump;

use crate::operation::Comparable;
use crate::reason::{ReasonCode, Why};
use crate::value::Target;
use crate::world::Open;
use crate::{Estate, Formula, Node, Stack, Value, View, Worlds};

/// Deeper than this a value is unknown: it depends on itself, or nobody wrote it.
pub const MAX_DEPTH: u32 = 200;

/// More operations and conditions than this make one value unknown: templates can be
/// written whose values double at every step.
const MAX_STEPS: u32 = 1 << 16;

/// Reads an estate in one world after the other.
///
/// Computed text and lists are allocated in `bump` and live as long as the
/// reader's borrow of it.
pub struct Reader<'e> {
    /// The estate that foreign nodes point into.
    pub estate: &'e Estate,
    /// Where computed values live.
    pub bump: &'e Bump,
    /// The decisions of the current world.
    pub worlds: Worlds<'e>,
    /// What the value being read has cost so far.
    steps: Cell<u32>,
}

impl<'e> Reader<'e> {
    /// A reader that stands at the default world.
    #[must_use]
    pub fn new(estate: &'e Estate, bump: &'e Bump) -> Self {
        Self { estate, bump, worlds: Worlds::new(), steps: Cell::new(0) }
    }

    /// What a node is in the current world.
    #[inline]
    pub fn resolve(&self, view: View<'e>) -> Value<'e> {
        self.steps.set(0);
        self.read(view, 0)
    }

    /// Counts steps; false when the value being read has cost too much.
    pub(crate) fn spend(&self, steps: usize) -> bool {
        let spent = self.steps.get().saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        self.steps.set(spent);
        spent <= MAX_STEPS
    }

    /// The value of something that costs too much.
    pub(crate) fn too_much(&self) -> Value<'e> {
        self.unknown(ReasonCode::StepLimit, MAX_STEPS.to_string())
    }

    pub(crate) fn read(&self, mut view: View<'e>, depth: u32) -> Value<'e> {
        // Chains of foreign nodes and choices are followed in this loop; operations recurse.
        for _ in 0..MAX_DEPTH {
            if depth > MAX_DEPTH {
                break;
            }
            view = match view.stack.tree.node(view.node) {
                Node::Null => return Value::Null,
                Node::Bool(b) => return Value::Bool(b),
                Node::Int(i) => return Value::Int(i),
                Node::Float(f) => return Value::Float(f),
                Node::String(span) => return Value::Str(view.stack.text(span)),
                Node::List(_) => return Value::List(view),
                Node::Map(_) => return Value::Map(view),
                Node::Secret(_) => return Value::Secret(view),
                Node::Absent => return Value::Absent,
                Node::Unknown(reason) => return Value::Unknown(view.stack.reasons[reason as usize].why()),
                Node::Reference { resource, attribute } => {
                    return Value::Reference(Target {
                        stack: view.stack,
                        resource: crate::ResourceIndex(resource),
                        attribute: view.stack.tree.name(attribute),
                    });
                }
                Node::Variable(variable) => {
                    let declared = &view.stack.variables[variable as usize];
                    if declared.secret {
                        return Value::Secret(view);
                    }
                    match declared.domain.as_slice() {
                        [] => {
                            return match self.worlds.open(view.stack, variable) {
                                Open::Is(text) => Value::Str(text),
                                Open::Other => Value::Unknown(declared.unknown.why()),
                            };
                        }
                        [only] => view.at(*only),
                        domain => view.at(domain[self.worlds.value(view.stack, variable)]),
                    }
                }
                Node::Choice { condition, arms } => {
                    let (then, otherwise) = view.stack.tree.arms(arms);
                    view.at(if self.holds_at(view.stack, condition, depth + 1) { then } else { otherwise })
                }
                Node::Foreign { stack, node } => View { stack: &self.estate.stacks[stack as usize], node },
                Node::Operation { operation, operands } => {
                    return self.operate(view, operation, view.stack.tree.children(operands), depth);
                }
                Node::Tagged { tag, .. } => {
                    return self
                        .unknown(ReasonCode::UnsupportedFunction, format!("!{}", view.stack.tree.name(tag)));
                }
            };
        }
        self.unknown(ReasonCode::Cyclic, view.stack.id.as_str())
    }

    /// Whether a condition holds in the current world; one that cannot be computed is decided.
    pub fn holds(&self, stack: &'e Stack, condition: u32) -> bool {
        self.steps.set(0);
        self.holds_at(stack, condition, 0)
    }

    fn holds_at(&self, stack: &'e Stack, condition: u32, depth: u32) -> bool {
        if depth > MAX_DEPTH || !self.spend(1) {
            return self.worlds.holds(stack, condition);
        }
        match &stack.conditions[condition as usize].formula {
            Formula::Constant(is) => *is,
            Formula::Not(inner) => !self.holds_at(stack, *inner, depth + 1),
            Formula::All(all) => all.iter().all(|&c| self.holds_at(stack, c, depth + 1)),
            Formula::Any(any) => any.iter().any(|&c| self.holds_at(stack, c, depth + 1)),
            Formula::Unknown(_) => self.worlds.holds(stack, condition),
            Formula::Value(node) => match self.read(stack.view(*node), depth + 1) {
                Value::Bool(is) => is,
                Value::Str(text) if text.eq_ignore_ascii_case("true") => true,
                Value::Str(text) if text.eq_ignore_ascii_case("false") => false,
                _ => self.worlds.holds(stack, condition),
            },
            Formula::Equals(left, right) => {
                let left = self.comparable(stack.view(*left), depth + 1);
                let right = self.comparable(stack.view(*right), depth + 1);
                match (left, right) {
                    (Comparable::Text(a), Comparable::Text(b)) => a == b,
                    (Comparable::Open(s, v), Comparable::Text(t))
                    | (Comparable::Text(t), Comparable::Open(s, v)) => self.worlds.is(s, v, t),
                    (Comparable::Open(s, v), Comparable::Open(t, w)) if std::ptr::eq(s, t) && v == w => true,
                    _ => self.worlds.holds(stack, condition),
                }
            }
        }
    }

    /// Whether a resource exists in the current world: its own condition, and its stack's.
    pub fn exists(&self, stack: &'e Stack, resource: &crate::Resource) -> bool {
        let mut at = (stack, resource);
        for _ in 0..MAX_DEPTH {
            if at.1.condition.is_some_and(|c| !self.holds(at.0, c)) {
                return false;
            }
            match at.0.parent {
                Some(parent) => {
                    let stack = self.estate.stack(parent.stack);
                    at = (stack, stack.resource(parent.index));
                }
                None => return true,
            }
        }
        true
    }

    /// What a value is for comparison as text: CloudFormation compares values as strings.
    pub(crate) fn comparable(&self, view: View<'e>, depth: u32) -> Comparable<'e> {
        if let Some((stack, variable)) = self.variable_of(view) {
            let declared = &stack.variables[variable as usize];
            if declared.domain.is_empty() {
                return match self.worlds.open(stack, variable) {
                    Open::Is(text) => Comparable::Text(text),
                    Open::Other => Comparable::Open(stack, variable),
                };
            }
            if declared.secret {
                // Compared but never shown.
                let index = if declared.domain.len() > 1 { self.worlds.value(stack, variable) } else { 0 };
                return self.comparable(stack.view(declared.domain[index]), depth + 1);
            }
        }
        match self.read(view, depth) {
            Value::Str(text) => Comparable::Text(text),
            Value::Bool(b) => Comparable::Text(if b { "true" } else { "false" }),
            Value::Int(i) => Comparable::Text(self.bump.alloc_str(&i.to_string())),
            Value::Float(f) => Comparable::Text(self.bump.alloc_str(&f.to_string())),
            Value::Null | Value::Absent => Comparable::Text(""),
            Value::Reference(target) => match self.referenced_at(target, depth) {
                Some(Value::Str(text)) => Comparable::Text(text),
                _ => Comparable::Unknown(self.reason(ReasonCode::AttributeAtDeploy, target.name())),
            },
            Value::Unknown(reason) => Comparable::Unknown(reason),
            Value::Text(text) => {
                Comparable::Unknown(self.reason(ReasonCode::AttributeAtDeploy, text.display()))
            }
            Value::List(_) | Value::Items(_) => match self.elements(self.read(view, depth), depth) {
                Ok([]) => Comparable::Text(""),
                Ok([Value::Str(only)]) => Comparable::Text(only),
                Ok(items) if items.iter().all(|i| matches!(i, Value::Str(_))) => {
                    let texts: Vec<&str> = items
                        .iter()
                        .filter_map(|i| if let Value::Str(t) = i { Some(*t) } else { None })
                        .collect();
                    Comparable::Text(self.bump.alloc_str(&texts.join(",")))
                }
                _ => Comparable::Unknown(self.reason(ReasonCode::NotComparable, "list")),
            },
            Value::Secret(_) | Value::Map(_) => {
                Comparable::Unknown(self.reason(ReasonCode::NotComparable, "value"))
            }
        }
    }

    /// The variable a node stands for, through foreign nodes.
    fn variable_of(&self, mut view: View<'e>) -> Option<(&'e Stack, u32)> {
        for _ in 0..MAX_DEPTH {
            match view.stack.tree.node(view.node) {
                Node::Variable(variable) => {
                    let domain = &view.stack.variables[variable as usize].domain;
                    // A nested stack's parameter that is given stands for what it was given.
                    match domain.as_slice() {
                        [only] if matches!(view.stack.tree.node(*only), Node::Foreign { .. }) => {
                            view = view.at(*only)
                        }
                        _ => return Some((view.stack, variable)),
                    }
                }
                Node::Foreign { stack, node } => {
                    view = View { stack: &self.estate.stacks[stack as usize], node }
                }
                _ => return None,
            }
        }
        None
    }

    /// The elements of a list value that are written in this world.
    pub fn elements(&self, value: Value<'e>, depth: u32) -> Result<&'e [Value<'e>], Value<'e>> {
        match value {
            Value::Items(items) => Ok(items),
            Value::List(view) => {
                let values: Vec<Value<'e>> = view
                    .elements()
                    .iter()
                    .map(|&n| self.read(view.at(n), depth + 1))
                    .filter(|v| *v != Value::Absent)
                    .collect();
                Ok(self.bump.alloc_slice_copy(&values))
            }
            unknown @ Value::Unknown(_) => Err(unknown),
            // A single value where a list belongs is a list of one, as the service takes it.
            single @ (Value::Str(_) | Value::Text(_) | Value::Reference(_)) => {
                Ok(self.bump.alloc_slice_copy(&[single]))
            }
            _ => Err(self.unknown(ReasonCode::WrongShape, "list")),
        }
    }

    /// The value of what a reference points to, where the template writes it:
    /// an explicit name, or an attribute that is a property of the same name.
    pub fn referenced_value(&self, target: Target<'e>) -> Option<Value<'e>> {
        self.steps.set(0);
        self.referenced_at(target, 0)
    }

    /// As [`referenced_value`](Self::referenced_value); names that are made of each other end at the depth.
    pub(crate) fn referenced_at(&self, target: Target<'e>, depth: u32) -> Option<Value<'e>> {
        let resource = target.stack.resource(target.resource);
        let node = if target.attribute.is_empty() {
            resource.reference_value?
        } else {
            target.stack.tree.get(resource.properties, target.attribute)?
        };
        match self.read(target.stack.view(node), depth + 1) {
            known @ (Value::Str(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_)) => Some(known),
            _ => None,
        }
    }

    /// The member of a map value under a key, absent when there is none.
    pub fn member(&self, view: View<'e>, key: &str, hash: u32) -> (Value<'e>, Option<View<'e>>) {
        match view.stack.tree.get_hashed(view.node, key, hash) {
            Some(node) => (self.resolve(view.at(node)), Some(view.at(node))),
            None => (Value::Absent, None),
        }
    }

    /// A reason that lives as long as the evaluation.
    pub fn reason(&self, code: ReasonCode, subject: impl AsRef<str>) -> Why<'e> {
        Why { code, subject: self.bump.alloc_str(subject.as_ref()) }
    }

    /// An unknown value with a new reason.
    pub fn unknown(&self, code: ReasonCode, subject: impl AsRef<str>) -> Value<'e> {
        Value::Unknown(self.reason(code, subject))
    }
}
