//! The JSON text of a value, as `jsonencode` writes it: no spaces, keys sorted, and
//! `<`, `>`, `&`, U+2028 and U+2029 escaped
//! (<https://developer.hashicorp.com/terraform/language/functions/jsonencode>).

use std::fmt::Write as _;
use std::sync::Arc;

use crate::value::{Part, Value};

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
