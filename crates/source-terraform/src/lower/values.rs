//! Values to nodes.

use std::sync::Arc;

use sekisho_estate::{
    ConditionId, Entry, Formula, Node, NodeId, Operation, Reason, ReasonCode, Span, Variable, key_hash,
};
use sekisho_facts::terraform_mappings;

use super::build::{Out, OutMap};
use super::{Became, Lower};
use crate::instance::{Address, Mode};
use crate::value::{Condition, Located, Number, Part, Place, Reference, Step, Test, Unknown, Value};

impl Lower<'_> {
    // ---- nodes ----------------------------------------------------------

    /// The span of a key or name, added to the text when it is new.
    pub(super) fn key(&mut self, key: &str) -> Span {
        if let Some(span) = self.keys.get(key) {
            return *span;
        }
        let span = self.stack.tree.add_text(key);
        self.keys.insert(key.into(), span);
        span
    }

    /// An entry of a map.
    pub(super) fn entry(&mut self, key: &str, value: NodeId) -> Entry {
        Entry { hash: key_hash(key.as_bytes()), key: self.key(key), value }
    }

    /// Index of the name of an attribute.
    pub(super) fn name(&mut self, name: &str) -> u32 {
        if let Some(index) = self.names.get(name) {
            return *index;
        }
        let index = self.stack.tree.add_name(name);
        self.names.insert(name.into(), index);
        index
    }

    /// Finished properties as nodes.
    pub(super) fn node(&mut self, out: Out) -> NodeId {
        match out {
            Out::Node(node) => node,
            Out::List(items, offset) => {
                let items: Vec<NodeId> = items.into_iter().map(|item| self.node(item)).collect();
                self.stack.tree.push_list(&items, offset)
            }
            Out::Map(OutMap { entries, offset }) => {
                let entries: Vec<Entry> = entries
                    .into_iter()
                    .map(|(key, value)| {
                        let value = self.node(value);
                        self.entry(&key, value)
                    })
                    .collect();
                let range = self.stack.tree.add_entries(&entries);
                self.stack.tree.push(Node::Map(range), offset)
            }
        }
    }

    // ---- values ---------------------------------------------------------

    /// A value as it is. `near` is the offset of what holds it, for values without a place.
    pub(super) fn value(&mut self, value: &Value, place: Place, near: u32) -> NodeId {
        let at = self.offset(place).unwrap_or(near);
        match value {
            Value::Null => self.stack.tree.push(Node::Absent, at),
            Value::Bool(is) => self.stack.tree.push(Node::Bool(*is), at),
            Value::Number(Number::Int(int)) => self.stack.tree.push(Node::Int(*int), at),
            Value::Number(number) => self.stack.tree.push(Node::Float(number.as_f64()), at),
            Value::String(text) => self.stack.tree.push_string(text, at),
            Value::List(list) => {
                let items: Vec<NodeId> =
                    list.items.iter().map(|item| self.value(&item.value, item.place, at)).collect();
                self.stack.tree.push_list(&items, at)
            }
            Value::Map(map) => {
                if let Some(unknown) = &map.open
                    && map.entries.is_empty()
                {
                    return self.unknown(unknown, at);
                }
                let entries: Vec<Entry> = map
                    .entries
                    .iter()
                    .map(|entry| {
                        let node = self.value(&entry.value.value, entry.value.place, at);
                        self.entry(&entry.key, node)
                    })
                    .collect();
                let range = self.stack.tree.add_entries(&entries);
                self.stack.tree.push(Node::Map(range), at)
            }
            Value::Template(parts) => {
                let parts: Vec<NodeId> = parts
                    .iter()
                    .map(|part| match part {
                        Part::Literal(text) => self.stack.tree.push_string(text, at),
                        Part::Hole(value) => self.value(value, place, at),
                    })
                    .collect();
                self.stack.tree.push_operation(Operation::Concat, &parts, at)
            }
            Value::Json(inner) => {
                let inner = self.value(&inner.value, inner.place, at);
                self.stack.tree.push_operation(Operation::ToJson, &[inner], at)
            }
            Value::Reference(reference) => self.reference(reference, place, at),
            Value::Unknown(unknown) => self.unknown(unknown, at),
            Value::Choice(choice) => {
                let condition = self.condition(&choice.condition);
                let then = self.value(&choice.then.value, choice.then.place, at);
                let otherwise = self.value(&choice.otherwise.value, choice.otherwise.place, at);
                self.stack.tree.push_choice(condition, then, otherwise, at)
            }
            Value::Sensitive(_) => self.secret(at),
        }
    }

    pub(super) fn secret(&mut self, at: u32) -> NodeId {
        let mask = self.key("***");
        self.stack.tree.push(Node::Secret(mask), at)
    }

    fn unknown(&mut self, unknown: &Unknown, at: u32) -> NodeId {
        match &unknown.variable {
            Some(name) => {
                let variable = self.variable(name, &unknown.reason);
                self.stack.tree.push(Node::Variable(variable), at)
            }
            None => self.push_unknown(unknown.reason.clone(), at),
        }
    }

    /// A variable of the root module whose value is not given.
    fn variable(&mut self, name: &str, reason: &Reason) -> u32 {
        if let Some(known) = self.variables.get(name) {
            return *known;
        }
        // First, so that a domain that leads back to it ends.
        let index = self.add_variable(name, reason.clone());
        let declared = self.configuration.variables.iter().find(|variable| &*variable.name == name);
        if let Some(declared) = declared {
            let domain: Vec<NodeId> =
                declared.domain.iter().map(|located| self.value(&located.value, located.place, 0)).collect();
            let variable = &mut self.stack.variables[index as usize];
            variable.domain = domain;
            variable.secret = declared.sensitive;
        }
        index
    }

    fn add_variable(&mut self, name: &str, unknown: Reason) -> u32 {
        let index = self.stack.variables.len() as u32;
        self.stack.variables.push(Variable {
            name: name.into(),
            domain: Vec::new(),
            has_default: false,
            secret: false,
            unknown,
        });
        self.variables.insert(name.into(), index);
        index
    }

    /// What CloudFormation calls a pseudo parameter.
    fn pseudo(&mut self, name: &str, at: u32) -> NodeId {
        let variable = match self.variables.get(name) {
            Some(known) => *known,
            None => self.add_variable(name, Reason::new(ReasonCode::PseudoParameter, name)),
        };
        self.stack.tree.push(Node::Variable(variable), at)
    }

    // ---- conditions -----------------------------------------------------

    /// The condition of the stack for one of the configuration. Equal labels are one decision.
    pub(super) fn condition(&mut self, condition: &Arc<Condition>) -> ConditionId {
        if let Some(known) = self.conditions.get(&condition.label) {
            return *known;
        }
        let label = condition.label.clone();
        let reason = Reason::new(ReasonCode::AttributeAtDeploy, &*label);
        let id = self.add_condition(&label, Formula::Unknown(reason));
        self.conditions.insert(label, id);
        let nowhere = Place::NOWHERE;
        // A condition is no part of the resource that uses it first.
        let current = self.current.take();
        let formula = match &condition.test {
            Test::Is(value) => Some(Formula::Value(self.value(value, nowhere, 0))),
            Test::Equals(a, b) => Some(Formula::Equals(self.value(a, nowhere, 0), self.value(b, nowhere, 0))),
            Test::Not(inner) => Some(Formula::Not(self.condition(inner))),
            Test::All(all) => Some(Formula::All(all.iter().map(|c| self.condition(c)).collect())),
            Test::Any(any) => Some(Formula::Any(any.iter().map(|c| self.condition(c)).collect())),
            Test::Opaque => None,
        };
        self.current = current;
        if let Some(formula) = formula {
            self.stack.conditions[id as usize].formula = formula;
        }
        id
    }

    // ---- references -----------------------------------------------------

    fn reference(&mut self, reference: &Reference, place: Place, at: u32) -> NodeId {
        let target = &*reference.target;
        let first = match reference.path.first() {
            Some(Step::Name(name)) => &**name,
            _ => "",
        };
        if target.mode == Mode::Data {
            return self.data(reference, first, place, at);
        }
        let found = self.addresses.get(target).copied();
        let Some(index) = found else {
            if let Some(known) = &reference.known {
                return self.value(known, place, at);
            }
            if target.kind.starts_with("aws") {
                self.unresolved(&target.to_string(), at);
            }
            return self.push_unknown(Reason::new(ReasonCode::AttributeAtDeploy, name_of(reference)), at);
        };
        match self.became[index] {
            Became::Resource(resource) => {
                let kind = &*target.kind;
                let attribute = attribute_of(kind, first);
                if let Some(known) = &reference.known
                    && attribute.as_deref() != Some("")
                {
                    return self.value(known, place, at);
                }
                let attribute = attribute.unwrap_or_else(|| camel(first));
                self.refer(resource, &attribute, at)
            }
            Became::Merged => {
                let parents = self.parents_of(index, 0);
                match (parents.first(), &reference.known) {
                    (_, Some(known)) => self.value(known, place, at),
                    (Some(parent), None) => {
                        let attribute = if matches!(first, "id" | "bucket" | "arn") { "" } else { first };
                        let attribute = camel(attribute);
                        self.refer(*parent, &attribute, at)
                    }
                    (None, None) => {
                        self.push_unknown(Reason::new(ReasonCode::AttributeAtDeploy, name_of(reference)), at)
                    }
                }
            }
            Became::Nothing => {
                if &*target.kind == "random_password" && first.starts_with("result") {
                    return self.secret(at);
                }
                match &reference.known {
                    Some(known) => self.value(known, place, at),
                    None => {
                        self.push_unknown(Reason::new(ReasonCode::AttributeAtDeploy, name_of(reference)), at)
                    }
                }
            }
        }
    }

    /// What a data source says: who asks, or something that is read when Terraform runs.
    fn data(&mut self, reference: &Reference, attribute: &str, place: Place, at: u32) -> NodeId {
        if let Some(known) = &reference.known {
            return self.value(known, place, at);
        }
        let pseudo = match (&*reference.target.kind, attribute) {
            ("aws_caller_identity", "account_id" | "id") => "AWS::AccountId",
            ("aws_region", "name" | "region" | "id") => "AWS::Region",
            ("aws_partition", "partition" | "id") => "AWS::Partition",
            ("aws_partition", "dns_suffix") => "AWS::URLSuffix",
            _ => {
                let reason = self.looked_up(reference, attribute);
                let reason =
                    reason.unwrap_or_else(|| Reason::new(ReasonCode::DataSource, name_of(reference)));
                return self.push_unknown(reason, at);
            }
        };
        self.pseudo(pseudo, at)
    }

    // ---- JSON -----------------------------------------------------------

    /// A value that is JSON text, as what the text says.
    pub(super) fn json(&mut self, located: &Located, near: u32) -> NodeId {
        let at = self.offset(located.place).unwrap_or(near);
        match located.value.plain() {
            Value::Json(inner) => self.value(&inner.value, inner.place, at),
            Value::String(text) => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(value) if value.is_object() || value.is_array() => self.json_value(&value, at),
                _ => self.stack.tree.push_string(text, at),
            },
            Value::Template(parts) => {
                // Text with holes is a document with holes, where they stand for whole values
                // or inside of texts.
                let (text, holes) = with_marks(parts);
                match serde_json::from_str::<serde_json::Value>(&text) {
                    Ok(value) if value.is_object() || value.is_array() => self.json_with(&value, &holes, at),
                    _ => self.value(&located.value, located.place, near),
                }
            }
            Value::Choice(choice) => {
                let condition = self.condition(&choice.condition);
                let then = self.json(&choice.then, at);
                let otherwise = self.json(&choice.otherwise, at);
                self.stack.tree.push_choice(condition, then, otherwise, at)
            }
            _ => self.value(&located.value, located.place, near),
        }
    }

    /// JSON as nodes, all at one place.
    pub(super) fn json_value(&mut self, value: &serde_json::Value, at: u32) -> NodeId {
        self.json_with(value, &[], at)
    }

    /// A text of JSON with marks for holes.
    fn json_text(&mut self, text: &str, holes: &[&Value], at: u32) -> NodeId {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(MARK) {
            let (number, after) = after.split_once(MARK).unwrap_or((after, ""));
            if !before.is_empty() {
                parts.push(self.stack.tree.push_string(before, at));
            }
            if let Some(hole) = number.parse::<usize>().ok().and_then(|number| holes.get(number)) {
                parts.push(self.value(hole, Place::NOWHERE, at));
            }
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(self.stack.tree.push_string(rest, at));
        }
        match parts[..] {
            [only] => only,
            _ => self.stack.tree.push_operation(Operation::Concat, &parts, at),
        }
    }

    fn json_with(&mut self, value: &serde_json::Value, holes: &[&Value], at: u32) -> NodeId {
        match value {
            serde_json::Value::String(text) if !holes.is_empty() && text.contains(MARK) => {
                self.json_text(text, holes, at)
            }
            serde_json::Value::Null => self.stack.tree.push(Node::Null, at),
            serde_json::Value::Bool(is) => self.stack.tree.push(Node::Bool(*is), at),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => self.stack.tree.push(Node::Int(int), at),
                (None, float) => self.stack.tree.push(Node::Float(float.unwrap_or(0.0)), at),
            },
            serde_json::Value::String(text) => self.stack.tree.push_string(text, at),
            serde_json::Value::Array(items) => {
                let items: Vec<NodeId> = items.iter().map(|item| self.json_with(item, holes, at)).collect();
                self.stack.tree.push_list(&items, at)
            }
            serde_json::Value::Object(map) => {
                let entries: Vec<Entry> = map
                    .iter()
                    .map(|(key, value)| {
                        let node = self.json_with(value, holes, at);
                        self.entry(key, node)
                    })
                    .collect();
                let range = self.stack.tree.add_entries(&entries);
                self.stack.tree.push(Node::Map(range), at)
            }
        }
    }
}

