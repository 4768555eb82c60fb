//! `awscc_*`: the provider that is made from the CloudFormation schemas, so that types and
//! attributes differ only in the way they are written.

use std::collections::HashMap;
use std::sync::OnceLock;

use sekisho_facts::{Kind, Shape, resource_type, resource_type_names};

use super::Lower;
use super::build::{Out, OutMap};
use crate::value::{Located, Value};

/// The CloudFormation type of a type of the provider: `awscc_s3_bucket` is `AWS::S3::Bucket`.
pub(super) fn type_of(kind: &str) -> Option<&'static str> {
    static TYPES: OnceLock<HashMap<String, &'static str>> = OnceLock::new();
    let types = TYPES.get_or_init(|| {
        let aws = resource_type_names().filter(|name| name.starts_with("AWS::"));
        aws.map(|name| (plain(&name["AWS::".len()..]), name)).collect()
    });
    types.get(&plain(kind.strip_prefix("awscc_")?)).copied()
}

/// A name without case and separators.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl<'c> Lower<'c> {
    /// The properties of such a resource.
    pub(super) fn by_name(&mut self, type_name: &str, attributes: &'c Located, out: &mut OutMap, at: u32) {
        let Some(kind) = resource_type(type_name) else { return };
        match self.by_shape(attributes, kind.properties(), at) {
            Out::Map(map) => *out = map,
            Out::Node(node) => out.entries.push(("".into(), Out::Node(node))),
            Out::List(..) => {}
        }
    }

    fn by_shape(&mut self, located: &'c Located, shape: Shape, near: u32) -> Out {
        let at = self.offset(located.place).unwrap_or(near);
        match (located.value.plain(), shape.kind()) {
            (Value::Map(map), Kind::Object) => {
                let mut out = OutMap::at(at);
                for entry in &map.entries {
                    let wanted = plain(&entry.key);
                    let field = shape.fields().find(|(name, _)| plain(name) == wanted);
                    let place = self.offset(entry.place).unwrap_or(at);
                    match field {
                        Some((name, inner)) => {
                            let value = self.by_shape(&entry.value, inner, place);
                            out.entries.push((name.into(), value));
                        }
                        None if &*entry.key == "id" => {}
                        None => self.lose("awscc", &entry.key, entry.place),
                    }
                }
                if let Some(unknown) = &map.open {
                    for (name, _) in shape.fields() {
                        if !out.entries.iter().any(|(known, _)| &**known == name) {
                            let node = self.push_unknown(unknown.reason.clone(), at);
                            out.entries.push((name.into(), Out::Node(node)));
                        }
                    }
                }
                Out::Map(out)
            }
            (Value::Map(map), Kind::Map) => {
                let mut out = OutMap::at(at);
                for entry in &map.entries {
                    let place = self.offset(entry.place).unwrap_or(at);
                    let value = match shape.item() {
                        Some(inner) => self.by_shape(&entry.value, inner, place),
                        None => Out::Node(self.value(&entry.value.value, entry.value.place, place)),
                    };
                    out.entries.push((entry.key.as_ref().into(), value));
                }
                Out::Map(out)
            }
            (Value::List(list), Kind::List) => {
                let items = list.items.iter().map(|item| match shape.item() {
                    Some(inner) => self.by_shape(item, inner, at),
                    None => Out::Node(self.value(&item.value, item.place, at)),
                });
                Out::List(items.collect(), at)
            }
            (Value::Choice(choice), _) => {
                let condition = self.condition(&choice.condition);
                let then = self.by_shape(&choice.then, shape, at);
                let then = self.node(then);
                let otherwise = self.by_shape(&choice.otherwise, shape, at);
                let otherwise = self.node(otherwise);
                Out::Node(self.stack.tree.push_choice(condition, then, otherwise, at))
            }
            // Documents are written as text.
            (_, Kind::Object | Kind::Map | Kind::Any) => Out::Node(self.json(located, at)),
            _ => Out::Node(self.value(&located.value, located.place, at)),
        }
    }
}
