//! Encodings.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sekisho_estate::json::Limits;
use sekisho_estate::{Node, NodeId, ReasonCode, Tree, json, yaml};

use super::{Call, Function, Need, any, bounded, entry, known};
use crate::value::{ListKind, Located, Number, Value};
use crate::{json_text, operators};

pub(super) const FUNCTIONS: &[Function] = &[
    known("base64decode", 1, 1, |call| {
        let decoded =
            STANDARD.decode(call.text(0)?.as_bytes()).map_err(|error| format!("no base64: {error}"))?;
        String::from_utf8(decoded)
            .map(|text| Value::text_of(&text))
            .map_err(|_| "the bytes are not UTF-8".into())
    }),
    known("base64encode", 1, 1, |call| bounded(STANDARD.encode(call.text(0)?.as_bytes()))),
    known("base64gunzip", 1, 1, |_| Ok(Value::unknown(ReasonCode::UnsupportedFunction, "base64gunzip"))),
    known("base64gzip", 1, 1, |_| Ok(Value::unknown(ReasonCode::UnsupportedFunction, "base64gzip"))),
    known("csvdecode", 1, 1, csvdecode),
    any("jsondecode", 1, 1, jsondecode),
    any("jsonencode", 1, 1, |call| Ok(Value::Json(Arc::new(call.arguments[0].clone())))),
    known("textdecodebase64", 2, 2, textdecodebase64),
    known("textencodebase64", 2, 2, |call| {
        let (text, name) = (call.text(0)?, call.text(1)?);
        let bytes: Vec<u8> = match charset(&name)? {
            Charset::Utf8 => text.as_bytes().to_vec(),
            Charset::Utf16(big) => text
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect(),
            Charset::Latin1 => text
                .chars()
                .map(|c| u8::try_from(c as u32).map_err(|_| format!("{c:?} is not in {name}")))
                .collect::<Result<_, _>>()?,
        };
        bounded(STANDARD.encode(bytes))
    }),
    known("urlencode", 1, 1, |call| {
        let mut out = String::new();
        for byte in call.text(0)?.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
                b' ' => out.push('+'),
                byte => drop(write!(out, "%{byte:02X}")),
            }
        }
        bounded(out)
    }),
    known("urldecode", 1, 1, urldecode),
    known("yamldecode", 1, 1, |call| {
        let text = call.text(0)?;
        let document = yaml::read(text.to_string(), limits()).map_err(|(error, _)| error.message)?;
        Ok(decoded(call, &document.tree, document.root))
    }),
    Function {
        name: "yamlencode",
        least: 1,
        most: 1,
        need: Need::All,
        run: |call| {
            let mut out = String::new();
            encode_yaml(&mut out, call.value(0), 0);
            bounded(out)
        },
    },
];

fn limits() -> Limits {
    Limits { depth: 100, nodes: 1_000_000, bytes: super::MAX_TEXT }
}

enum Charset {
    Utf8,
    Utf16(bool),
    Latin1,
}

fn charset(name: &str) -> Result<Charset, String> {
    Ok(match name.to_ascii_uppercase().as_str() {
        "UTF-8" | "UTF8" => Charset::Utf8,
        "UTF-16LE" => Charset::Utf16(false),
        "UTF-16BE" | "UTF-16" => Charset::Utf16(true),
        "ISO-8859-1" | "LATIN1" | "US-ASCII" => Charset::Latin1,
        _ => return Err(format!("the encoding {name} is not supported")),
    })
}

fn textdecodebase64(call: &Call<'_>) -> Result<Value, String> {
    let bytes = STANDARD.decode(call.text(0)?.as_bytes()).map_err(|error| format!("no base64: {error}"))?;
    let wrong = || "the bytes are not text of this encoding".to_owned();
    let text = match charset(&call.text(1)?)? {
        Charset::Utf8 => String::from_utf8(bytes).map_err(|_| wrong())?,
        Charset::Latin1 => bytes.iter().map(|&byte| byte as char).collect(),
        Charset::Utf16(big) => {
            let (pairs, rest) = bytes.as_chunks::<2>();
            if !rest.is_empty() {
                return Err(wrong());
            }
            let unit =
                |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
            String::from_utf16(&pairs.iter().map(unit).collect::<Vec<_>>()).map_err(|_| wrong())?
        }
    };
    Ok(Value::text_of(&text))
}

