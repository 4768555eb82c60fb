//! `Fn::ForEach`: a fragment written once for each item of a collection.
//!
//! AWS: Template Reference, "Fn::ForEach": in Conditions, Outputs, Resources and the properties
//! of resources; `${Identifier}` and `&{Identifier}` are replaced in keys and values. With
//! `&{Identifier}` the collection may hold characters that a logical id cannot have; they are
//! left out.

use std::borrow::Cow;

use sekisho_estate::{Entry, Node, NodeId, Reason, ReasonCode, Value, key_hash};

use crate::function::is_loop;
use crate::lower::{Lowering, MAX_DEPTH};
use crate::remark::Remark;

/// Most nodes that the loops of one template may write.
const MAX_EXPANSION: usize = 1_000_000;

/// An identifier with the item that takes its place.
struct Binding {
    identifier: String,
    item: String,
    /// `${Identifier}`.
    plain: String,
    /// `&{Identifier}`.
    stripped: String,
    /// The item without what a logical id cannot have.
    alphanumeric: String,
}

impl Binding {
    fn new(identifier: &str, item: String) -> Self {
        let alphanumeric = item.chars().filter(char::is_ascii_alphanumeric).collect();
        let (plain, stripped) = (format!("${{{identifier}}}"), format!("&{{{identifier}}}"));
        Self { identifier: identifier.to_owned(), item, plain, stripped, alphanumeric }
    }

    fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains(&self.plain) && !text.contains(&self.stripped) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(text.replace(&self.plain, &self.item).replace(&self.stripped, &self.alphanumeric))
    }
}

