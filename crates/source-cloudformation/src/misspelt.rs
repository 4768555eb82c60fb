//! Properties that a resource type does not have: most are misspelt.
//!
//! CloudFormation refuses them when the stack is deployed; until then they look as if they were
//! set, and explain a finding better than the finding itself (`KmsKeyId` of a trail is `KMSKeyId`).
//! Only shapes that admit no other names are asked, never those of types without a schema or of
//! templates that a macro rewrites.
//!
//! The keys of a shape are compared by their hash; a text is looked at only when its hash is not
//! known. O(keys of the template × log(fields of the shape)).

use std::collections::HashMap;

use sekisho_estate::{Node, NodeId, Tree, key_hash};
use sekisho_facts::{Kind, ResourceType, Shape, did_you_mean, resource_type};

use crate::lower::Lowering;
use crate::remark::Remark;

/// Deeper values are not looked at.
const MAX_DEPTH: usize = 64;

/// The fields of one closed shape.
struct Fields {
    shape: Shape,
    /// Hashes of the names, sorted, and where the fields of the value are, if it has any.
    known: Vec<(u32, Option<usize>)>,
}

/// Shapes that were met, each with its fields.
#[derive(Default)]
struct Shapes {
    found: Vec<Fields>,
    index: HashMap<Shape, Option<usize>, foldhash::fast::RandomState>,
}

impl Shapes {
    /// The fields of a shape, or of the elements of a list; none where any name may stand.
    fn of(&mut self, shape: Shape) -> Option<usize> {
        if let Some(&known) = self.index.get(&shape) {
            return known;
        }
        let mut inner = shape;
        while let (Kind::List, Some(item)) = (inner.kind(), inner.item()) {
            inner = item;
        }
        if inner.kind() != Kind::Object || !inner.closed() || inner.item().is_some() {
            self.index.insert(shape, None);
            return None;
        }
        // Before its fields, because a shape may hold itself.
        let place = self.found.len();
        self.found.push(Fields { shape: inner, known: Vec::new() });
        self.index.insert(shape, Some(place));
        let mut known: Vec<_> =
            inner.fields().map(|(name, field)| (key_hash(name.as_bytes()), self.of(field))).collect();
        known.sort_unstable_by_key(|(hash, _)| *hash);
        self.found[place].known = known;
        Some(place)
    }
}

impl Lowering<'_> {
    /// Says which properties of the resources their types do not have.
    pub(crate) fn misspelt(&mut self) {
        if self.macro_name.is_some() {
            return;
        }
        let mut shapes = Shapes::default();
        let mut types: HashMap<&str, Option<(ResourceType, usize)>, foldhash::fast::RandomState> =
            HashMap::default();
        let mut remarks = Vec::new();
        let tree = &self.stack.tree;
        for resource in &self.stack.resources {
            let name = tree.text(resource.type_name);
            let known = *types.entry(name).or_insert_with(|| {
                let custom = name.starts_with("Custom::") || name == "AWS::CloudFormation::CustomResource";
                let kind = resource_type(name).filter(|_| !custom)?;
                Some((kind, shapes.of(kind.properties())?))
            });
            let Some((kind, fields)) = known else { continue };
            let mut walk = Walk { tree, shapes: &shapes, kind, path: Vec::new(), remarks: &mut remarks };
            walk.value(resource.properties, fields);
        }
        for remark in remarks {
            self.say(remark);
        }
    }
}

struct Walk<'w> {
    tree: &'w Tree,
    shapes: &'w Shapes,
    kind: ResourceType,
    path: Vec<&'w str>,
    remarks: &'w mut Vec<Remark>,
}

impl Walk<'_> {
    fn value(&mut self, node: NodeId, place: usize) {
        if self.path.len() > MAX_DEPTH {
            return;
        }
        match self.tree.node(node) {
            Node::Map(range) => {
                for entry in self.tree.entries(range) {
                    let known = &self.shapes.found[place].known;
                    match known.binary_search_by_key(&entry.hash, |(hash, _)| *hash) {
                        Ok(at) => {
                            if let Some(inner) = known[at].1 {
                                self.path.push(self.tree.text(entry.key));
                                self.value(entry.value, inner);
                                self.path.pop();
                            }
                        }
                        Err(_) => self.missing(self.tree.text(entry.key), self.tree.key_offset(entry), place),
                    }
                }
            }
            Node::List(range) => {
                for &element in self.tree.children(range) {
                    self.value(element, place);
                }
            }
            Node::Choice { arms, .. } => {
                let (then, otherwise) = self.tree.arms(arms);
                self.value(then, place);
                if then != otherwise {
                    self.value(otherwise, place);
                }
            }
            _ => {}
        }
    }

    fn missing(&mut self, name: &str, offset: u32, place: usize) {
        let shape = self.shapes.found[place].shape;
        // What is a function or a loop was said already.
        if shape.field(name).is_some() || name.starts_with("Fn::") || matches!(name, "Ref" | "Condition") {
            return;
        }
        let at = if self.path.is_empty() { String::new() } else { format!(" at /{}", self.path.join("/")) };
        let meant = did_you_mean(name, shape.fields().map(|(field, _)| field));
        let message = match meant {
            Some(meant) => {
                format!("{}{at} has no property {name}; did you mean {meant}?", self.kind.name())
            }
            None => format!(
                "{}{at} has no property {name} in its schema; CloudFormation refuses it, or it is newer",
                self.kind.name()
            ),
        };
        self.remarks.push(Remark::note(offset, message));
    }
}
