//! The conditions of a template, named and written in place.

use std::collections::HashMap;

use sekisho_estate::{Condition, ConditionId, Formula, Node, NodeId, Reason, ReasonCode, Span};

use crate::function::Function;
use crate::lower::Lowering;

impl Lowering<'_> {
    /// Lowers the `Conditions` section.
    ///
    /// AWS: Template Reference, "Conditions section": conditions refer to parameters, mappings
    /// and each other, never to resources.
    pub(crate) fn named_conditions(&mut self, section: NodeId) {
        if let Err(reason) = self.expand(section, 0) {
            self.elsewhere.get_or_insert(reason);
        }
        let Node::Map(range) = self.stack.tree.node(section) else {
            return self.loss(section, "Conditions is not a map; its conditions are not read");
        };
        // First all names, so that order does not matter and no recursion runs along them.
        let mut declared: Vec<(ConditionId, NodeId)> = Vec::with_capacity(range.len as usize);
        let mut places: HashMap<ConditionId, usize> = HashMap::new();
        for index in 0..range.len as usize {
            let entry = self.stack.tree.entries(range)[index];
            let name = self.stack.tree.text(entry.key);
            if name == Function::Transform.name() {
                let names = self.transform_names(entry.value).join(", ");
                self.loss(entry.value, format!("transform {names} is not evaluated; it may add conditions"));
                self.elsewhere.get_or_insert(Reason::new(ReasonCode::Transform, names));
                continue;
            }
            let id = match self.conditions.get(name) {
                Some(&id) => id,
                None => {
                    let name: Box<str> = name.into();
                    let id = self.add_condition(&name, Formula::Constant(false));
                    self.conditions.insert(name, id);
                    id
                }
            };
            // The later of two of the same name counts.
            let place = *places.entry(id).or_insert(declared.len());
            match declared.get_mut(place) {
                Some(earlier) => earlier.1 = entry.value,
                None => declared.push((id, entry.value)),
            }
        }
        for &(id, value) in &declared {
            let formula = self.formula(value, 1);
            self.stack.conditions[id as usize].formula = formula;
        }
        self.settle(declared.iter().map(|(id, _)| *id));
    }

    /// Adds a condition.
    pub(crate) fn add_condition(&mut self, name: &str, formula: Formula) -> ConditionId {
        self.stack.conditions.push(Condition { name: name.into(), formula });
        self.stack.conditions.len() as ConditionId - 1
    }

    /// The condition of a name; one that is not defined cannot be known.
    pub(crate) fn condition_named(&mut self, name: Span, at: NodeId) -> ConditionId {
        let text = self.stack.tree.text(name);
        if let Some(&id) = self.conditions.get(text) {
            return id;
        }
        let text: Box<str> = text.into();
        let reason = match &self.elsewhere {
            Some(reason) => reason.clone(),
            None => {
                let reason = Reason::new(ReasonCode::ConditionNotFound, &*text);
                self.note(at, reason.to_string());
                self.stack.unresolved.push((reason.clone(), self.stack.tree.offset(at)));
                reason
            }
        };
        let id = self.add_condition(&text, Formula::Unknown(reason));
        self.conditions.insert(text, id);
        id
    }

    /// The condition that a value is written as.
    pub(crate) fn condition(&mut self, value: NodeId, depth: u32) -> ConditionId {
        if let Some((Function::Condition, name)) = self.function_of(value)
            && let Node::String(span) = self.stack.tree.node(name)
        {
            return self.condition_named(span, value);
        }
        let formula = self.formula(value, depth);
        self.add_condition("", formula)
    }

    /// What a value says as a condition.
    ///
    /// AWS: Template Reference, "Condition functions".
    fn formula(&mut self, value: NodeId, depth: u32) -> Formula {
        if depth > crate::lower::MAX_DEPTH {
            let subject = format!("a condition deeper than {} levels", crate::lower::MAX_DEPTH);
            return Formula::Unknown(Reason::new(ReasonCode::WrongShape, subject));
        }
        let Some((function, argument)) = self.function_of(value) else {
            return match self.stack.tree.node(value) {
                Node::Bool(is) => Formula::Constant(is),
                Node::String(span) => match self.stack.tree.text(span) {
                    text if text.eq_ignore_ascii_case("true") => Formula::Constant(true),
                    text if text.eq_ignore_ascii_case("false") => Formula::Constant(false),
                    _ => self.bad_formula(value, "a condition"),
                },
                Node::Map(_) | Node::Tagged { .. } => self.value_formula(value, depth),
                _ => self.bad_formula(value, "a condition"),
            };
        };
        let parts = self.stack.tree.list(argument).to_vec();
        match function {
            Function::Condition => match self.stack.tree.node(argument) {
                Node::String(span) => {
                    let id = self.condition_named(span, value);
                    Formula::All(vec![id])
                }
                _ => self.bad_formula(value, Function::Condition.name()),
            },
            Function::And if !parts.is_empty() => {
                Formula::All(parts.iter().map(|&part| self.condition(part, depth + 1)).collect())
            }
            Function::Or if !parts.is_empty() => {
                Formula::Any(parts.iter().map(|&part| self.condition(part, depth + 1)).collect())
            }
            Function::Not if parts.len() == 1 => Formula::Not(self.condition(parts[0], depth + 1)),
            Function::Equals if parts.len() == 2 => {
                self.lower(parts[0], depth + 1);
                self.lower(parts[1], depth + 1);
                if self.is_literal(parts[0]) && self.is_literal(parts[1]) {
                    let mut texts = [String::new(), String::new()];
                    self.push_literal(parts[0], &mut texts[0]);
                    self.push_literal(parts[1], &mut texts[1]);
                    return Formula::Constant(texts[0] == texts[1]);
                }
                Formula::Equals(parts[0], parts[1])
            }
            _ if function.is_condition() => self.bad_formula(value, function.name()),
            _ if function.is_of_rules() => {
                self.note(value, format!("{} may stand only in the Rules section", function.name()));
                Formula::Unknown(Reason::new(ReasonCode::UnsupportedFunction, function.name()))
            }
            _ => self.value_formula(value, depth),
        }
    }

    /// A value that is true or false, such as a parameter or an entry of a mapping.
    fn value_formula(&mut self, value: NodeId, depth: u32) -> Formula {
        self.lower(value, depth + 1);
        match self.stack.tree.node(value) {
            Node::Unknown(reason) => Formula::Unknown(self.stack.reasons[reason as usize].clone()),
            _ => Formula::Value(value),
        }
    }

    fn bad_formula(&mut self, at: NodeId, name: &str) -> Formula {
        self.note(at, format!("{name} is not written as CloudFormation requires; both ways are judged"));
        Formula::Unknown(Reason::new(ReasonCode::InvalidFunction, name))
    }

    /// A condition where a value belongs: the value is true or false.
    pub(crate) fn condition_as_value(&mut self, id: NodeId, depth: u32) {
        let condition = self.condition(id, depth);
        if let Formula::Constant(is) = self.stack.conditions[condition as usize].formula {
            return self.stack.tree.set(id, Node::Bool(is));
        }
        let offset = self.stack.tree.offset(id);
        let then = self.stack.tree.push(Node::Bool(true), offset);
        let otherwise = self.stack.tree.push(Node::Bool(false), offset);
        let arms = self.stack.tree.add_children(&[then, otherwise]).start;
        self.stack.tree.set(id, Node::Choice { condition, arms });
    }

    /// Finds conditions that depend on themselves, and computes those that are always the same.
    ///
    /// Depth first over what each condition is made of, with a stack of its own: a chain of
    /// conditions may be as long as a template. Linear in the size of the formulas.
    fn settle(&mut self, roots: impl Iterator<Item = ConditionId>) {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            Open,
            Done,
        }
        let mut marks = vec![Mark::New; self.stack.conditions.len()];
        for root in roots {
            if marks[root as usize] != Mark::New {
                continue;
            }
            marks[root as usize] = Mark::Open;
            let mut path: Vec<(ConditionId, usize)> = vec![(root, 0)];
            while let Some((id, next)) = path.last_mut() {
                let id = *id;
                match operand(&self.stack.conditions[id as usize].formula, *next) {
                    Some(inner) => {
                        *next += 1;
                        match marks[inner as usize] {
                            Mark::New => {
                                marks[inner as usize] = Mark::Open;
                                path.push((inner, 0));
                            }
                            Mark::Open => self.break_cycle(id, inner),
                            Mark::Done => {}
                        }
                    }
                    None => {
                        marks[id as usize] = Mark::Done;
                        path.pop();
                        if let Some(is) = self.folded(id) {
                            self.stack.conditions[id as usize].formula = Formula::Constant(is);
                        }
                    }
                }
            }
        }
    }

    /// A condition that leads back to one that is not finished cannot be known.
    fn break_cycle(&mut self, id: ConditionId, to: ConditionId) {
        let name = self.stack.conditions[to as usize].name.clone();
        let reason = Reason::new(ReasonCode::Cyclic, format!("condition {name}"));
        self.say(crate::remark::Remark::note(crate::remark::WHOLE, reason.to_string()));
        self.stack.conditions[id as usize].formula = Formula::Unknown(reason);
    }

    fn folded(&self, id: ConditionId) -> Option<bool> {
        let constant = |&inner: &ConditionId| match self.stack.conditions[inner as usize].formula {
            Formula::Constant(is) => Some(is),
            _ => None,
        };
        match &self.stack.conditions[id as usize].formula {
            Formula::Not(inner) => constant(inner).map(|is| !is),
            Formula::All(all) if all.iter().any(|c| constant(c) == Some(false)) => Some(false),
            Formula::All(all) if all.iter().all(|c| constant(c) == Some(true)) => Some(true),
            Formula::Any(any) if any.iter().any(|c| constant(c) == Some(true)) => Some(true),
            Formula::Any(any) if any.iter().all(|c| constant(c) == Some(false)) => Some(false),
            _ => None,
        }
    }
}

/// One of the conditions that a formula is made of.
fn operand(formula: &Formula, index: usize) -> Option<ConditionId> {
    match formula {
        Formula::Not(inner) => (index == 0).then_some(*inner),
        Formula::All(list) | Formula::Any(list) => list.get(index).copied(),
        _ => None,
    }
}
