//! `replace` in text that is not wholly known: a placeholder in a document gives way to the
//! name or ARN of a resource that has neither yet. The document stays one.

use std::sync::Arc;

use crate::template::Builder;
use crate::value::{Entry, List, Located, Map, Part, Value};

/// Values inside each other, at most.
const DEPTH: u32 = 100;

/// `replace(value, from, to)`, where `value` or `to` have parts that are not known. None where
/// `from` is a pattern, or may be part of what is not known.
pub(crate) fn substitute(arguments: &[Located]) -> Option<Value> {
    let [value, from, to] = arguments else { return None };
    let from = from.value.text().filter(|from| is_placeholder(from))?;
    let to = match &to.value {
        Value::Reference(reference) if reference.known.is_none() => &to.value,
        // A mark of JSON in it would have to be escaped.
        known if known.text().is_some_and(|text| !text.contains(['"', '\\', '\n'])) => known,
        _ => return None,
    };
    inside(&value.value, &from, to, 0)
}

/// Words alone: nothing that JSON writes in another way, and no pattern between slashes.
fn is_placeholder(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn inside(value: &Value, from: &str, to: &Value, depth: u32) -> Option<Value> {
    if depth > DEPTH {
        return None;
    }
    let deeper =
        |located: &Located| Some(Located::new(inside(&located.value, from, to, depth + 1)?, located.place));
    match value.plain() {
        Value::String(text) => in_text(&[Part::Literal(text.clone())], from, to),
        Value::Template(parts) => in_text(parts, from, to),
        Value::Json(inner) => Some(Value::Json(Arc::new(deeper(inner)?))),
        // The name of a resource that AWS gives is no placeholder.
        Value::Reference(_) if depth > 0 => Some(value.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) if depth > 0 => Some(value.clone()),
        Value::List(list) if depth > 0 => {
            let items = list.items.iter().map(deeper).collect::<Option<Vec<_>>>()?;
            Some(Value::List(Arc::new(List { kind: list.kind, items })))
        }
        Value::Map(map) if depth > 0 && map.open.is_none() => {
            let entry = |entry: &Entry| {
                let known = !entry.key.contains(from);
                known.then(|| Some(Entry { value: deeper(&entry.value)?, ..entry.clone() }))?
            };
            let entries = map.entries.iter().map(entry).collect::<Option<Vec<_>>>()?;
            Some(Value::Map(Arc::new(Map { entries, open: None })))
        }
        _ => None,
    }
}

fn in_text(parts: &[Part], from: &str, to: &Value) -> Option<Value> {
    let mut out = Builder::default();
    for part in parts {
        match part {
            Part::Literal(text) => {
                for (at, piece) in text.split(from).enumerate() {
                    if at > 0 {
                        out.value(to).ok()?;
                    }
                    out.text(piece);
                }
            }
            Part::Hole(hole @ Value::Reference(_)) => out.value(hole).ok()?,
            Part::Hole(_) => return None,
        }
    }
    let value = out.finish().ok()?;
    // Nothing but the name: it is the reference.
    match &value {
        Value::Template(parts) => match &parts[..] {
            [Part::Hole(only)] => Some(only.clone()),
            _ => Some(value),
        },
        _ => Some(value),
    }
}