impl Lowering<'_> {
    /// Expands the loops among the keys of a map.
    ///
    /// # Errors
    /// Why a collection is not known: then it is not known which keys the map has. The keys that
    /// are known are there all the same.
    pub(crate) fn expand(&mut self, map: NodeId, depth: u32) -> Result<(), Reason> {
        let entries = self.stack.tree.map(map).to_vec();
        if !entries.iter().any(|e| is_loop(self.stack.tree.text(e.key))) {
            return Ok(());
        }
        let mut out = Vec::with_capacity(entries.len());
        let mut unknown = None;
        for entry in entries {
            if is_loop(self.stack.tree.text(entry.key)) {
                if let Err(reason) = self.expand_loop(&entry, &mut out, depth + 1) {
                    unknown.get_or_insert(reason);
                }
            } else {
                out.push(entry);
            }
        }
        let range = self.stack.tree.add_entries(&out);
        self.stack.tree.set(map, Node::Map(range));
        unknown.map_or(Ok(()), Err)
    }

    fn expand_loop(&mut self, entry: &Entry, out: &mut Vec<Entry>, depth: u32) -> Result<(), Reason> {
        let name = self.stack.tree.text(entry.key).to_owned();
        let invalid = || Reason::new(ReasonCode::InvalidFunction, &*name);
        let parts = self.stack.tree.list(entry.value).to_vec();
        let [identifier, collection, template] = parts[..] else {
            self.loss(
                entry.value,
                format!("{name} needs an identifier, a collection and a map; it is not read"),
            );
            return Err(invalid());
        };
        let Some(identifier) = self.stack.tree.string(identifier).map(str::to_owned) else {
            self.loss(identifier, format!("the identifier of {name} is not a text; it is not read"));
            return Err(invalid());
        };
        let Node::Map(range) = self.stack.tree.node(template) else {
            self.loss(template, format!("what {name} repeats is not a map; it is not read"));
            return Err(invalid());
        };
        let template = self.stack.tree.entries(range).to_vec();
        self.lower(collection, depth);
        let items = match self.items(collection, &name) {
            Ok(items) => items,
            Err(reason) => {
                let keys: Vec<&str> = template.iter().map(|e| self.stack.tree.text(e.key)).collect();
                let message = format!(
                    "the collection of {name} is not known ({reason}); {} is not read",
                    keys.join(", ")
                );
                self.loss(collection, message);
                return Err(reason);
            }
        };
        for item in items {
            let binding = Binding::new(&identifier, item);
            for repeated in &template {
                let value = self.copy(repeated.value, &binding, depth);
                if self.expanded > MAX_EXPANSION {
                    let message = format!(
                        "{name}: the loops of this template write more than {MAX_EXPANSION} values; the rest is not read"
                    );
                    self.loss(entry.value, message);
                    return Err(Reason::new(ReasonCode::TooManyAlternatives, &*name));
                }
                let key = match binding.apply(self.stack.tree.text(repeated.key)) {
                    Cow::Borrowed(_) => repeated.key,
                    Cow::Owned(text) => self.stack.tree.add_text(&text),
                };
                let hash = key_hash(self.stack.tree.text(key).as_bytes());
                let made = Entry { hash, key, value };
                if is_loop(self.stack.tree.text(key)) {
                    self.expand_loop(&made, out, depth + 1)?;
                } else {
                    out.push(made);
                }
            }
        }
        Ok(())
    }

    /// The items of a collection, which must be known when the template is processed.
    fn items(&mut self, collection: NodeId, name: &str) -> Result<Vec<String>, Reason> {
        enum Read {
            Items(Vec<String>, Option<String>),
            Unknown(Reason),
        }
        let read = self.evaluate(|reader, stack| {
            let values = match reader.elements(reader.resolve(stack.view(collection)), 0) {
                Ok(values) => values,
                Err(Value::Unknown(why)) => return Read::Unknown(why.to_reason()),
                Err(_) => return Read::Unknown(Reason::new(ReasonCode::WrongShape, name)),
            };
            let items: Option<Vec<String>> = values
                .iter()
                .map(|value| match value {
                    Value::Str(text) => Some((*text).to_owned()),
                    Value::Int(int) => Some(int.to_string()),
                    Value::Bool(is) => Some(is.to_string()),
                    _ => None,
                })
                .collect();
            match items {
                None => Read::Unknown(Reason::new(ReasonCode::NotComparable, name)),
                Some(items) if reader.worlds.is_only() => Read::Items(items, None),
                Some(items) if reader.worlds.is_default() => Read::Items(items, Some(reader.worlds.label())),
                Some(_) => Read::Unknown(Reason::new(ReasonCode::TooManyAlternatives, reader.worlds.label())),
            }
        });
        match read {
            Read::Items(items, None) => Ok(items),
            Read::Items(items, Some(world)) => {
                let message =
                    format!("{name} is expanded only for {world}; other values may make other items");
                self.loss(collection, message);
                Ok(items)
            }
            Read::Unknown(reason) => Err(reason),
        }
    }

    /// A copy of a value with the item in the identifier's place.
    fn copy(&mut self, id: NodeId, binding: &Binding, depth: u32) -> NodeId {
        self.expanded += 1;
        let offset = self.stack.tree.offset(id);
        let node = self.stack.tree.node(id);
        if depth > MAX_DEPTH || self.expanded > MAX_EXPANSION {
            let node = self.unknown(ReasonCode::TooManyAlternatives, "Fn::ForEach");
            return self.stack.tree.push(node, offset);
        }
        if self.refers_to(id, &binding.identifier) {
            return self.stack.tree.push_string(&binding.item, offset);
        }
        let copied = match node {
            Node::String(span) => match binding.apply(self.stack.tree.text(span)) {
                Cow::Borrowed(_) => node,
                Cow::Owned(text) => Node::String(self.stack.tree.add_text(&text)),
            },
            Node::List(range) => {
                let children = self.copy_all(range, binding, depth);
                Node::List(self.stack.tree.add_children(&children))
            }
            Node::Operation { operation, operands } => {
                let children = self.copy_all(operands, binding, depth);
                Node::Operation { operation, operands: self.stack.tree.add_children(&children) }
            }
            Node::Choice { condition, arms } => {
                let (then, otherwise) = self.stack.tree.arms(arms);
                let copies = [self.copy(then, binding, depth + 1), self.copy(otherwise, binding, depth + 1)];
                Node::Choice { condition, arms: self.stack.tree.add_children(&copies).start }
            }
            Node::Map(range) => {
                let mut entries = self.stack.tree.entries(range).to_vec();
                for entry in &mut entries {
                    entry.value = self.copy(entry.value, binding, depth + 1);
                    if let Cow::Owned(text) = binding.apply(self.stack.tree.text(entry.key)) {
                        entry.hash = key_hash(text.as_bytes());
                        entry.key = self.stack.tree.add_text(&text);
                    }
                }
                Node::Map(self.stack.tree.add_entries(&entries))
            }
            Node::Tagged { tag, child } => Node::Tagged { tag, child: self.copy(child, binding, depth + 1) },
            other => other,
        };
        self.stack.tree.push(copied, offset)
    }

    fn copy_all(&mut self, range: sekisho_estate::Range, binding: &Binding, depth: u32) -> Vec<NodeId> {
        let children = self.stack.tree.children(range).to_vec();
        children.into_iter().map(|child| self.copy(child, binding, depth + 1)).collect()
    }

    /// Whether a value is a `Ref` to an identifier.
    fn refers_to(&self, id: NodeId, identifier: &str) -> bool {
        match self.function_of(id) {
            Some((crate::function::Function::Ref, name)) => self.stack.tree.string(name) == Some(identifier),
            _ => false,
        }
    }

    /// Says that loops need their transform.
    pub(crate) fn note_missing_extension(&mut self) {
        if self.expanded > 0 {
            self.say(Remark::note(
                crate::remark::WHOLE,
                "Fn::ForEach needs `Transform: AWS::LanguageExtensions`; it is expanded all the same",
            ));
        }
    }
}
