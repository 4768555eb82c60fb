//! Each intrinsic function: what node it becomes. With literal operands the result is a plain
//! node, so that what is read often costs nothing.

use sekisho_estate::{Formula, Node, NodeId, Operation, Range, Reason, ReasonCode, ResourceIndex, Span};

use crate::function::Function;
use crate::lower::{Import, Lowering, NestedOutput, Symbol, subspan};

/// Longest logical id.
///
/// AWS: User Guide, "Understand CloudFormation quotas".
const MAX_ID: usize = 255;

impl Lowering<'_> {
    /// Lowers a function call in place.
    pub(crate) fn function(&mut self, id: NodeId, function: Function, argument: NodeId, depth: u32) {
        match function {
            Function::Ref => self.reference(id, argument, depth),
            Function::GetAtt => self.get_att(id, argument, depth),
            Function::Sub => self.sub(id, argument, depth),
            Function::Join => self.join(id, argument, depth),
            Function::Split => self.split(id, argument, depth),
            Function::Select => self.select(id, argument, depth),
            Function::FindInMap => self.find_in_map(id, argument, depth),
            Function::If => self.choose(id, argument, depth),
            // AWS: Template Reference, "Fn::Base64". Encoding changes no meaning, and what is
            // looked for (a password in user data) is looked for in the plain text: the function
            // stands for its argument.
            Function::Base64 => {
                self.lower(argument, depth + 1);
                self.point(id, argument);
            }
            // AWS: Template Reference, "Fn::Cidr".
            Function::Cidr => match self.arguments(argument, 2..=3) {
                Some(range) => {
                    self.lower(argument, depth + 1);
                    self.operation(id, Operation::Cidr, range);
                }
                None => self.invalid(id, function),
            },
            // AWS: Template Reference, "Fn::GetAZs": the zones of a region that the account can
            // use, which no template tells.
            Function::GetAzs => {
                let node = self.unknown(ReasonCode::PseudoParameter, Function::GetAzs.name());
                self.stack.tree.set(id, node);
            }
            Function::ImportValue => self.import(id, argument, depth),
            // AWS: Template Reference, "Fn::Length".
            Function::Length => {
                self.lower(argument, depth + 1);
                match self.stack.tree.node(argument) {
                    Node::List(range) if self.is_plain(range) => {
                        self.stack.tree.set(id, Node::Int(i64::from(range.len)));
                    }
                    _ => self.operation_of(id, Operation::Length, &[argument]),
                }
            }
            // AWS: Template Reference, "Fn::ToJsonString".
            Function::ToJsonString => {
                self.lower(argument, depth + 1);
                self.operation_of(id, Operation::ToJson, &[argument]);
            }
            Function::Transform => self.transform(id, argument),
            Function::And | Function::Or | Function::Not | Function::Equals | Function::Condition => {
                self.condition_as_value(id, depth);
            }
            Function::Contains
            | Function::EachMemberEquals
            | Function::EachMemberIn
            | Function::RefAll
            | Function::ValueOf
            | Function::ValueOfAll => {
                let name = function.name();
                self.note(id, format!("{name} may stand only in the Rules section; its value is not known"));
                let node = self.unknown(ReasonCode::UnsupportedFunction, name);
                self.stack.tree.set(id, node);
            }
        }
    }

    /// The elements of an argument list of a permitted length.
    fn arguments(&self, argument: NodeId, count: std::ops::RangeInclusive<u32>) -> Option<Range> {
        match self.stack.tree.node(argument) {
            Node::List(range) if count.contains(&range.len) => Some(range),
            _ => None,
        }
    }

    fn operation(&mut self, id: NodeId, operation: Operation, operands: Range) {
        self.stack.tree.set(id, Node::Operation { operation, operands });
    }

    fn operation_of(&mut self, id: NodeId, operation: Operation, operands: &[NodeId]) {
        let operands = self.stack.tree.add_children(operands);
        self.operation(id, operation, operands);
    }

    /// `Ref`.
    ///
    /// AWS: Template Reference, "Ref"; with `AWS::LanguageExtensions` its parameter may be a
    /// function ("AWS::LanguageExtensions transform").
    fn reference(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        let node = match self.stack.tree.node(argument) {
            Node::String(name) => self.named(name, id),
            _ => {
                self.lower(argument, depth + 1);
                match self.constant_text(argument) {
                    Some(name) => {
                        let name = self.stack.tree.add_text(&name);
                        self.named(name, id)
                    }
                    None if matches!(self.stack.tree.node(argument), Node::List(_) | Node::Map(_)) => {
                        return self.invalid(id, Function::Ref);
                    }
                    // Which name it is differs from world to world, or cannot be known.
                    None => self.unknown(ReasonCode::UnsupportedFunction, Function::Ref.name()),
                }
            }
        };
        self.stack.tree.set(id, node);
    }

    /// What a name stands for, to be put at a node.
    pub(crate) fn named(&mut self, name: Span, id: NodeId) -> Node {
        match self.symbols.get(self.stack.tree.text(name)).copied() {
            Some(Symbol::Variable(variable)) => {
                self.use_variable(id);
                Node::Variable(variable)
            }
            Some(Symbol::Resource(resource)) => {
                self.edge(id, resource, 0);
                Node::Reference { resource, attribute: 0 }
            }
            Some(Symbol::Lost(reason)) => Node::Unknown(reason),
            None => match self.pseudo(name, id) {
                Some(node) => node,
                None => match self.generated_at(name) {
                    Some((resource, attribute)) => {
                        self.edge(id, resource, attribute);
                        Node::Reference { resource, attribute }
                    }
                    None => self.not_found(name, id),
                },
            },
        }
    }

    /// [`generated_by`](Self::generated_by) for a name in the tree.
    fn generated_at(&mut self, name: Span) -> Option<(u32, u32)> {
        if self.generated.is_empty() {
            return None;
        }
        let name = self.stack.tree.text(name).to_owned();
        self.generated_by(&name)
    }

    /// What a name stands for that SAM gives to a resource it generates, with an attribute of it
    /// behind: `Function.Alias`, `Function.Version.Version`.
    fn generated_by(&mut self, name: &str) -> Option<(u32, u32)> {
        if self.generated.is_empty() {
            return None;
        }
        let ends = name.match_indices('.').nth(1).map_or(name.len(), |(at, _)| at);
        let id = self.generated.get(&name[..ends])?;
        let Some(&Symbol::Resource(resource)) = self.symbols.get(id) else { return None };
        let attribute = name.get(ends + 1..).unwrap_or_default().to_owned();
        Some((resource, self.attribute(&attribute)))
    }

    fn not_found(&mut self, name: Span, id: NodeId) -> Node {
        let text = self.stack.tree.text(name);
        // AWS: User Guide, "Using modules": a resource inside a module is named by the module's
        // logical id and its own, with or without a period between.
        if !self.modules.is_empty() {
            let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).take(MAX_ID);
            let within = ends.filter_map(|end| self.modules.get(&text[..end])).last();
            if let Some(&reason) = within {
                return Node::Unknown(reason);
            }
        }
        if let Some(reason) = &self.elsewhere {
            let reason = reason.clone();
            return Node::Unknown(self.reason(reason));
        }
        let reason = Reason::new(ReasonCode::ReferenceNotFound, text);
        self.note(id, reason.to_string());
        self.stack.unresolved.push((reason.clone(), self.stack.tree.offset(id)));
        Node::Unknown(self.reason(reason))
    }

    /// `Fn::GetAtt`.
    ///
    /// AWS: Template Reference, "Fn::GetAtt". The list form may have the attribute in several
    /// elements (`[myELB, SourceSecurityGroup, OwnerAlias]` in its examples) and a `Ref` as
    /// attribute name.
    fn get_att(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        let node = match self.stack.tree.node(argument) {
            Node::String(span) => match self.stack.tree.text(span).find('.') {
                Some(dot) => {
                    let attribute = subspan(span, dot + 1, span.len as usize - dot - 1);
                    self.attribute_of(subspan(span, 0, dot), attribute, id)
                }
                None => return self.invalid(id, Function::GetAtt),
            },
            Node::List(range) if range.len >= 2 => {
                let [first, second] = [0, 1].map(|i| self.stack.tree.children(range)[i]);
                if let (2, Node::String(resource), Node::String(attribute)) =
                    (range.len, self.stack.tree.node(first), self.stack.tree.node(second))
                {
                    let node = self.attribute_of(resource, attribute, id);
                    return self.stack.tree.set(id, node);
                }
                self.lower(argument, depth + 1);
                let parts = self.stack.tree.children(range).to_vec();
                let resource = match self.stack.tree.node(parts[0]) {
                    Node::String(span) => span,
                    _ => match self.constant_text(parts[0]) {
                        Some(text) => self.stack.tree.add_text(&text),
                        None => return self.invalid(id, Function::GetAtt),
                    },
                };
                match (parts.as_slice(), self.stack.tree.node(parts[1])) {
                    ([_, _], Node::String(attribute)) => self.attribute_of(resource, attribute, id),
                    _ => {
                        let names: Option<Vec<String>> =
                            parts[1..].iter().map(|&part| self.constant_text(part)).collect();
                        match names {
                            Some(names) => {
                                let attribute = self.stack.tree.add_text(&names.join("."));
                                self.attribute_of(resource, attribute, id)
                            }
                            // Some attribute of the resource, which one depends on the deployment.
                            None => {
                                self.named(resource, id);
                                let subject = format!("{}.*", self.stack.tree.text(resource));
                                self.unknown(ReasonCode::AttributeAtDeploy, subject)
                            }
                        }
                    }
                }
            }
            _ => return self.invalid(id, Function::GetAtt),
        };
        self.stack.tree.set(id, node);
    }

    /// An attribute of a resource, to be put at a node.
    pub(crate) fn attribute_of(&mut self, resource: Span, attribute: Span, id: NodeId) -> Node {
        if !self.generated.is_empty() {
            let name = format!("{}.{}", self.stack.tree.text(resource), self.stack.tree.text(attribute));
            if let Some((resource, attribute)) = self.generated_by(&name) {
                self.edge(id, resource, attribute);
                return Node::Reference { resource, attribute };
            }
        }
        match self.symbols.get(self.stack.tree.text(resource)).copied() {
            Some(Symbol::Resource(index)) => {
                let text = self.stack.tree.text(attribute);
                let nested = self.is_nested.get(index as usize).copied().unwrap_or(false);
                // AWS: Template Reference, "AWS::CloudFormation::Stack", return values.
                if let Some(output) = text.strip_prefix("Outputs.").filter(|_| nested) {
                    self.part.nested_outputs.push(NestedOutput {
                        node: id,
                        resource: ResourceIndex(index),
                        output: output.into(),
                        from: self.resource,
                    });
                }
                let attribute = match self.attributes.get(text) {
                    Some(&known) => known,
                    None => {
                        let text = text.to_owned();
                        self.attribute(&text)
                    }
                };
                self.edge(id, index, attribute);
                Node::Reference { resource: index, attribute }
            }
            Some(Symbol::Lost(reason)) => Node::Unknown(reason),
            Some(Symbol::Variable(_)) | None => self.not_found(resource, id),
        }
    }

    /// `Fn::Join`.
    ///
    /// AWS: Template Reference, "Fn::Join": the delimiter is a literal string.
    fn join(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        let Some(range) = self.arguments(argument, 2..=2) else {
            return self.invalid(id, Function::Join);
        };
        self.lower(argument, depth + 1);
        let [delimiter, list] = [0, 1].map(|i| self.stack.tree.children(range)[i]);
        let (Node::String(between), Node::List(items)) =
            (self.stack.tree.node(delimiter), self.stack.tree.node(list))
        else {
            return self.operation(id, Operation::Join, range);
        };
        if self.stack.tree.children(items).iter().all(|&item| self.is_literal(item)) {
            let mut text = String::new();
            for (index, &item) in self.stack.tree.children(items).iter().enumerate() {
                if index > 0 {
                    text.push_str(self.stack.tree.text(between));
                }
                self.push_literal(item, &mut text);
            }
            let span = self.stack.tree.add_text(&text);
            self.stack.tree.set(id, Node::String(span));
            if self.is_dynamic(span) {
                self.dynamic_string(id, span);
            }
            return;
        }
        if self.joins_dynamic(items) {
            return self.join_dynamic(id, between, items);
        }
        self.operation(id, Operation::Join, range);
    }

    /// `Fn::Split`.
    ///
    /// AWS: Template Reference, "Fn::Split".
    fn split(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        let Some(range) = self.arguments(argument, 2..=2) else {
            return self.invalid(id, Function::Split);
        };
        self.lower(argument, depth + 1);
        let [delimiter, text] = [0, 1].map(|i| self.stack.tree.children(range)[i]);
        let (Node::String(between), Node::String(whole)) =
            (self.stack.tree.node(delimiter), self.stack.tree.node(text))
        else {
            return self.operation(id, Operation::Split, range);
        };
        if between.len == 0 {
            return self.invalid(id, Function::Split);
        }
        let mut pieces = Vec::new();
        let mut at = 0;
        for piece in self.stack.tree.text(whole).split(self.stack.tree.text(between)) {
            pieces.push(subspan(whole, at, piece.len()));
            at += piece.len() + between.len as usize;
        }
        let offset = self.stack.tree.offset(text);
        let nodes: Vec<NodeId> =
            pieces.into_iter().map(|span| self.stack.tree.push(Node::String(span), offset)).collect();
        let items = self.stack.tree.add_children(&nodes);
        self.stack.tree.set(id, Node::List(items));
    }

    /// `Fn::Select`.
    ///
    /// AWS: Template Reference, "Fn::Select": from zero; the list has no null entries.
    fn select(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        let Some(range) = self.arguments(argument, 2..=2) else {
            return self.invalid(id, Function::Select);
        };
        self.lower(argument, depth + 1);
        let [index, list] = [0, 1].map(|i| self.stack.tree.children(range)[i]);
        let index = match self.stack.tree.node(index) {
            Node::Int(index) => usize::try_from(index).ok(),
            Node::String(span) => self.stack.tree.text(span).trim().parse().ok(),
            _ => None,
        };
        if let (Some(index), Node::List(items)) = (index, self.stack.tree.node(list))
            && let Some(&chosen) = self.stack.tree.children(items).get(index)
            && self.is_plain(items)
        {
            return self.point(id, chosen);
        }
        self.operation(id, Operation::Select, range);
    }

    /// `Fn::If`.
    ///
    /// AWS: Template Reference, "Condition functions", `Fn::If`: the condition is given by name;
    /// `AWS::NoValue` removes the property.
    fn choose(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        let Some(range) = self.arguments(argument, 3..=3) else {
            return self.invalid(id, Function::If);
        };
        let [name, then, otherwise] = [0, 1, 2].map(|i| self.stack.tree.children(range)[i]);
        let condition = match self.stack.tree.node(name) {
            Node::String(span) => self.condition_named(span, name),
            // Not what CloudFormation takes, but clear: a condition written in place.
            _ => self.condition(name, depth + 1),
        };
        if let Formula::Constant(holds) = self.stack.conditions[condition as usize].formula {
            let chosen = if holds { then } else { otherwise };
            self.lower(chosen, depth + 1);
            return self.point(id, chosen);
        }
        self.lower(then, depth + 1);
        self.lower(otherwise, depth + 1);
        self.stack.tree.set(id, Node::Choice { condition, arms: range.start + 1 });
    }

    /// `Fn::ImportValue`: replaced once all stacks are known.
    ///
    /// AWS: Template Reference, "Fn::ImportValue".
    fn import(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        self.lower(argument, depth + 1);
        let node = self.unknown(ReasonCode::ImportNotFound, "");
        self.stack.tree.set(id, node);
        let from = self.resource;
        self.part.imports.push(Import { node: id, name: argument, from });
    }

    /// Whether a node is text that is known now.
    pub(crate) fn is_literal(&self, id: NodeId) -> bool {
        matches!(self.stack.tree.node(id), Node::String(_) | Node::Int(_) | Node::Bool(_))
    }

    /// Appends a literal as CloudFormation writes it.
    pub(crate) fn push_literal(&self, id: NodeId, text: &mut String) {
        match self.stack.tree.node(id) {
            Node::String(span) => text.push_str(self.stack.tree.text(span)),
            Node::Int(int) => text.push_str(&int.to_string()),
            Node::Bool(is) => text.push_str(if is { "true" } else { "false" }),
            _ => {}
        }
    }

    /// Whether every element is there in every world.
    fn is_plain(&self, items: Range) -> bool {
        self.stack.tree.children(items).iter().all(|&item| match self.stack.tree.node(item) {
            Node::Operation { operation, .. } => matches!(operation, Operation::Concat | Operation::Join),
            // What the parent stack gives may be nothing.
            Node::Variable(_) => self.parent.is_none(),
            Node::Absent | Node::Null | Node::Choice { .. } | Node::Foreign { .. } => false,
            _ => true,
        })
    }
}
