//! Values in words, for people: short, and never a secret.

use std::borrow::Cow;

use sekisho_estate::secret::{is_secret_name, looks_secret, names_beside};
use sekisho_estate::{Entry, Node};

use crate::frame::Frame;
use crate::value::Val;

/// Longest text shown.
const MAX_TEXT: usize = 120;
/// Deepest list or map shown.
const MAX_DEPTH: u32 = 3;

/// A value in one line.
#[must_use]
pub fn show<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> String {
    let mut out = String::new();
    write(frame, value, 0, &mut out);
    out
}

fn clip(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}

fn write<'a>(frame: &Frame<'_, 'a>, value: Val<'a>, depth: u32, out: &mut String) {
    match value {
        Val::Node(_) | Val::Items(..) | Val::Pairs(_) if depth >= MAX_DEPTH => out.push('…'),
        Val::Null => out.push_str("null"),
        Val::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        Val::Int(i) => out.push_str(&i.to_string()),
        Val::Double(d) => out.push_str(&d.to_string()),
        Val::Str(text) if looks_secret(text) => out.push_str("***"),
        Val::Str(text) => sekisho_estate::json::quote_into(out, &clip(text)),
        Val::Text(text) if looks_secret(&text.display()) => out.push_str("***"),
        Val::Text(text) => sekisho_estate::json::quote_into(out, &clip(&text.display())),
        Val::Reference(target) => {
            out.push_str("${");
            out.push_str(&target.name());
            out.push('}');
        }
        Val::Secret(_) => out.push_str("***"),
        Val::Resource(resource) => out.push_str(resource.name()),
        Val::Companions(resource) => {
            out.push_str("companions of ");
            out.push_str(resource.name());
        }
        Val::Attributes(resource) => {
            out.push_str("attributes of ");
            out.push_str(resource.name());
        }
        Val::Absent => out.push_str("absent"),
        Val::Unknown(why) => {
            out.push_str("unknown (");
            out.push_str(&why.to_reason().to_string());
            out.push(')');
        }
        Val::Node(view) => match view.stack.tree.node(view.node) {
            Node::Map(range) => {
                let entries = view.stack.tree.entries(range);
                let text = |entry: &Entry| view.stack.text(entry.key);
                // `{Name: DB_PASSWORD, Value: …}` names the secret beside it.
                let named = names_beside(&view.stack.tree, entries);
                braces(out, '{', '}', entries.iter(), |entry, out| {
                    let key = text(entry);
                    out.push_str(key);
                    out.push_str(": ");
                    let beside = named && matches!(key, "Value" | "ParameterValue");
                    let scalar = view.stack.tree.string(entry.value).is_some();
                    if scalar && (beside || is_secret_name(key)) {
                        out.push_str("***");
                        return;
                    }
                    write(frame, frame.read(view.at(entry.value)), depth + 1, out);
                });
            }
            _ => braces(out, '[', ']', view.elements().iter(), |&node, out| {
                write(frame, frame.read(view.at(node)), depth + 1, out);
            }),
        },
        Val::Items(items, open) => {
            braces(out, '[', ']', items.iter(), |item, out| write(frame, *item, depth + 1, out));
            if open.is_some() {
                out.push_str(" and perhaps more");
            }
        }
        Val::Pairs(pairs) => braces(out, '{', '}', pairs.iter().filter(is_member), |(key, value), out| {
            write(frame, *key, depth + 1, out);
            out.push_str(": ");
            write(frame, *value, depth + 1, out);
        }),
    }
}

/// Whether a pair of a record is one of its members, not its place.
fn is_member(pair: &&(Val<'_>, Val<'_>)) -> bool {
    !matches!(pair.0, Val::Str(key) if key == crate::functions::PLACE)
}

fn braces<T>(
    out: &mut String,
    open: char,
    close: char,
    items: impl Iterator<Item = T>,
    mut each: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if index == 8 {
            out.push('…');
            break;
        }
        each(item, out);
    }
    out.push(close);
}
