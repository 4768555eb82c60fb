//! From a [`StackSpec`] to an estate, through the estate's own API as a source would do it.

use sekisho_estate::{
    Condition, ConditionId, Estate, Formula, Node, NodeId, Operation, Reason, ReasonCode, Resource, Stack,
    Tree, Variable, VariableId,
};

use super::spec::{ConditionSpec, Spec, StackSpec};

/// An estate of one stack, `stack.yaml`.
pub(crate) fn estate(spec: &StackSpec) -> Estate {
    let mut builder =
        Builder { spec, stack: Stack::new("stack.yaml", "stack.yaml", Tree::new(String::new())) };
    builder.build();
    Estate { stacks: vec![builder.stack], ..Estate::default() }
}

struct Builder<'s> {
    spec: &'s StackSpec,
    stack: Stack,
}

impl Builder<'_> {
    fn build(&mut self) {
        for variable in &self.spec.variables {
            let domain = variable.domain.iter().map(|v| self.lower(v)).collect();
            self.stack.variables.push(Variable {
                name: variable.name.as_str().into(),
                domain,
                has_default: variable.has_default,
                secret: false,
                unknown: Reason::new(ReasonCode::ParameterWithoutValue, variable.name.as_str()),
            });
        }
        for (name, condition) in &self.spec.conditions {
            let formula = match condition {
                ConditionSpec::Constant(is) => Formula::Constant(*is),
                ConditionSpec::Equals(a, b) => Formula::Equals(self.lower(a), self.lower(b)),
                ConditionSpec::Not(other) => Formula::Not(self.condition(other)),
                ConditionSpec::All(all) => Formula::All(all.iter().map(|c| self.condition(c)).collect()),
                ConditionSpec::Any(any) => Formula::Any(any.iter().map(|c| self.condition(c)).collect()),
                ConditionSpec::Value(value) => Formula::Value(self.lower(value)),
                ConditionSpec::Unknown => {
                    Formula::Unknown(Reason::new(ReasonCode::ConditionNotFound, name.as_str()))
                }
            };
            self.stack.conditions.push(Condition { name: name.as_str().into(), formula });
        }
        for resource in &self.spec.resources {
            let properties = self.lower(&resource.properties);
            let mut body = vec![("Properties", properties)];
            body.extend(resource.beside.iter().map(|(key, value)| (key.as_str(), self.lower(value))));
            let body = self.stack.tree.push_map(body, 0);
            let resource = Resource {
                id: self.stack.tree.add_text(&resource.id),
                type_name: self.stack.tree.add_text(&resource.type_name),
                properties,
                body,
                condition: resource.condition.as_deref().map(|c| self.condition(c)),
                offset: 0,
                reference_value: resource.name.as_ref().map(|name| self.lower(name)),
            };
            self.stack.resources.push(resource);
        }
    }

    fn condition(&self, name: &str) -> ConditionId {
        let found = self.spec.conditions.iter().position(|(n, _)| n == name);
        found.unwrap_or_else(|| panic!("no condition {name}")) as ConditionId
    }

    fn variable(&self, name: &str) -> VariableId {
        let found = self.spec.variables.iter().position(|v| v.name == name);
        found.unwrap_or_else(|| panic!("no variable {name}")) as VariableId
    }

    fn lower(&mut self, spec: &Spec) -> NodeId {
        let node = match spec {
            Spec::Null => Node::Null,
            Spec::Bool(b) => Node::Bool(*b),
            Spec::Int(i) => Node::Int(*i),
            Spec::Float(f) => Node::Float(*f),
            Spec::Str(text) => return self.stack.tree.push_string(text, 0),
            Spec::List(items) => {
                let children: Vec<NodeId> = items.iter().map(|item| self.lower(item)).collect();
                return self.stack.tree.push_list(&children, 0);
            }
            Spec::Map(pairs) => {
                let pairs: Vec<(&str, NodeId)> =
                    pairs.iter().map(|(key, value)| (key.as_str(), self.lower(value))).collect();
                return self.stack.tree.push_map(pairs, 0);
            }
            Spec::Reference(id, attribute) => {
                let found = self.spec.resources.iter().position(|r| r.id == *id);
                let resource = found.unwrap_or_else(|| panic!("no resource {id}")) as u32;
                Node::Reference { resource, attribute: self.stack.tree.intern(attribute) }
            }
            Spec::Variable(name) => Node::Variable(self.variable(name)),
            Spec::If(condition, then, otherwise) => {
                let (then, otherwise) = (self.lower(then), self.lower(otherwise));
                return self.stack.tree.push_choice(self.condition(condition), then, otherwise, 0);
            }
            Spec::Concat(parts) => return self.operation(Operation::Concat, parts),
            Spec::Split(parts) => return self.operation(Operation::Split, parts),
            Spec::Secret => Node::Secret(self.stack.tree.add_text("***")),
            Spec::Absent => Node::Absent,
            Spec::Unknown(code) => self.stack.unknown(Reason::new(*code, "it")),
        };
        self.stack.tree.push(node, 0)
    }

    fn operation(&mut self, operation: Operation, operands: &[Spec]) -> NodeId {
        let operands: Vec<NodeId> = operands.iter().map(|o| self.lower(o)).collect();
        self.stack.tree.push_operation(operation, &operands, 0)
    }
}