fn urldecode(call: &Call<'_>) -> Result<Value, String> {
    let text = call.text(0)?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = rest.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(byte.ok_or("a % must be followed by two hexadecimal digits")?);
                rest = &rest[2..];
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).map(|text| Value::text_of(&text)).map_err(|_| "the bytes are not UTF-8".into())
}

fn csvdecode(call: &Call<'_>) -> Result<Value, String> {
    let text = call.text(0)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cells = headers.iter().zip(record.iter());
        let entries = cells.map(|(name, cell)| entry(call, name, Value::text_of(cell))).collect();
        rows.push(call.made(Value::map(entries)));
        if rows.len() > super::MAX_ELEMENTS {
            return Err(format!("more than {} rows", super::MAX_ELEMENTS));
        }
    }
    Ok(Value::list(ListKind::List, rows))
}

/// Of what was encoded here it gives the value back, with what is not known in it.
fn jsondecode(call: &Call<'_>) -> Result<Value, String> {
    match call.value(0) {
        Value::Json(value) => Ok(value.value.clone()),
        value if operators::is_top_known(value) => match json_text::decode(value, call.place) {
            Some(value) => Ok(value),
            None => match value.text() {
                Some(text) => Err(no_json(&text)),
                None if matches!(value, Value::Template(_)) => Ok(super::collection::derived(call)),
                None => Err("a string is wanted".into()),
            },
        },
        _ => Ok(super::collection::derived(call)),
    }
}

fn no_json(text: &str) -> String {
    match json::read(text.to_owned(), limits()) {
        Err((error, _)) => format!("no JSON: {} at byte {}", error.message, error.offset),
        Ok(_) => "no JSON".into(),
    }
}

fn decoded(call: &Call<'_>, tree: &Tree, node: NodeId) -> Value {
    match tree.node(node) {
        Node::Bool(bool) => Value::Bool(bool),
        Node::Int(int) => Value::int(int),
        Node::Float(float) => Value::Number(Number::from_f64(float)),
        Node::String(span) => Value::text_of(tree.text(span)),
        Node::List(range) => {
            let items = tree.children(range).iter().map(|&child| call.made(decoded(call, tree, child)));
            Value::list(ListKind::Tuple, items.collect())
        }
        Node::Map(range) => {
            let entries = tree.entries(range).iter();
            let entries = entries.map(|e| entry(call, tree.text(e.key), decoded(call, tree, e.value)));
            Value::map(entries.collect())
        }
        Node::Tagged { child, .. } => decoded(call, tree, child),
        _ => Value::Null,
    }
}

/// Block style; every string in quotes, as Terraform writes it.
fn encode_yaml(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth.min(100));
    match value.plain() {
        Value::List(list) if !list.items.is_empty() => {
            for item in &list.items {
                out.push_str(&indent);
                out.push_str("- ");
                nested(out, item, depth + 1);
            }
        }
        Value::Map(map) if !map.entries.is_empty() => {
            for entry in &map.entries {
                out.push_str(&indent);
                out.push_str(&scalar(&Value::String(entry.key.clone())));
                out.push(':');
                let collection = match entry.value.value.plain() {
                    Value::List(list) => !list.items.is_empty(),
                    Value::Map(map) => !map.entries.is_empty(),
                    _ => false,
                };
                if collection {
                    out.push('\n');
                    let deeper = matches!(entry.value.value.plain(), Value::Map(_));
                    encode_yaml(out, &entry.value.value, depth + usize::from(deeper));
                } else {
                    out.push(' ');
                    out.push_str(&scalar(&entry.value.value));
                    out.push('\n');
                }
            }
        }
        other => {
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
}

/// An element behind its dash: the first line of a collection stands on the same line.
fn nested(out: &mut String, item: &Located, depth: usize) {
    let mut text = String::new();
    encode_yaml(&mut text, &item.value, depth);
    out.push_str(text.trim_start_matches(' '));
}

fn scalar(value: &Value) -> String {
    crate::json_text::known(value).unwrap_or_else(|| "null".into())
}
