//! Documents whose names differ from those of the CloudFormation schema only in the way they are
//! written: container definitions as ECS takes them (`logConfiguration`), statements of a web ACL
//! as Terraform writes them (`rate_based_statement`). Linear in the size of the document.

use sekisho_estate::{Node, NodeId};
use sekisho_facts::{Kind, Shape, resource_type};

use super::Lower;
use super::awscc::plain;

/// The shape at a path of the properties; `-` and `*` are an element of a list and of a map.
pub(super) fn shape(type_name: &str, path: &str) -> Option<Shape> {
    let mut here = resource_type(type_name)?.properties();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        here = match name {
            "-" | "*" => here.item()?,
            _ => here.field(name)?,
        };
    }
    Some(here)
}

impl Lower<'_> {
    /// A node with the names of a shape. Keys of free maps stay as they are, and so do names that
    /// the shape does not have; a block where the shape has an object is that object.
    pub(super) fn spelled(&mut self, node: NodeId, shape: Shape) -> NodeId {
        let at = self.stack.tree.offset(node);
        match (self.stack.tree.node(node), shape.kind()) {
            (Node::Map(range), Kind::Object) => {
                let mut pairs = Vec::new();
                for entry in self.stack.tree.entries(range).to_vec() {
                    let key = self.stack.tree.text(entry.key).to_owned();
                    let wanted = plain(&key);
                    match shape.fields().find(|(name, _)| plain(name) == wanted) {
                        Some((name, inner)) => {
                            let value = self.spelled(entry.value, inner);
                            pairs.push(self.entry(name, value));
                        }
                        None => pairs.push(entry),
                    }
                }
                let range = self.stack.tree.add_entries(&pairs);
                self.stack.tree.push(Node::Map(range), at)
            }
            (Node::Map(range), Kind::Map) => {
                let Some(inner) = shape.item() else { return node };
                let mut pairs = self.stack.tree.entries(range).to_vec();
                for pair in &mut pairs {
                    pair.value = self.spelled(pair.value, inner);
                }
                let range = self.stack.tree.add_entries(&pairs);
                self.stack.tree.push(Node::Map(range), at)
            }
            (Node::List(range), Kind::List) => {
                let Some(inner) = shape.item() else { return node };
                let items = self.stack.tree.children(range).to_vec();
                let items: Vec<NodeId> = items.into_iter().map(|item| self.spelled(item, inner)).collect();
                self.stack.tree.push_list(&items, at)
            }
            (Node::List(range), Kind::Object) => match self.stack.tree.children(range).first() {
                Some(first) => self.spelled(*first, shape),
                None => node,
            },
            (Node::Choice { condition, arms }, _) => {
                let (then, otherwise) = self.stack.tree.arms(arms);
                let then = self.spelled(then, shape);
                let otherwise = self.spelled(otherwise, shape);
                self.stack.tree.push_choice(condition, then, otherwise, at)
            }
            _ => node,
        }
    }
}
