//! Names of the fields of documents that CloudFormation has as properties.

use sekisho_estate::{Entry, Node, NodeId};
use sekisho_facts::{Kind, Shape, TerraformHow, TerraformMapping, TerraformObject, TerraformTarget};

use super::Lower;
use super::build::{Out, OutMap};

impl Lower<'_> {
    /// Documents whose fields CloudFormation spells in its own way: the API, whose form Terraform
    /// takes, begins the names in the definition of a container with a small letter, and the
    /// statements of a web ACL, of which the provider's schema says nothing, are blocks.
    pub(super) fn spell(&mut self, row: &TerraformMapping, out: &mut OutMap) {
        let TerraformTarget::Own(type_name) = row.target else { return };
        if has_documents(&row.object)
            && let Some(kind) = sekisho_facts::resource_type(type_name)
        {
            self.spell_in(&row.object, kind.properties(), out);
        }
    }

    fn spell_in(&mut self, object: &TerraformObject, shape: Shape, out: &mut OutMap) {
        for rule in &object.rules {
            let Some(shape) = shape.at(rule.to) else { continue };
            let found = out.entries.iter_mut().find(|(name, _)| **name == *rule.to);
            match (&rule.how, found) {
                (TerraformHow::Json, Some((_, Out::Node(node))))
                    if matches!(shape.kind(), Kind::List | Kind::Object) =>
                {
                    *node = self.spelled(*node, shape);
                }
                (TerraformHow::One(inner), Some((_, Out::Map(map)))) => self.spell_in(inner, shape, map),
                (TerraformHow::Each(inner), Some((_, Out::List(items, _)))) => {
                    for item in items {
                        if let (Out::Map(map), Some(shape)) = (item, shape.item()) {
                            self.spell_in(inner, shape, map);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// A value with its fields named as the schema has them. Linear in the value.
    fn spelled(&mut self, node: NodeId, shape: Shape) -> NodeId {
        let at = self.stack.tree.offset(node);
        match (self.stack.tree.node(node), shape.kind()) {
            (Node::List(range), Kind::List) => {
                let Some(item) = shape.item() else { return node };
                let items = self.stack.tree.children(range).to_vec();
                let items: Vec<NodeId> = items.into_iter().map(|node| self.spelled(node, item)).collect();
                self.stack.tree.push_list(&items, at)
            }
            // A block of which there is one.
            (Node::List(range), Kind::Object) => match *self.stack.tree.children(range) {
                [only] => self.spelled(only, shape),
                _ => node,
            },
            (Node::Map(range), Kind::Object) => {
                let entries = self.stack.tree.entries(range).to_vec();
                let entries: Vec<_> = entries
                    .into_iter()
                    .map(|entry| {
                        let key = self.stack.tree.text(entry.key);
                        let field = match shape.field(key) {
                            Some(field) => Some((None, field)),
                            None => shape
                                .fields()
                                .find(|(name, _)| is_same(name, key))
                                .map(|(name, field)| (Some(name), field)),
                        };
                        match field {
                            Some((name, field)) => {
                                let value = self.spelled(entry.value, field);
                                name.map_or(Entry { value, ..entry }, |name| self.entry(name, value))
                            }
                            None => entry,
                        }
                    })
                    .collect();
                let range = self.stack.tree.add_entries(&entries);
                self.stack.tree.push(Node::Map(range), at)
            }
            (Node::Choice { condition, arms }, _) => {
                let (then, otherwise) = self.stack.tree.arms(arms);
                let (then, otherwise) = (self.spelled(then, shape), self.spelled(otherwise, shape));
                self.stack.tree.push_choice(condition, then, otherwise, at)
            }
            _ => node,
        }
    }
}

/// Whether there is a document among the attributes.
fn has_documents(object: &TerraformObject) -> bool {
    object.rules.iter().any(|rule| match &rule.how {
        TerraformHow::Json => true,
        TerraformHow::One(inner) | TerraformHow::Each(inner) => has_documents(inner),
        _ => false,
    })
}

/// Whether two names differ only in how they are written: `rate_based_statement`,
/// `RateBasedStatement`.
fn is_same(name: &str, other: &str) -> bool {
    let plain = |text: &'_ str| {
        text.bytes().filter(|b| *b != b'_').map(|b| b.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    plain(name) == plain(other)
}
