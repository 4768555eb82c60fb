//! Parameters and pseudo parameters: what differs from deployment to deployment.

use std::collections::HashSet;

use sekisho_estate::{Formula, Node, NodeId, Operation, Reason, ReasonCode, Span, Stack, Variable};

use crate::lower::{Given, Inherited, Lowering, Symbol};

/// Pseudo parameters that a nested stack has in common with its parent.
pub(crate) const SHARED: [&str; 4] = ["AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::URLSuffix"];

/// Pseudo parameters that every stack has for itself.
const OWN: [&str; 3] = ["AWS::StackName", "AWS::StackId", "AWS::NotificationARNs"];

impl Lowering<'_> {
    /// Declares the parameters.
    ///
    /// AWS: User Guide, "Parameters section": a value that is given counts, else the default.
    pub(crate) fn parameters(&mut self, section: NodeId) {
        let Node::Map(range) = self.stack.tree.node(section) else {
            return self.loss(section, "Parameters is not a map; its parameters are not read");
        };
        for index in 0..range.len as usize {
            let entry = self.stack.tree.entries(range)[index];
            let name: Box<str> = self.stack.tree.text(entry.key).into();
            if !matches!(self.stack.tree.node(entry.value), Node::Map(_)) {
                self.loss(entry.value, format!("parameter {name} is not declared by a map; it is not read"));
                let reason = self.reason(Reason::new(ReasonCode::WrongShape, &*name));
                self.symbols.insert(name, Symbol::Lost(reason));
                continue;
            }
            let variable = self.parameter(&name, entry.value);
            let id = self.stack.variables.len() as u32;
            self.stack.variables.push(variable);
            self.symbols.insert(name, Symbol::Variable(id));
        }
    }

    fn parameter(&mut self, name: &str, declaration: NodeId) -> Variable {
        let tree = &self.stack.tree;
        let kind = tree.get(declaration, "Type").and_then(|t| tree.string(t)).unwrap_or("String").to_owned();
        let secret = match tree.get(declaration, "NoEcho").map(|n| tree.node(n)) {
            Some(Node::Bool(is)) => is,
            Some(Node::String(span)) => tree.text(span).eq_ignore_ascii_case("true"),
            _ => false,
        };
        let default = tree.get(declaration, "Default").filter(|&n| tree.node(n) != Node::Null);
        let given = self.given.remove(name);
        let mut variable = Variable {
            name: name.into(),
            domain: Vec::new(),
            has_default: false,
            secret,
            unknown: Reason::new(ReasonCode::ParameterWithoutValue, name),
        };
        // AWS: User Guide, "Specify existing resources at runtime with CloudFormation-supplied
        // parameter types": the value given, or the default, is the name of a parameter in the
        // Parameter Store; `Ref` gives what is kept there.
        if kind.starts_with("AWS::SSM::Parameter::Value<") {
            let key = match given {
                Some(Given::Text(key)) => Some(key),
                Some(Given::Inherited(Inherited { constant, .. })) => constant,
                Some(Given::Previous) => None,
                None => default.and_then(|d| self.stack.tree.string(d)).map(str::to_owned),
            };
            variable.unknown =
                Reason::new(ReasonCode::DynamicReference, key.unwrap_or_else(|| name.to_owned()));
            return variable;
        }
        let list = kind == "CommaDelimitedList" || kind.starts_with("List<");
        match given {
            Some(Given::Text(text)) => {
                self.check_allowed(name, declaration, &text, list);
                variable.domain = vec![self.value_of(&text, list, self.stack.tree.offset(declaration))];
                variable.has_default = true;
            }
            Some(Given::Inherited(inherited)) => {
                self.inherit(&mut variable, inherited, default, declaration, list)
            }
            Some(Given::Previous) => variable.domain = self.domain(None, declaration, list),
            None => {
                variable.has_default = default.is_some();
                variable.domain = self.domain(default, declaration, list);
            }
        }
        variable
    }

    /// The default first, then the other allowed values.
    ///
    /// AWS: User Guide, "Parameters section", `AllowedValues`: for a list each of its members
    /// must be one of them, so that they tell no list.
    fn domain(&mut self, default: Option<NodeId>, declaration: NodeId, list: bool) -> Vec<NodeId> {
        if list {
            return default.map(|default| self.list_of(default)).into_iter().collect();
        }
        let mut domain: Vec<NodeId> = Vec::new();
        let mut seen = HashSet::new();
        let allowed = self.stack.tree.get(declaration, "AllowedValues");
        let allowed = allowed.map(|a| self.stack.tree.list(a).to_vec()).unwrap_or_default();
        for node in default.into_iter().chain(allowed) {
            let node = self.written(node);
            let mut text = String::new();
            self.push_literal(node, &mut text);
            if self.is_literal(node) && seen.insert(text) {
                domain.push(node);
            }
        }
        domain
    }

    /// A default or allowed value as text. A number with a fraction keeps the digits written:
    /// `5.10` is not `5.1` where it becomes part of a text.
    fn written(&mut self, node: NodeId) -> NodeId {
        let Node::Float(_) = self.stack.tree.node(node) else { return node };
        let offset = self.stack.tree.offset(node);
        let rest = &self.stack.tree.source().as_bytes()[offset as usize..];
        let len = rest.iter().take_while(|b| b.is_ascii_digit() || b"+-.eE".contains(b)).count();
        self.stack.tree.push(Node::String(Span { start: offset, len: len as u32 }), offset)
    }

    fn list_of(&mut self, default: NodeId) -> NodeId {
        match self.stack.tree.node(default) {
            Node::String(span) => {
                let text = self.stack.tree.text(span).to_owned();
                self.value_of(&text, true, self.stack.tree.offset(default))
            }
            // Not what CloudFormation takes, but clear.
            Node::List(_) => default,
            _ => {
                let only = self.written(default);
                let offset = self.stack.tree.offset(default);
                self.stack.tree.push_list(&[only], offset)
            }
        }
    }

    /// A text as the value of a parameter.
    ///
    /// AWS: User Guide, "Parameters section", `CommaDelimitedList`: each member is space trimmed.
    fn value_of(&mut self, text: &str, list: bool, offset: u32) -> NodeId {
        if !list {
            return self.stack.tree.push_string(text, offset);
        }
        let items: Vec<NodeId> =
            text.split(',').map(|item| self.stack.tree.push_string(item.trim(), offset)).collect();
        self.stack.tree.push_list(&items, offset)
    }

    fn check_allowed(&mut self, name: &str, declaration: NodeId, text: &str, list: bool) {
        let tree = &self.stack.tree;
        let Some(allowed) = tree.get(declaration, "AllowedValues") else { return };
        let is_allowed = |value: &str| {
            tree.list(allowed).iter().any(|&node| {
                let mut written = String::new();
                self.push_literal(node, &mut written);
                written == value || !self.is_literal(node)
            })
        };
        let fine = if list { text.split(',').all(|item| is_allowed(item.trim())) } else { is_allowed(text) };
        if !fine {
            self.note(
                declaration,
                format!("parameter {name} was given a value that is not among its AllowedValues"),
            );
        }
    }

    /// What the parent stack gives.
    ///
    /// AWS: Template Reference, "AWS::CloudFormation::Stack", `Parameters`: a list is given as
    /// text, its members joined with commas.
    fn inherit(
        &mut self,
        variable: &mut Variable,
        inherited: Inherited,
        default: Option<NodeId>,
        declaration: NodeId,
        list: bool,
    ) {
        let offset = self.stack.tree.offset(declaration);
        let Some(parent) = self.parent.map(|p| p.resource.stack.0) else { return };
        if let Some(sometimes) = inherited.sometimes {
            let holds = self.foreign(parent, sometimes.holds, offset);
            let given = self.foreign(parent, sometimes.node, offset);
            let given = if list { self.split_text(given, offset) } else { given };
            let otherwise = match self.domain(default, declaration, list).first() {
                Some(&default) => default,
                None => {
                    let node = self.unknown(ReasonCode::ParameterWithoutValue, &*variable.name);
                    self.stack.tree.push(node, offset)
                }
            };
            let condition = self.add_condition("", Formula::Value(holds));
            let (then, otherwise) = if sometimes.when { (given, otherwise) } else { (otherwise, given) };
            variable.domain = vec![self.stack.tree.push_choice(condition, then, otherwise, offset)];
        } else if let Some(text) = inherited.constant.filter(|_| list) {
            variable.domain = vec![self.value_of(&text, true, offset)];
        } else if let Some(items) = inherited.list.filter(|_| list) {
            variable.domain = vec![self.foreign(parent, items, offset)];
        } else {
            let given = self.foreign(parent, inherited.node, offset);
            variable.domain = vec![if list { self.split_text(given, offset) } else { given }];
        }
        variable.has_default = true;
    }

    fn split_text(&mut self, text: NodeId, offset: u32) -> NodeId {
        let comma = self.stack.tree.push_string(",", offset);
        self.stack.tree.push_operation(Operation::Split, &[comma, text], offset)
    }

    /// A node of another stack.
    pub(crate) fn foreign(&mut self, stack: u32, node: NodeId, offset: u32) -> NodeId {
        let id = self.stack.tree.push(Node::Foreign { stack, node }, offset);
        self.part.foreign.push(id);
        id
    }

    /// The value of a pseudo parameter, none when the name is not one.
    ///
    /// AWS: Template Reference, "Get AWS values using pseudo parameters".
    pub(crate) fn pseudo(&mut self, name: Span, at: NodeId) -> Option<Node> {
        let text = self.stack.tree.text(name);
        if !text.starts_with("AWS::") {
            return None;
        }
        if text == "AWS::NoValue" {
            return Some(Node::Absent);
        }
        let shared = SHARED.iter().position(|known| *known == text);
        if shared.is_none() && !OWN.contains(&text) {
            return None;
        }
        let name: Box<str> = text.into();
        let mut variable = open_pseudo(&name);
        let offset = self.stack.tree.offset(at);
        if let (Some(shared), Some(parent)) = (shared, self.parent)
            && let Some(pseudo) = parent.pseudo
        {
            let node = self.foreign(parent.resource.stack.0, pseudo[shared], offset);
            variable.domain = vec![node];
        } else if let Some(value) = self.known_pseudo(&name) {
            variable.domain = vec![self.stack.tree.push_string(&value, offset)];
            variable.has_default = true;
        }
        let id = self.stack.variables.len() as u32;
        self.stack.variables.push(variable);
        self.symbols.insert(name, Symbol::Variable(id));
        self.use_variable(at);
        Some(Node::Variable(id))
    }

    fn known_pseudo(&self, name: &str) -> Option<String> {
        let region = self.stack.region.as_deref();
        match name {
            "AWS::Region" => region.map(str::to_owned),
            "AWS::AccountId" => self.stack.account.as_deref().map(str::to_owned),
            "AWS::Partition" => region.map(|r| partition(r).0.to_owned()),
            "AWS::URLSuffix" => region.map(|r| partition(r).1.to_owned()),
            _ => None,
        }
    }
}

