//! The pieces of a policy, from a map of the estate or from JSON text with holes.

use bumpalo::collections::Vec as ArenaVec;
use sekisho_estate::json::{self, Limits};
use sekisho_estate::reason::{ReasonCode, Why};
use sekisho_estate::{Entry, Node, NodeId, Part, Reader, Text, Tree, Value, View};

/// Bounds on policies that are JSON text; those of AWS are far below.
const LIMITS: Limits = Limits { depth: 32, nodes: 200_000, bytes: 2 << 20 };

/// Characters that stand for holes while the JSON text is read: a private use plane.
const FIRST_MARK: u32 = 0xF_0000;
/// How many holes one JSON text may have.
const MAX_MARKS: usize = 0xFFFD;

/// A piece of a policy, read only when its shape is asked for: what is not asked for
/// makes no world.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Item<'e> {
    source: Source<'e>,
    pub(crate) at: Option<View<'e>>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Source<'e> {
    Node(View<'e>),
    Value(Value<'e>),
    JsonMap(&'e [Member<'e>]),
    JsonList(&'e [Item<'e>]),
}

/// An entry of a map.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Member<'e> {
    /// The key, with holes as placeholders.
    pub(crate) name: &'e str,
    /// Why the key is not known, when it has holes.
    pub(crate) unknown: Option<Why<'e>>,
    pub(crate) item: Item<'e>,
}

