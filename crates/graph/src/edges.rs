//! The resource graph: which resource names which, where, and how.
//!
//! Edges come from references (`Ref`, `GetAtt`, also inside `Sub` and `Join`), from ARNs
//! built of parts, and from names: where the schema says that a property names a resource
//! of a type, a literal name or ARN of one in the input is an edge too. An edge is typed by
//! what the schema expects at its place. O(properties); every edge that is possible in some
//! world is there.

use sekisho_estate::{Estate, Node, NodeId, ResourceId, ResourceIndex, StackIndex};
use sekisho_facts::{Kind, Shape};

use crate::names::Names;

/// How a property names a resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EdgeKind {
    /// The whole value is a reference to it or to one of its attributes.
    Reference,
    /// A text is built with it: an ARN of parts, a URL, a script.
    Text,
    /// A literal name or ARN that is its.
    Name,
}

/// One resource names another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// The resource that holds the property.
    pub from: ResourceId,
    /// The stack in whose tree the node lies: another than that of `from` where a value came
    /// through a parameter, an output or an import.
    pub stack: StackIndex,
    /// The node that names.
    pub node: NodeId,
    /// The resource that is named.
    pub to: ResourceId,
    /// The attribute that is taken; empty for what `Ref` gives, and for names.
    pub attribute: String,
    /// How it is named.
    pub kind: EdgeKind,
    /// Whether the schema expects a resource of this type here; none where it says nothing.
    pub expected: Option<bool>,
}

/// All edges of an estate, in the order of resources and properties.
#[must_use]
pub fn edges(estate: &Estate, names: &Names) -> Vec<Edge> {
    let mut found = Vec::new();
    for (id, stack, resource) in estate.resources() {
        let shape =
            sekisho_facts::resource_type(stack.text(resource.type_name)).map(|kind| kind.properties());
        let mut walk = Walk { estate, names, from: id, found: &mut found };
        walk.node(id.stack, resource.properties, shape, EdgeKind::Reference, 0);
    }
    found
}

struct Walk<'w> {
    estate: &'w Estate,
    names: &'w Names,
    from: ResourceId,
    found: &'w mut Vec<Edge>,
}

impl Walk<'_> {
    fn node(&mut self, at: StackIndex, node: NodeId, shape: Option<Shape>, kind: EdgeKind, depth: u32) {
        if depth > sekisho_estate::reader::MAX_DEPTH {
            return;
        }
        let tree = &self.estate.stack(at).tree;
        match tree.node(node) {
            Node::Map(range) => {
                for entry in tree.entries(range) {
                    let key = tree.text(entry.key);
                    let inner = shape.and_then(|shape| match shape.kind() {
                        Kind::Map => shape.item(),
                        _ => shape.field(key),
                    });
                    self.node(at, entry.value, inner, kind, depth + 1);
                }
            }
            Node::List(range) => {
                let inner = shape
                    .and_then(|shape| if shape.kind() == Kind::List { shape.item() } else { Some(shape) });
                for &element in tree.children(range) {
                    self.node(at, element, inner, kind, depth + 1);
                }
            }
            Node::Choice { arms, .. } => {
                let (then, otherwise) = tree.arms(arms);
                self.node(at, then, shape, kind, depth + 1);
                self.node(at, otherwise, shape, kind, depth + 1);
            }
            Node::Operation { operands, .. } => {
                for &operand in tree.children(operands) {
                    self.node(at, operand, shape, EdgeKind::Text, depth + 1);
                }
            }
            Node::Variable(variable) => {
                for &value in &self.estate.stack(at).variables[variable as usize].domain {
                    self.node(at, value, shape, kind, depth + 1);
                }
            }
            Node::Foreign { stack, node } => self.node(StackIndex(stack), node, shape, kind, depth + 1),
            Node::Reference { resource, attribute } => {
                let to = ResourceId { stack: at, index: ResourceIndex(resource) };
                let attribute = tree.name(attribute).to_owned();
                self.push(at, node, to, attribute, kind, shape);
            }
            Node::String(span) if kind != EdgeKind::Text => {
                let text = tree.text(span);
                let named = shape.into_iter().flat_map(Shape::relations).find_map(|(type_name, _)| {
                    self.names
                        .near(self.from)
                        .named(self.estate, type_name, text)
                        .filter(|id| *id != self.from)
                });
                if let Some(to) = named {
                    self.push(at, node, to, String::new(), EdgeKind::Name, shape);
                }
            }
            _ => {}
        }
    }

    fn push(
        &mut self,
        stack: StackIndex,
        node: NodeId,
        to: ResourceId,
        attribute: String,
        kind: EdgeKind,
        shape: Option<Shape>,
    ) {
        let mut wanted = shape.into_iter().flat_map(Shape::relations).peekable();
        let expected =
            wanted.peek().is_some().then(|| wanted.any(|(name, _)| name == self.estate.type_name(to)));
        self.found.push(Edge { from: self.from, stack, node, to, attribute, kind, expected });
    }
}