/// Stands around the number of a hole; of no meaning in any text.
const MARK: char = '\u{f8ff}';

/// The text of a template with a mark for each hole, in quotes where it stands outside of a
/// text of JSON.
fn with_marks(parts: &[Part]) -> (String, Vec<&Value>) {
    let (mut text, mut holes) = (String::new(), Vec::new());
    let (mut inside, mut escaped) = (false, false);
    for part in parts {
        match part {
            Part::Literal(literal) => {
                for c in literal.chars() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' if inside => escaped = true,
                        '"' => inside = !inside,
                        _ => {}
                    }
                }
                text.push_str(literal);
            }
            Part::Hole(value) => {
                let quote = if inside { "" } else { "\"" };
                text.push_str(&format!("{quote}{MARK}{}{MARK}{quote}", holes.len()));
                holes.push(value);
            }
        }
    }
    (text, holes)
}

/// What `Fn::GetAtt` calls an attribute; empty for `Ref`, none when the mapping does not say.
fn attribute_of(kind: &str, attribute: &str) -> Option<String> {
    if attribute.is_empty() || attribute == "id" {
        return Some(String::new());
    }
    if kind.starts_with("awscc_") {
        return Some(camel(attribute));
    }
    let rows = terraform_mappings(kind);
    let found = rows.iter().flat_map(|row| &row.attributes).find(|(name, _)| *name == attribute);
    found.map(|(_, known)| (*known).to_owned())
}

/// `bucket_domain_name` as `BucketDomainName`.
pub(super) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.split('_') {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            out.extend(first.to_uppercase());
            out.push_str(letters.as_str());
        }
    }
    out
}

fn name_of(reference: &Reference) -> String {
    let mut out = reference.target.to_string();
    for step in &reference.path {
        match step {
            Step::Name(name) => {
                out.push('.');
                out.push_str(name);
            }
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Any => out.push_str("[*]"),
        }
    }
    out
}

/// The instances that have an address but for its key.
pub(super) fn same_block(a: &Address, b: &Address) -> bool {
    a.module == b.module && a.mode == b.mode && a.kind == b.kind && a.name == b.name
}