/// What a piece is in the current world. Its parts lie in the arena of the reader.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'e> {
    Absent,
    Map(&'e [Member<'e>]),
    List(&'e [Item<'e>]),
    Scalar(Value<'e>),
    Unknown(Why<'e>),
}

impl<'e> Item<'e> {
    pub(crate) fn value(value: Value<'e>, at: Option<View<'e>>) -> Self {
        let at = match value {
            Value::Map(view) | Value::List(view) => Some(view),
            _ => at,
        };
        Self { source: Source::Value(value), at }
    }

    fn node(view: View<'e>) -> Self {
        Self { source: Source::Node(view), at: Some(view) }
    }

    /// What the piece is in the current world.
    pub(crate) fn shape(&self, reader: &Reader<'e>) -> Shape<'e> {
        let value = match self.source {
            Source::Node(view) => reader.resolve(view),
            Source::Value(value) => value,
            Source::JsonMap(members) => return Shape::Map(members),
            Source::JsonList(items) => return Shape::List(items),
        };
        match value {
            // CloudFormation refuses nulls; other sources mean "not written" by them.
            Value::Absent | Value::Null => Shape::Absent,
            Value::Map(map) => {
                let entries = map.entries();
                let mut members = ArenaVec::with_capacity_in(entries.len(), reader.bump);
                for (index, entry) in entries.iter().enumerate() {
                    let name = map.stack.text(entry.key);
                    // The later of two equal keys counts.
                    let again = |later: &Entry| later.hash == entry.hash && map.stack.text(later.key) == name;
                    if !entries[index + 1..].iter().any(again) {
                        members.push(Member { name, unknown: None, item: Self::node(map.at(entry.value)) });
                    }
                }
                Shape::Map(members.into_bump_slice())
            }
            // Elements are all read; so each can stand where it is written in this world.
            Value::List(list) => {
                let mut items = ArenaVec::with_capacity_in(list.elements().len(), reader.bump);
                let views = list.elements().iter().map(|&node| list.at(node));
                items.extend(views.map(|view| Self::value(reader.resolve(view), Some(view))));
                Shape::List(items.into_bump_slice())
            }
            Value::Items(items) => {
                let items = items.iter().map(|&item| Self::value(item, self.at));
                Shape::List(reader.bump.alloc_slice_fill_iter(items))
            }
            Value::Unknown(why) => Shape::Unknown(why),
            scalar => Shape::Scalar(scalar),
        }
    }

    /// The value in the terms of the estate; a map of JSON text has none.
    pub(crate) fn estate_value(&self, reader: &Reader<'e>) -> Option<Value<'e>> {
        match self.source {
            Source::Node(view) => Some(reader.resolve(view)),
            Source::Value(value) => Some(value),
            Source::JsonMap(_) => None,
            Source::JsonList(items) => {
                let values: Option<Vec<_>> = items.iter().map(|item| item.estate_value(reader)).collect();
                Some(Value::Items(reader.bump.alloc_slice_copy(&values?)))
            }
        }
    }
}

/// Reads a policy that is JSON text. What stands in holes is taken not to end the JSON
/// string that it stands in: names, ARNs and account ids do not.
///
/// # Errors
/// Why the text is not understood.
pub(crate) fn of_json<'e>(
    reader: &Reader<'e>,
    parts: &[Part<'e>],
    at: Option<View<'e>>,
) -> Result<Item<'e>, Why<'e>> {
    let why = |subject: &str| reader.reason(ReasonCode::PolicyNotUnderstood, subject);
    let mut source = String::new();
    let mut holes: Vec<Part<'e>> = Vec::new();
    for part in parts {
        match part {
            Part::Literal(text) if text.chars().any(|c| mark(c).is_some()) => {
                return Err(why("private use characters"));
            }
            Part::Literal(text) => source.push_str(text),
            hole => {
                let code = u32::try_from(holes.len()).ok().filter(|_| holes.len() < MAX_MARKS);
                let Some(c) = code.and_then(|n| char::from_u32(FIRST_MARK + n)) else {
                    return Err(why("too many references"));
                };
                source.push(c);
                holes.push(*hole);
            }
        }
    }
    let document = json::read(source, LIMITS)
        .map_err(|(error, _)| why(&format!("not JSON at byte {}: {}", error.offset, error.message)))?;
    if let Some(twice) = document.duplicates.first() {
        return Err(why(&twice.message.replace(|c| mark(c).is_some(), "…")));
    }
    let text = JsonText { reader, tree: &document.tree, holes: &holes, at };
    let mut seen = 0;
    let item = text.item(document.root, &mut seen);
    // An escape that spells one of the marks would count as a hole.
    if seen == holes.len() { Ok(item) } else { Err(why("private use characters")) }
}

/// Index of the hole that a character stands for.
fn mark(c: char) -> Option<usize> {
    let index = u32::from(c).checked_sub(FIRST_MARK)? as usize;
    (index < MAX_MARKS).then_some(index)
}

struct JsonText<'r, 'e> {
    reader: &'r Reader<'e>,
    tree: &'r Tree,
    holes: &'r [Part<'e>],
    at: Option<View<'e>>,
}

impl<'e> JsonText<'_, 'e> {
    /// Copies a node into the arena of the evaluation. Depth is bounded by [`LIMITS`].
    fn item(&self, node: NodeId, seen: &mut usize) -> Item<'e> {
        let bump = self.reader.bump;
        let source = match self.tree.node(node) {
            Node::Map(range) => {
                let members: Vec<Member<'e>> = self
                    .tree
                    .entries(range)
                    .iter()
                    .map(|entry| {
                        let (name, unknown) = match self.text(self.tree.text(entry.key), seen) {
                            Value::Str(name) => (name, None),
                            Value::Text(text) => {
                                let name: &'e str = bump.alloc_str(&text.display());
                                let subject = bump.alloc_str(&format!("the key {name}"));
                                (name, Some(Why { code: ReasonCode::PolicyNotUnderstood, subject }))
                            }
                            _ => ("", None),
                        };
                        Member { name, unknown, item: self.item(entry.value, seen) }
                    })
                    .collect();
                Source::JsonMap(bump.alloc_slice_copy(&members))
            }
            Node::List(range) => {
                let items: Vec<Item<'e>> =
                    self.tree.children(range).iter().map(|&child| self.item(child, seen)).collect();
                Source::JsonList(bump.alloc_slice_copy(&items))
            }
            Node::String(span) => Source::Value(self.text(self.tree.text(span), seen)),
            Node::Bool(is) => Source::Value(Value::Bool(is)),
            Node::Int(number) => Source::Value(Value::Int(number)),
            Node::Float(number) => Source::Value(Value::Float(number)),
            _ => Source::Value(Value::Absent),
        };
        Item { source, at: self.at }
    }

    /// A text with its holes back in place.
    fn text(&self, text: &str, seen: &mut usize) -> Value<'e> {
        let bump = self.reader.bump;
        let mut parts: Vec<Part<'e>> = Vec::new();
        let mut from = 0;
        for (index, c) in text.char_indices() {
            let Some(hole) = mark(c) else { continue };
            *seen += 1;
            if index > from {
                parts.push(Part::Literal(bump.alloc_str(&text[from..index])));
            }
            parts.push(self.holes.get(hole).copied().unwrap_or(Part::Literal("")));
            from = index + c.len_utf8();
        }
        if parts.is_empty() {
            return Value::Str(bump.alloc_str(text));
        }
        if from < text.len() {
            parts.push(Part::Literal(bump.alloc_str(&text[from..])));
        }
        Value::Text(bump.alloc(Text { parts: bump.alloc_slice_copy(&parts) }))
    }
}
