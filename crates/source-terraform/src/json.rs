//! The JSON syntax of configuration
//! (<https://developer.hashicorp.com/terraform/language/syntax/json>): the same blocks, as
//! properties; strings are templates.
//!
//! Which properties of a resource are nested blocks only its schema says, so they all
//! become attributes: a block is a map, or a list of maps.

use std::sync::Arc;

use sekisho_estate::json::{self, Limits};
use sekisho_estate::{Node, NodeId, Tree};

use crate::parse::{self, SyntaxProblem};
use crate::syntax::{Attribute, Block, Body, Dynamic, Expr, Kind};
use crate::value::{Number, Value};

/// Reads a `.tf.json` file.
pub(crate) fn file(text: &str, file: u32) -> (Body, Vec<SyntaxProblem>) {
    let document = match json::read(text.to_owned(), Limits::default()) {
        Ok(document) => document,
        Err((error, _)) => {
            return (Body::default(), vec![SyntaxProblem { offset: error.offset, message: error.message }]);
        }
    };
    let mut reader = Reader { tree: &document.tree, file, problems: Vec::new(), scope: Vec::new() };
    let mut body = Body::default();
    reader.each(document.root, &mut |reader, node| {
        for entry in reader.tree.map(node) {
            let kind: Arc<str> = Arc::from(reader.tree.text(entry.key));
            let at = reader.tree.key_offset(entry);
            let labels = match &*kind {
                "resource" | "data" | "ephemeral" => 2,
                "module" | "variable" | "output" | "provider" | "check" => 1,
                "//" => continue,
                _ => 0,
            };
            reader.blocks(&kind, entry.value, at, labels, &mut Vec::new(), &mut body.blocks);
        }
    });
    (body, reader.problems)
}

/// Values of a `.tfvars.json` file, which are no expressions.
pub(crate) fn values(text: &str, file: u32) -> (Vec<Attribute>, Vec<SyntaxProblem>) {
    let document = match json::read(text.to_owned(), Limits::default()) {
        Ok(document) => document,
        Err((error, _)) => {
            return (Vec::new(), vec![SyntaxProblem { offset: error.offset, message: error.message }]);
        }
    };
    let mut reader = Reader { tree: &document.tree, file, problems: Vec::new(), scope: Vec::new() };
    let mut attributes = Vec::new();
    for entry in document.tree.map(document.root) {
        attributes.push(Attribute {
            name: Arc::from(document.tree.text(entry.key)),
            file,
            at: document.tree.key_offset(entry),
            value: Arc::new(reader.expr(entry.value, false)),
        });
    }
    (attributes, reader.problems)
}

struct Reader<'t> {
    tree: &'t Tree,
    file: u32,
    problems: Vec<SyntaxProblem>,
    /// Iterators of dynamic blocks around.
    scope: Vec<Arc<str>>,
}

