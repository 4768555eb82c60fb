//! The JSON text of a value, as `jsonencode` writes it: no spaces, keys sorted, and
//! `<`, `>`, `&`, U+2028 and U+2029 escaped
//! (<https://developer.hashicorp.com/terraform/language/functions/jsonencode>).

use std::fmt::Write as _;
use std::sync::Arc;

use sekisho_estate::json::{self, Limits};
use sekisho_estate::{Node, NodeId, Tree};

use crate::value::{Entry, ListKind, Located, Number, Part, Place, Value};

/// Deeper values are not written; nothing the evaluator makes is as deep.
const MAX_DEPTH: u32 = 200;

/// The text, if everything in the value is known.
#[must_use]
pub fn known(value: &Value) -> Option<String> {
    match parts(value).as_slice() {
        [] => Some(String::new()),
        [Part::Literal(text)] => Some(text.to_string()),
        _ => None,
    }
}

/// The text with a hole for each leaf that is not known. A hole stands between quotes:
/// what it stands for is taken to be a string.
#[must_use]
pub fn parts(value: &Value) -> Vec<Part> {
    let mut writer = Writer::default();
    writer.value(value, 0);
    writer.flush();
    writer.parts
}

#[derive(Default)]
struct Writer {
    text: String,
    parts: Vec<Part>,
}

impl Writer {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Literal(Arc::from(self.text.as_str())));
            self.text.clear();
        }
    }

    fn hole(&mut self, value: &Value) {
        self.flush();
        self.parts.push(Part::Hole(value.clone()));
    }

    fn value(&mut self, value: &Value, depth: u32) {
        if depth > MAX_DEPTH {
            self.text.push_str("null");
            return;
        }
        match value.plain() {
            Value::Null => self.text.push_str("null"),
            Value::Bool(bool) => self.text.push_str(if *bool { "true" } else { "false" }),
            Value::Number(number) => drop(write!(self.text, "{number}")),
            Value::String(text) => self.string(text),
            Value::List(list) => {
                self.text.push('[');
                for (at, item) in list.items.iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    self.value(&item.value, depth + 1);
                }
                self.text.push(']');
            }
            Value::Map(map) => {
                self.text.push('{');
                for (at, entry) in map.entries.iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    self.string(&entry.key);
                    self.text.push(':');
                    self.value(&entry.value.value, depth + 1);
                }
                self.text.push('}');
                if let Some(open) = &map.open {
                    self.hole(&Value::Unknown(open.clone()));
                }
            }
            Value::Template(parts) => {
                self.text.push('"');
                for part in parts.iter() {
                    match part {
                        Part::Literal(text) => escape(&mut self.text, text),
                        Part::Hole(hole) => self.hole(hole),
                    }
                }
                self.text.push('"');
            }
            Value::Json(inner) => {
                self.text.push('"');
                for part in parts(&inner.value) {
                    match part {
                        Part::Literal(text) => escape(&mut self.text, &text),
                        Part::Hole(hole) => self.hole(&hole),
                    }
                }
                self.text.push('"');
            }
            hole => {
                self.text.push('"');
                self.hole(hole);
                self.text.push('"');
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        escape(&mut self.text, text);
        self.text.push('"');
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => drop(write!(out, "\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
}

/// The value of a JSON text, with the holes of the text as holes of the values; `None` if it
/// is no JSON, whatever the holes stand for.
///
/// A hole inside a string is a hole of that string, a hole that is a whole string is its
/// value. A hole outside strings is the value that stands there.
#[must_use]
pub fn decode(value: &Value, place: Place) -> Option<Value> {
    let parts = match value.plain() {
        Value::Json(inner) => return Some(inner.value.clone()),
        Value::String(text) => vec![Part::Literal(text.clone())],
        Value::Template(parts) => (**parts).clone(),
        _ => return None,
    };
    let mut text = String::new();
    let mut holes = Vec::new();
    let mut inside = false;
    for part in &parts {
        match part {
            Part::Literal(literal) => {
                let mut escaped = false;
                for c in literal.chars() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' if inside => escaped = true,
                        '"' => inside = !inside,
                        // The text itself must not look like a hole.
                        MARK => return None,
                        _ => {}
                    }
                }
                text.push_str(literal);
            }
            Part::Hole(hole) => {
                let quote = if inside { "" } else { "\"" };
                let _infallible = write!(text, "{quote}{MARK}{}{MARK}{quote}", holes.len());
                holes.push(hole);
            }
        }
    }
    let limits = Limits { depth: 100, nodes: 1_000_000, bytes: usize::MAX };
    let document = json::read(text, limits).ok()?;
    Some(Decoder { tree: &document.tree, holes: &holes, place }.value(document.root))
}

/// Around the number of a hole: a character that no text has a use for.
const MARK: char = '\u{f8fe}';

struct Decoder<'d> {
    tree: &'d Tree,
    holes: &'d [&'d Value],
    place: Place,
}

impl Decoder<'_> {
    fn located(&self, node: NodeId) -> Located {
        Located::new(self.value(node), self.place)
    }

    fn value(&self, node: NodeId) -> Value {
        match self.tree.node(node) {
            Node::Bool(bool) => Value::Bool(bool),
            Node::Int(int) => Value::int(int),
            Node::Float(float) => Value::Number(Number::from_f64(float)),
            Node::String(span) => self.text(self.tree.text(span)),
            Node::List(range) => {
                let items = self.tree.children(range).iter().map(|&child| self.located(child));
                Value::list(ListKind::Tuple, items.collect())
            }
            Node::Map(range) => {
                let entries = self.tree.entries(range).iter();
                Value::map(
                    entries
                        .map(|entry| Entry {
                            key: Arc::from(self.tree.text(entry.key)),
                            place: self.place,
                            value: self.located(entry.value),
                        })
                        .collect(),
                )
            }
            _ => Value::Null,
        }
    }

    fn text(&self, text: &str) -> Value {
        if !text.contains(MARK) {
            return Value::text_of(text);
        }
        // Text and holes alternate.
        let mut parts = Vec::new();
        for (at, piece) in text.split(MARK).enumerate() {
            if at % 2 == 0 {
                if !piece.is_empty() {
                    parts.push(Part::Literal(Arc::from(piece)));
                }
            } else if let Some(hole) = piece.parse().ok().and_then(|at: usize| self.holes.get(at)) {
                parts.push(Part::Hole((*hole).clone()));
            }
        }
        match parts.as_slice() {
            [Part::Hole(hole)] => hole.clone(),
            _ => Value::Template(Arc::new(parts)),
        }
    }
}
