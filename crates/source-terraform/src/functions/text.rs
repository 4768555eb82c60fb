//! Strings.

use std::sync::Arc;

use super::{Call, Function, MANY, bounded, known, shape, texts};
use crate::value::{Part, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    known("chomp", 1, 1, |call| Ok(Value::text_of(call.text(0)?.trim_end_matches(['\n', '\r'])))),
    known("endswith", 2, 2, |call| Ok(Value::Bool(call.text(0)?.ends_with(&*call.text(1)?)))),
    known("startswith", 2, 2, |call| Ok(Value::Bool(call.text(0)?.starts_with(&*call.text(1)?)))),
    known("strcontains", 2, 2, |call| Ok(Value::Bool(call.text(0)?.contains(&*call.text(1)?)))),
    known("indent", 2, 2, indent),
    shape("join", 1, MANY, join),
    known("lower", 1, 1, |call| Ok(Value::text_of(&call.text(0)?.to_lowercase()))),
    known("upper", 1, 1, |call| Ok(Value::text_of(&call.text(0)?.to_uppercase()))),
    known("title", 1, 1, title),
    known("split", 2, 2, |call| {
        let (separator, text) = (call.text(0)?, call.text(1)?);
        if separator.is_empty() {
            return Ok(texts(call, text.chars().map(String::from)));
        }
        Ok(texts(call, text.split(&*separator)))
    }),
    known("strrev", 1, 1, |call| Ok(Value::text_of(&call.text(0)?.chars().rev().collect::<String>()))),
    known("substr", 3, 3, substr),
    known("trim", 2, 2, |call| {
        let (text, cut) = (call.text(0)?, call.text(1)?);
        Ok(Value::text_of(text.trim_matches(|c| cut.contains(c))))
    }),
    known("trimprefix", 2, 2, |call| {
        let (text, cut) = (call.text(0)?, call.text(1)?);
        Ok(Value::text_of(text.strip_prefix(&*cut).unwrap_or(&text)))
    }),
    known("trimsuffix", 2, 2, |call| {
        let (text, cut) = (call.text(0)?, call.text(1)?);
        Ok(Value::text_of(text.strip_suffix(&*cut).unwrap_or(&text)))
    }),
    known("trimspace", 1, 1, |call| Ok(Value::text_of(call.text(0)?.trim()))),
];

fn indent(call: &Call<'_>) -> Result<Value, String> {
    let spaces = usize::try_from(call.int(0)?).ok().filter(|&spaces| spaces <= 10_000);
    let spaces = " ".repeat(spaces.ok_or("the number of spaces must be between 0 and 10000")?);
    bounded(call.text(1)?.replace('\n', &format!("\n{spaces}")))
}

/// Elements that are not known become holes of the text.
fn join(call: &Call<'_>) -> Result<Value, String> {
    let separator = call.text(0)?;
    let mut parts = crate::template::Builder::default();
    let mut first = true;
    for at in 1..call.len() {
        for item in &call.list(at)?.items {
            if !first {
                parts.text(&separator);
            }
            first = false;
            parts.value(&item.value)?;
        }
    }
    parts.finish()
}

fn title(call: &Call<'_>) -> Result<Value, String> {
    let text = call.text(0)?;
    let mut titled = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            titled.push(c);
        } else {
            titled.extend(c.to_uppercase());
        }
        inside = c.is_alphanumeric() || c == '_' || c == '\'';
    }
    Ok(Value::text_of(&titled))
}

fn substr(call: &Call<'_>) -> Result<Value, String> {
    let (text, offset, length) = (call.text(0)?, call.int(1)?, call.int(2)?);
    let all: Vec<char> = text.chars().collect();
    let from = if offset < 0 { all.len() as i64 + offset } else { offset };
    let from = usize::try_from(from).map_err(|_| "the offset lies before the beginning")?;
    let rest = all.get(from..).unwrap_or_default();
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
    Ok(Value::String(Arc::from(rest[..length].iter().collect::<String>())))
}

/// Whether the text of parts that are not all known is certainly not empty.
pub(crate) fn is_filled(parts: &[Part]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Literal(text) if !text.is_empty()))
}
