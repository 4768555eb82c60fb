//! `Fn::FindInMap`, and transforms inside sections.

use sekisho_estate::{Node, NodeId, Operation, Reason, ReasonCode};

use crate::function::Function;
use crate::lower::Lowering;

impl Lowering<'_> {
    /// `Fn::FindInMap`.
    ///
    /// AWS: Template Reference, "Fn::FindInMap" and, for functions as names and for
    /// `DefaultValue`, "Fn::FindInMap enhancements".
    pub(crate) fn find_in_map(&mut self, id: NodeId, argument: NodeId, depth: u32) {
        let parts = match self.stack.tree.node(argument) {
            Node::List(range) if (3..=4).contains(&range.len) => self.stack.tree.children(range).to_vec(),
            _ => return self.invalid(id, Function::FindInMap),
        };
        let default = match parts.get(3) {
            Some(&options) => match self.stack.tree.get(options, "DefaultValue") {
                Some(default) => Some(default),
                None => return self.invalid(id, Function::FindInMap),
            },
            None => None,
        };
        for &part in parts[..3].iter().chain(&default) {
            self.lower(part, depth + 1);
        }
        let [name, first, second] = [parts[0], parts[1], parts[2]];
        let Some(mappings) = self.mappings.filter(|&m| matches!(self.stack.tree.node(m), Node::Map(_)))
        else {
            return self.no_mappings(id, name, default);
        };
        let Some(map_name) = self.constant_text(name) else {
            return match default {
                // Which mapping it is depends on the world: the first two levels are one table.
                None => {
                    let offset = self.stack.tree.offset(id);
                    let inner =
                        self.stack.tree.push_operation(Operation::Lookup, &[mappings, name, first], offset);
                    let operands = self.stack.tree.add_children(&[inner, second]);
                    self.stack.tree.set(id, Node::Operation { operation: Operation::Member, operands });
                }
                Some(_) => {
                    let node = self.unknown(ReasonCode::UnsupportedFunction, Function::FindInMap.name());
                    self.stack.tree.set(id, node);
                }
            };
        };
        let Some(table) = self.stack.tree.get(mappings, &map_name) else {
            return self.no_entry(id, map_name, default);
        };
        if matches!(self.stack.tree.node(table), Node::Unknown(_)) {
            return self.point(id, table);
        }
        if self.is_literal(first) && self.is_literal(second) {
            let mut keys = [String::new(), String::new()];
            self.push_literal(first, &mut keys[0]);
            self.push_literal(second, &mut keys[1]);
            let row = self.stack.tree.get(table, &keys[0]);
            return match row.and_then(|row| self.stack.tree.get(row, &keys[1])) {
                Some(entry) => self.point(id, entry),
                None => self.no_entry(id, format!("{map_name}.{}.{}", keys[0], keys[1]), default),
            };
        }
        let operands: Vec<NodeId> = [table, first, second].into_iter().chain(default).collect();
        let operands = self.stack.tree.add_children(&operands);
        self.stack.tree.set(id, Node::Operation { operation: Operation::Lookup, operands });
    }

    /// A mapping where there are none, unless a transform may add some.
    fn no_mappings(&mut self, id: NodeId, name: NodeId, default: Option<NodeId>) {
        if let Some(transformed) =
            self.mappings.filter(|&m| matches!(self.stack.tree.node(m), Node::Unknown(_)))
        {
            return self.point(id, transformed);
        }
        if let Some(reason) = self.elsewhere.clone() {
            let reason = self.reason(reason);
            return self.stack.tree.set(id, Node::Unknown(reason));
        }
        let name = self.constant_text(name).unwrap_or_default();
        self.no_entry(id, name, default);
    }

    /// An entry that is not there: the default if one is given.
    fn no_entry(&mut self, id: NodeId, name: String, default: Option<NodeId>) {
        if let Some(default) = default {
            return self.point(id, default);
        }
        let reason = Reason::new(ReasonCode::MapEntryNotFound, name);
        self.note(id, reason.to_string());
        let reason = self.reason(reason);
        self.stack.tree.set(id, Node::Unknown(reason));
    }

    /// A value that a macro makes.
    ///
    /// AWS: Template Reference, "Fn::Transform"; `AWS::Include` ("AWS::Include transform") puts
    /// keys beside where it stands.
    pub(crate) fn transform(&mut self, id: NodeId, argument: NodeId) {
        let name = self.transform_names(argument).join(", ");
        self.loss(id, format!("transform {name} is not evaluated; what it makes of this place is not known"));
        let node = self.unknown(ReasonCode::Transform, name);
        self.stack.tree.set(id, node);
    }

    /// Names of the transforms in a declaration: a name, a map with a name, or a list of both.
    ///
    /// AWS: Template Reference, "Transform section".
    pub(crate) fn transform_names(&self, declaration: NodeId) -> Vec<String> {
        let tree = &self.stack.tree;
        let one = |id: NodeId| match tree.node(id) {
            Node::String(span) => Some(tree.text(span).to_owned()),
            Node::Map(_) => tree.get(id, "Name").and_then(|name| tree.string(name)).map(str::to_owned),
            _ => None,
        };
        match tree.node(declaration) {
            Node::List(range) => tree.children(range).iter().map(|&id| one(id).unwrap_or_default()).collect(),
            _ => vec![one(declaration).unwrap_or_default()],
        }
    }

    /// Readies the mappings: only transforms and dynamic references in them mean anything.
    ///
    /// AWS: Template Reference, "Mappings section": names, keys and values are literals, the
    /// values strings or lists.
    pub(crate) fn prepare_mappings(&mut self, mappings: NodeId) {
        self.mappings = Some(mappings);
        let Node::Map(range) = self.stack.tree.node(mappings) else { return };
        for index in 0..range.len as usize {
            let entry = self.stack.tree.entries(range)[index];
            if self.stack.tree.text(entry.key) == Function::Transform.name() {
                return self.transform(mappings, entry.value);
            }
            let Node::Map(rows) = self.stack.tree.node(entry.value) else { continue };
            for row in 0..rows.len as usize {
                let row = self.stack.tree.entries(rows)[row];
                if self.stack.tree.text(row.key) == Function::Transform.name() {
                    self.transform(entry.value, row.value);
                    break;
                }
                let Node::Map(cells) = self.stack.tree.node(row.value) else { continue };
                for cell in 0..cells.len as usize {
                    let value = self.stack.tree.entries(cells)[cell].value;
                    if !matches!(self.stack.tree.node(value), Node::Map(_)) {
                        self.lower(value, 3);
                    }
                }
            }
        }
    }
}
