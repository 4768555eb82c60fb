//! Reads the extract of the AWS provider's schema. Its grammar is in `facts/README.md`.

use std::collections::BTreeMap;

/// The type of an attribute.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// `s` string, `n` number, `b` boolean, `a` anything.
    Scalar(char),
    /// A list or set.
    List(Box<Shape>),
    Map,
    /// Nested blocks with these attributes.
    Blocks(BTreeMap<String, Shape>),
}

/// One resource type.
#[derive(Default)]
pub(crate) struct Resource {
    /// What a configuration writes.
    pub(crate) fields: BTreeMap<String, Shape>,
    /// What AWS sets.
    pub(crate) computed: Vec<String>,
}

/// Parses the whole extract: resource types by name.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, Resource>, String> {
    let mut out: BTreeMap<String, Resource> = BTreeMap::new();
    let mut current = String::new();
    for (number, line) in text.lines().enumerate() {
        let fail = |what: &str| format!("line {}: {what}: {line}", number + 1);
        if line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("type ") {
            name.clone_into(&mut current);
            out.insert(current.clone(), Resource::default());
            continue;
        }
        let resource = out.get_mut(&current).ok_or_else(|| fail("no type yet"))?;
        if let Some(rest) = line.strip_prefix(' ') {
            let (name, text) = rest.split_once(' ').ok_or_else(|| fail("no shape"))?;
            let (shape, rest) = shape(text).map_err(|e| fail(&e))?;
            if !rest.is_empty() {
                return Err(fail("more after the shape"));
            }
            resource.fields.insert(name.to_owned(), shape);
        } else if let Some(rest) = line.strip_prefix('-') {
            resource.computed.push(rest.split(' ').next().unwrap_or(rest).to_owned());
        } else {
            return Err(fail("not a line of the extract"));
        }
    }
    Ok(out)
}

fn shape(text: &str) -> Result<(Shape, &str), String> {
    let first = text.chars().next().ok_or("empty shape")?;
    let rest = &text[first.len_utf8()..];
    let closed = |close: char| -> Result<(Box<Shape>, &str), String> {
        let (inner, rest) = shape(rest)?;
        Ok((Box::new(inner), rest.strip_prefix(close).ok_or("not closed")?))
    };
    match first {
        's' | 'n' | 'b' | 'a' => Ok((Shape::Scalar(first), rest)),
        '[' => closed(']').map(|(inner, rest)| (Shape::List(inner), rest)),
        '(' => closed(')').map(|(inner, rest)| (Shape::List(inner), rest)),
        '{' => closed('}').map(|(_, rest)| (Shape::Map, rest)),
        // How many blocks are admitted: the mapping does not depend on it.
        '!' | '=' => shape(rest),
        '<' => {
            let mut fields = BTreeMap::new();
            let mut rest = rest;
            while !rest.starts_with('>') {
                let (name, after) = rest.split_once(':').ok_or("no `:` after a name")?;
                let (inner, after) = shape(after)?;
                fields.insert(name.to_owned(), inner);
                rest = after.strip_prefix(',').unwrap_or(after);
            }
            Ok((Shape::Blocks(fields), &rest[1..]))
        }
        other => Err(format!("unknown kind `{other}`")),
    }
}