fn open_pseudo(name: &str) -> Variable {
    Variable {
        name: name.into(),
        domain: Vec::new(),
        has_default: false,
        secret: false,
        unknown: Reason::new(ReasonCode::PseudoParameter, name),
    }
}

/// Nodes of a stack for the pseudo parameters that its nested stacks share with it.
pub(crate) fn shared_pseudo(stack: &mut Stack) -> [NodeId; 4] {
    SHARED.map(|name| {
        let known = stack.variables.iter().position(|v| &*v.name == name);
        let variable = known.unwrap_or_else(|| {
            stack.variables.push(open_pseudo(name));
            stack.variables.len() - 1
        });
        stack.tree.push(Node::Variable(variable as u32), 0)
    })
}

/// Partition and domain suffix of a region.
///
/// AWS: Template Reference, "Get AWS values using pseudo parameters", `AWS::Partition` and
/// `AWS::URLSuffix`; the isolated partitions as in the endpoint data of the AWS SDKs.
fn partition(region: &str) -> (&'static str, &'static str) {
    const PARTITIONS: [(&str, &str, &str); 7] = [
        ("cn-", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-", "aws-us-gov", "amazonaws.com"),
        ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
        ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
        ("us-iso-", "aws-iso", "c2s.ic.gov"),
        ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
        ("eusc-", "aws-eusc", "amazonaws.eu"),
    ];
    let found = PARTITIONS.iter().find(|(prefix, ..)| region.starts_with(prefix));
    found.map_or(("aws", "amazonaws.com"), |(_, name, suffix)| (name, suffix))
}