impl Reader<'_> {
    /// A node, or each element if it is a list.
    fn each(&mut self, node: NodeId, f: &mut dyn FnMut(&mut Self, NodeId)) {
        match self.tree.node(node) {
            Node::List(range) => {
                for &child in self.tree.children(range) {
                    f(self, child);
                }
            }
            _ => f(self, node),
        }
    }

    fn blocks(
        &mut self,
        kind: &Arc<str>,
        node: NodeId,
        at: u32,
        labels: usize,
        given: &mut Vec<Arc<str>>,
        out: &mut Vec<Block>,
    ) {
        let tree = self.tree;
        if let Node::List(range) = tree.node(node) {
            for &child in tree.children(range) {
                self.blocks(kind, child, tree.offset(child), labels, given, out);
            }
            return;
        }
        if labels > 0 {
            for entry in tree.map(node) {
                given.push(Arc::from(tree.text(entry.key)));
                self.blocks(kind, entry.value, tree.key_offset(entry), labels - 1, given, out);
                given.pop();
            }
            return;
        }
        let body = Arc::new(self.body(kind, node));
        out.push(Block {
            kind: kind.clone(),
            labels: given.clone(),
            file: self.file,
            at,
            body,
            dynamic: None,
        });
    }

    fn body(&mut self, kind: &str, node: NodeId) -> Body {
        let tree = self.tree;
        let mut body = Body::default();
        for entry in tree.map(node) {
            let name: Arc<str> = Arc::from(tree.text(entry.key));
            let at = tree.key_offset(entry);
            match (kind, &*name) {
                (_, "//") => {}
                ("variable", "validation")
                | ("resource" | "data" | "ephemeral", "lifecycle" | "provisioner" | "connection")
                | ("lifecycle", "precondition" | "postcondition")
                | ("provider", "default_tags" | "assume_role") => {
                    let labels = usize::from(&*name == "provisioner");
                    self.blocks(&name, entry.value, at, labels, &mut Vec::new(), &mut body.blocks);
                }
                ("resource" | "data" | "content", "dynamic") => {
                    self.each(entry.value, &mut |reader, node| {
                        for entry in reader.tree.map(node) {
                            let kind: Arc<str> = Arc::from(reader.tree.text(entry.key));
                            let at = reader.tree.key_offset(entry);
                            reader.each(entry.value, &mut |reader, node| {
                                body.blocks.extend(reader.dynamic(&kind, node, at));
                            });
                        }
                    });
                }
                _ => {
                    // These are names or types, not templates.
                    let word = matches!(
                        (kind, &*name),
                        ("variable", "type") | (_, "depends_on" | "ignore_changes") | ("dynamic", "iterator")
                    );
                    let value = if word { self.words(entry.value) } else { self.expr(entry.value, true) };
                    body.attributes.push(Attribute { name, file: self.file, at, value: Arc::new(value) });
                }
            }
        }
        body
    }

    fn dynamic(&mut self, kind: &Arc<str>, node: NodeId, at: u32) -> Option<Block> {
        let tree = self.tree;
        let for_each = Arc::new(self.expr(tree.get(node, "for_each")?, true));
        let iterator = tree.get(node, "iterator").and_then(|node| tree.string(node));
        let slot = self.scope.len() as u32;
        self.scope.push(iterator.map_or_else(|| kind.clone(), Arc::from));
        let content = tree.get(node, "content").map(|content| self.body("content", content));
        self.scope.pop();
        Some(Block {
            kind: kind.clone(),
            labels: Vec::new(),
            file: self.file,
            at,
            body: Arc::new(content.unwrap_or_default()),
            dynamic: Some(Dynamic { for_each, slot }),
        })
    }

    /// Strings that are expressions: types, references.
    fn words(&mut self, node: NodeId) -> Expr {
        let tree = self.tree;
        let at = tree.offset(node);
        match tree.node(node) {
            Node::String(span) => match parse::expression_at(tree.text(span), at + 1) {
                Ok(expr) => expr,
                Err(problem) => {
                    self.problems.push(problem);
                    Expr { kind: Kind::Literal(Value::Null), start: at, end: at }
                }
            },
            Node::List(range) => {
                let items = tree.children(range).iter().map(|&child| self.words(child)).collect();
                Expr { kind: Kind::List(items), start: at, end: at + 1 }
            }
            _ => self.expr(node, false),
        }
    }

    fn expr(&mut self, node: NodeId, templates: bool) -> Expr {
        let tree = self.tree;
        let at = tree.offset(node);
        let kind = match tree.node(node) {
            Node::Bool(bool) => Kind::Literal(Value::Bool(bool)),
            Node::Int(int) => Kind::Literal(Value::int(int)),
            Node::Float(float) => Kind::Literal(Value::Number(Number::from_f64(float))),
            Node::String(span) if templates => {
                // The quote is not part of the string.
                match parse::json_string(tree.text(span), at + 1, &self.scope) {
                    Ok(expr) => return expr,
                    Err(problem) => {
                        self.problems.push(problem);
                        Kind::Literal(Value::text_of(tree.text(span)))
                    }
                }
            }
            Node::String(span) => Kind::Literal(Value::text_of(tree.text(span))),
            Node::List(range) => {
                Kind::List(tree.children(range).iter().map(|&child| self.expr(child, templates)).collect())
            }
            Node::Map(range) => {
                let mut items = Vec::new();
                for entry in tree.entries(range) {
                    let (key, at) = (tree.text(entry.key), tree.key_offset(entry));
                    if key == "//" && templates {
                        continue;
                    }
                    let literal = |key: &str| Expr {
                        kind: Kind::Literal(Value::text_of(key)),
                        start: at,
                        end: at + key.len() as u32,
                    };
                    let key = match parse::json_string(key, at, &self.scope) {
                        Ok(key) if templates => key,
                        _ => literal(key),
                    };
                    items.push((key, self.expr(entry.value, templates)));
                }
                Kind::Object(items)
            }
            _ => Kind::Literal(Value::Null),
        };
        Expr { kind, start: at, end: at + 1 }
    }
}
