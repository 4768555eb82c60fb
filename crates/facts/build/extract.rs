//! Reads the line-oriented extract of the CloudFormation schemas.
//! Its grammar is in `facts/README.md`.

use std::collections::BTreeMap;

/// One resource type.
#[derive(Default)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) identifiers: Vec<String>,
    pub(crate) root: Object,
    pub(crate) attributes: Vec<(String, Expression)>,
    pub(crate) definitions: BTreeMap<String, Object>,
}

/// Named fields.
pub(crate) struct Object {
    /// `o` open object, `c` closed object, `a` any with known fields.
    pub(crate) letter: char,
    pub(crate) item: Option<Expression>,
    pub(crate) fields: Vec<Field>,
}

impl Default for Object {
    fn default() -> Self {
        // The registry closes every resource type (`additionalProperties: false`).
        Self { letter: 'c', item: None, fields: Vec::new() }
    }
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) shape: Expression,
    pub(crate) required: bool,
    pub(crate) read_only: bool,
}

/// A shape as written on one line.
#[derive(Clone)]
pub(crate) enum Expression {
    Scalar { letter: char, values: Vec<String>, relations: Vec<(String, String)> },
    List(Box<Expression>),
    Map(Box<Expression>),
    Definition(String),
}

/// Parses the whole extract.
pub(crate) fn parse(text: &str) -> Result<Vec<Type>, String> {
    let mut types: Vec<Type> = Vec::new();
    let mut definition: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let fail = |what: String| format!("line {}: {what}: {line}", number + 1);
        if line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("type ") {
            types.push(Type { name: name.to_owned(), ..Type::default() });
            definition = None;
            continue;
        }
        let current = types.last_mut().ok_or_else(|| fail("no type yet".into()))?;
        if let Some(rest) = line.strip_prefix(' ') {
            let object = match &definition {
                Some(name) => current.definitions.entry(name.clone()).or_default(),
                None => &mut current.root,
            };
            object.fields.push(field(rest).map_err(fail)?);
        } else if let Some(rest) = line.strip_prefix("id ") {
            current.identifiers = rest.split(' ').map(unescape).collect();
        } else if let Some(rest) = line.strip_prefix("att ") {
            let field = field(rest).map_err(fail)?;
            current.attributes.push((field.name, field.shape));
        } else if let Some(rest) = line.strip_prefix("def ") {
            let (name, object) = header(rest).map_err(fail)?;
            current.definitions.insert(name.clone(), object);
            definition = Some(name);
        } else {
            return Err(fail("not a line of the extract".into()));
        }
    }
    Ok(types)
}

fn field(text: &str) -> Result<Field, String> {
    let mut words = text.split(' ');
    let name = unescape(words.next().unwrap_or_default());
    let shape = expression(words.next().ok_or("no shape")?)?;
    let flags = words.next().unwrap_or_default();
    Ok(Field { name, shape, required: flags.contains('!'), read_only: flags.contains('-') })
}

fn header(text: &str) -> Result<(String, Object), String> {
    let mut words = text.split(' ');
    let name = words.next().unwrap_or_default().to_owned();
    let letter = words.next().and_then(|w| w.chars().next()).ok_or("no kind")?;
    let item = match words.next() {
        None => None,
        Some(text) => match expression(text)? {
            Expression::Map(item) => Some(*item),
            _ => return Err("expected {values}".into()),
        },
    };
    Ok((name, Object { letter, item, fields: Vec::new() }))
}

/// Parses one shape; public because hand-written extension types use the same parts.
pub(crate) fn expression(text: &str) -> Result<Expression, String> {
    let (shape, rest) = prefix(text)?;
    if rest.is_empty() { Ok(shape) } else { Err(format!("unexpected `{rest}`")) }
}

fn prefix(text: &str) -> Result<(Expression, &str), String> {
    let letter = text.chars().next().ok_or("empty shape")?;
    let rest = &text[letter.len_utf8()..];
    let wrapped = |close: char| -> Result<(Box<Expression>, &str), String> {
        let (inner, rest) = prefix(rest)?;
        let rest = rest.strip_prefix(close).ok_or_else(|| format!("no closing {close}"))?;
        Ok((Box::new(inner), rest))
    };
    match letter {
        '[' => wrapped(']').map(|(inner, rest)| (Expression::List(inner), rest)),
        '{' => wrapped('}').map(|(inner, rest)| (Expression::Map(inner), rest)),
        '@' => {
            let end = rest.find([']', '}', '<']).unwrap_or(rest.len());
            Ok((Expression::Definition(rest[..end].to_owned()), &rest[end..]))
        }
        'b' | 'i' | 'n' | 's' | 'a' | 'o' | 'c' => {
            let (values, rest) = group(rest, '(', ')')?;
            let (relations, rest) = group(rest, '<', '>')?;
            let values = values.iter().map(|v| unescape(v)).collect();
            let relations = relations.iter().map(|r| relation(r)).collect();
            Ok((Expression::Scalar { letter, values, relations }, rest))
        }
        other => Err(format!("unknown kind `{other}`")),
    }
}

fn group(text: &str, open: char, close: char) -> Result<(Vec<&str>, &str), String> {
    let Some(inside) = text.strip_prefix(open) else { return Ok((Vec::new(), text)) };
    let end = inside.find(close).ok_or_else(|| format!("no closing {close}"))?;
    Ok((inside[..end].split('|').collect(), &inside[end + 1..]))
}

fn relation(text: &str) -> (String, String) {
    let (name, attribute) = text.split_once('.').unwrap_or((text, ""));
    (name.to_owned(), attribute.to_owned())
}

/// Undoes the percent escapes of the generator.
fn unescape(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(value) if byte == b'%' => {
                bytes.push(value);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
