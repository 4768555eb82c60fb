//! The walk over values: finds the intrinsic functions and lowers them where they stand.

use sekisho_estate::{Node, NodeId, Range, ReasonCode};

use crate::function::{Function, is_loop};
use crate::lower::{Lowering, MAX_DEPTH};

impl Lowering<'_> {
    /// Lowers a value and everything below it. Lowering it again, through an alias of YAML, only
    /// records what it refers to.
    pub(crate) fn lower(&mut self, id: NodeId, depth: u32) {
        match self.stack.tree.node(id) {
            Node::String(span) if self.is_dynamic(span) => self.dynamic_string(id, span),
            Node::Reference { resource, attribute } => self.edge(id, resource, attribute),
            Node::Variable(_) => self.use_variable(id),
            node @ (Node::List(_)
            | Node::Map(_)
            | Node::Tagged { .. }
            | Node::Operation { .. }
            | Node::Choice { .. }) => {
                if depth > MAX_DEPTH {
                    return self.too_deep(id);
                }
                match node {
                    Node::List(range) | Node::Operation { operands: range, .. } => self.all(range, depth + 1),
                    Node::Map(range) => self.map(id, range, depth),
                    Node::Tagged { tag, child } => self.tagged(id, tag, child, depth),
                    Node::Choice { arms, .. } => self.all(Range { start: arms, len: 2 }, depth + 1),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn all(&mut self, range: Range, depth: u32) {
        for index in 0..range.len as usize {
            let child = self.stack.tree.children(range)[index];
            self.lower(child, depth);
        }
    }

    /// Gives up a value that is nested too deep.
    fn too_deep(&mut self, id: NodeId) {
        let message = format!("values are nested deeper than {MAX_DEPTH} levels here; this one is not read");
        self.loss(id, message);
        let node = self.unknown(ReasonCode::WrongShape, format!("a value deeper than {MAX_DEPTH} levels"));
        self.stack.tree.set(id, node);
    }

    fn map(&mut self, id: NodeId, range: Range, depth: u32) {
        if range.len == 1 {
            let entry = self.stack.tree.entries(range)[0];
            let key = self.stack.tree.text(entry.key);
            match Function::by_key(entry.hash, key) {
                // A statement of a policy has conditions of its own.
                Some(Function::Condition) | None => {}
                Some(function) => return self.function(id, function, entry.value, depth),
            }
            // Rain writes its directives as functions: what it would put here is not known.
            if (key.starts_with("Fn::") && !is_loop(key)) || key.starts_with("Rain::") {
                let name: Box<str> = key.into();
                return self.unsupported(id, &name);
            }
        }
        let mut has_loop = false;
        for index in 0..range.len as usize {
            let entry = self.stack.tree.entries(range)[index];
            let key = self.stack.tree.text(entry.key);
            if key.as_bytes().first() == Some(&b'F') {
                if key == Function::Transform.name() {
                    // What is included may be keys beside these, so that even what is not
                    // written here cannot be called absent.
                    return self.transform(id, entry.value);
                }
                has_loop |= is_loop(key);
            }
        }
        let mut range = range;
        if has_loop {
            if let Err(reason) = self.expand(id, depth) {
                let index = self.reason(reason);
                return self.stack.tree.set(id, Node::Unknown(index));
            }
            match self.stack.tree.node(id) {
                Node::Map(expanded) => range = expanded,
                _ => return,
            }
        }
        for index in 0..range.len as usize {
            let value = self.stack.tree.entries(range)[index].value;
            self.lower(value, depth + 1);
        }
    }

    fn tagged(&mut self, id: NodeId, tag: u32, child: NodeId, depth: u32) {
        let name = self.stack.tree.name(tag);
        match Function::by_tag(name) {
            Some(function) => self.function(id, function, child, depth),
            None => {
                let name = format!("!{name}");
                self.unsupported(id, &name);
            }
        }
    }

    /// The function that a value is written as, with its argument.
    pub(crate) fn function_of(&self, id: NodeId) -> Option<(Function, NodeId)> {
        match self.stack.tree.node(id) {
            Node::Map(range) if range.len == 1 => {
                let entry = self.stack.tree.entries(range)[0];
                let function = Function::by_key(entry.hash, self.stack.tree.text(entry.key))?;
                Some((function, entry.value))
            }
            Node::Tagged { tag, child } => Some((Function::by_tag(self.stack.tree.name(tag))?, child)),
            _ => None,
        }
    }

    fn unsupported(&mut self, id: NodeId, name: &str) {
        self.loss(id, format!("{name} is no function of CloudFormation; its value is not known"));
        let node = self.unknown(ReasonCode::UnsupportedFunction, name);
        self.stack.tree.set(id, node);
    }

    /// A function whose arguments are not what CloudFormation requires.
    pub(crate) fn invalid(&mut self, id: NodeId, function: Function) {
        let name = function.name();
        self.note(id, format!("{name} is not written as CloudFormation requires; its value is not known"));
        let node = self.unknown(ReasonCode::InvalidFunction, name);
        self.stack.tree.set(id, node);
    }
}
