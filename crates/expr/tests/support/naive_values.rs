//! Owned values, and what operators do with them. Unknown has no reason here.

use std::cmp::Ordering;

use sekisho_expr::syntax::BinaryOperator;
use sekisho_facts::Kind;

/// A value in one world.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum V {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Str(String),
    /// Text with at least one hole.
    Text(Vec<Part>),
    /// A resource or attribute.
    Reference(Target),
    /// Elements, and whether there may be more.
    List(Vec<V>, bool),
    /// Entries, and whether they are part of a default.
    Map(Vec<(String, V)>, bool),
    Secret,
    Absent,
    Unknown,
}

/// What a reference points to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) attribute: String,
    pub(crate) type_name: String,
    /// What it gives, when that is written.
    pub(crate) value: Option<String>,
}

/// A part of a text with holes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Part {
    Literal(String),
    Reference(Target),
    Variable(String),
    /// A hole of which nothing is known, not even that it is like itself.
    Unknown,
}

/// A text of parts in its shortest form.
pub(crate) fn normal(parts: Vec<Part>) -> V {
    let mut out: Vec<Part> = Vec::new();
    for part in parts {
        match (out.last_mut(), part) {
            (Some(Part::Literal(a)), Part::Literal(b)) => a.push_str(&b),
            (_, Part::Literal(text)) if text.is_empty() => {}
            (_, part) => out.push(part),
        }
    }
    match out.as_slice() {
        [] => V::Str(String::new()),
        [Part::Literal(text)] => V::Str(text.clone()),
        _ => V::Text(out),
    }
}

/// As true or false; none when unknown.
pub(crate) fn truth(value: &V) -> Option<bool> {
    match value {
        V::Bool(b) => Some(*b),
        V::Str(text) if text.eq_ignore_ascii_case("true") => Some(true),
        V::Str(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

pub(crate) fn text(value: V) -> V {
    match value {
        V::Int(i) => V::Str(i.to_string()),
        V::Double(d) if d == d.trunc() && d.abs() < 1e7 => V::Str(format!("{d:.1}")),
        V::Double(d) => V::Str(d.to_string()),
        V::Bool(b) => V::Str(b.to_string()),
        V::Reference(Target { value: Some(value), .. }) => V::Str(value),
        other => other,
    }
}

pub(crate) fn coerce(value: V, kind: Kind) -> V {
    match (kind, value) {
        (Kind::Boolean, V::Str(text)) => truth(&V::Str(text)).map_or(V::Unknown, V::Bool),
        (Kind::Integer | Kind::Number, V::Str(text)) => {
            let text = text.trim();
            match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(int), _) => V::Int(int),
                (_, Ok(double)) if double.is_finite() => V::Double(double),
                _ => V::Unknown,
            }
        }
        (Kind::Integer, V::Double(d)) if d.fract() == 0.0 && d.abs() < 9e15 => V::Int(d as i64),
        (Kind::String, value @ (V::Int(_) | V::Double(_) | V::Bool(_))) => text(value),
        (Kind::Boolean | Kind::Integer | Kind::Number, V::Reference(Target { value: Some(value), .. })) => {
            coerce(V::Str(value), kind)
        }
        (Kind::Boolean | Kind::Integer | Kind::Number, V::Reference(_) | V::Text(_)) => V::Unknown,
        (Kind::List, V::Map(..)) => V::Unknown,
        (Kind::Map | Kind::Object, V::List(..) | V::Str(_) | V::Text(_)) => V::Unknown,
        (Kind::Map | Kind::Object, V::Reference(Target { value: Some(_), .. })) => V::Unknown,
        (_, value) => value,
    }
}

fn number(value: &V) -> Option<f64> {
    match value {
        V::Int(i) => Some(*i as f64),
        V::Double(d) => Some(*d),
        _ => None,
    }
}

/// Whether values are equal; none when unknown.
pub(crate) fn equal(a: &V, b: &V) -> Option<bool> {
    match (a, b) {
        (V::Unknown, _) | (_, V::Unknown) => None,
        (V::Absent, _) | (_, V::Absent) => Some(false),
        (V::Int(x), V::Int(y)) => Some(x == y),
        (V::Int(_) | V::Double(_), V::Int(_) | V::Double(_)) => Some(number(a) == number(b)),
        (V::Secret, _) | (_, V::Secret) => None,
        (V::Null | V::Bool(_) | V::Str(_), V::Null | V::Bool(_) | V::Str(_)) => Some(a == b),
        (V::Reference(x), V::Reference(y)) if x == y => Some(true),
        (V::Reference(x), V::Reference(y)) => {
            let named = x.attribute == y.attribute && ["", "Arn"].contains(&x.attribute.as_str());
            match (&x.value, &y.value) {
                (Some(a), Some(b)) => Some(a == b),
                _ if x.id != y.id && named && x.type_name == y.type_name => Some(false),
                _ => None,
            }
        }
        (V::Reference(Target { value: Some(value), .. }), other)
        | (other, V::Reference(Target { value: Some(value), .. })) => equal(&V::Str(value.clone()), other),
        (V::Text(text), V::Str(s)) | (V::Str(s), V::Text(text)) => {
            if can_be(text, s) {
                None
            } else {
                Some(false)
            }
        }
        (V::Text(x), V::Text(y)) => {
            if x == y && !x.contains(&Part::Unknown) {
                return Some(true);
            }
            let (prefixes, suffixes) = ((prefix(x), prefix(y)), (suffix(x), suffix(y)));
            let begins = prefixes.0.starts_with(&prefixes.1) || prefixes.1.starts_with(&prefixes.0);
            let ends = suffixes.0.ends_with(&suffixes.1) || suffixes.1.ends_with(&suffixes.0);
            if begins && ends { None } else { Some(false) }
        }
        (V::Null, V::Reference(_)) | (V::Reference(_), V::Null) => Some(false),
        // Names, ids and ARNs are never empty; the targets here are no custom resources.
        (V::Str(s), V::Reference(_)) | (V::Reference(_), V::Str(s)) if s.is_empty() => Some(false),
        (V::Str(s), V::Reference(x)) | (V::Reference(x), V::Str(s)) => {
            let whole: String = form(x).iter().map(|(full, ..)| full.as_str()).collect();
            if is_match(&whole, s) { None } else { Some(false) }
        }
        (V::Reference(_), _) | (_, V::Reference(_)) => None,
        (V::Map(x, _), V::Map(y, _)) => {
            let written = |pairs: &[(String, V)]| -> Vec<(String, V)> {
                pairs.iter().filter(|(_, v)| *v != V::Absent).cloned().collect()
            };
            let (x, y) = (written(x), written(y));
            if x.len() != y.len() {
                return Some(false);
            }
            every(x.iter().map(|(key, value)| match y.iter().find(|(k, _)| k == key) {
                Some((_, other)) => equal(value, other),
                None => Some(false),
            }))
        }
        (V::List(_, true), V::List(..)) | (V::List(..), V::List(_, true)) => None,
        (V::List(x, _), V::List(y, _)) if x.len() != y.len() => Some(false),
        (V::List(x, _), V::List(y, _)) => every(x.iter().zip(y).map(|(a, b)| equal(a, b))),
        _ => Some(false),
    }
}

fn every(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<Option<bool>> = parts.collect();
    if parts.contains(&Some(false)) {
        Some(false)
    } else if parts.contains(&None) {
        None
    } else {
        Some(true)
    }
}

pub(crate) fn order(a: &V, b: &V) -> Option<Ordering> {
    match (a, b) {
        (V::Int(x), V::Int(y)) => Some(x.cmp(y)),
        (V::Str(x), V::Str(y)) => Some(x.cmp(y)),
        (V::Reference(_), _) if text(a.clone()) != *a => order(&text(a.clone()), b),
        (_, V::Reference(_)) if text(b.clone()) != *b => order(a, &text(b.clone())),
        _ => number(a)?.partial_cmp(&number(b)?),
    }
}

fn prefix(parts: &[Part]) -> String {
    if let Some(Part::Literal(text)) = parts.first() { text.clone() } else { String::new() }
}

fn suffix(parts: &[Part]) -> String {
    if let Some(Part::Literal(text)) = parts.last() { text.clone() } else { String::new() }
}

/// Whether a text can become this one, as a regular expression says it.
fn can_be(parts: &[Part], literal: &str) -> bool {
    let pattern: String = parts
        .iter()
        .map(|part| if let Part::Literal(text) = part { regex::escape(text) } else { ".*".to_owned() })
        .collect();
    regex::Regex::new(&format!("(?s)^{pattern}$")).expect("a pattern").is_match(literal)
}

/// A method of texts with one argument.
pub(crate) fn text_method(name: &str, subject: &V, argument: &V) -> V {
    let V::Str(needle) = argument else {
        return if *argument == V::Absent { V::Bool(false) } else { V::Unknown };
    };
    match subject {
        V::Absent => V::Bool(false),
        V::Str(text) => V::Bool(match name {
            "startsWith" => text.starts_with(needle),
            "endsWith" => text.ends_with(needle),
            "contains" => text.contains(needle),
            "matches" => regex::Regex::new(needle).expect("a pattern").is_match(text),
            other => panic!("no method {other}"),
        }),
        V::Text(parts) => {
            let (start, end) = (prefix(parts), suffix(parts));
            match name {
                "startsWith" if start.starts_with(needle) => V::Bool(true),
                "startsWith" if !needle.starts_with(&start) => V::Bool(false),
                "endsWith" if end.ends_with(needle) => V::Bool(true),
                "endsWith" if !needle.ends_with(&end) => V::Bool(false),
                "contains" if parts.iter().any(|p| matches!(p, Part::Literal(t) if t.contains(needle))) => {
                    V::Bool(true)
                }
                _ => V::Unknown,
            }
        }
        V::Reference(target) if name != "matches" => {
            let form = form(target);
            let full = |pieces: &[Piece]| pieces.iter().map(|(full, ..)| full.as_str()).collect::<String>();
            let (first, last) = (form.first().expect("a piece"), form.last().expect("a piece"));
            let literal = |piece: &Piece| piece.2.clone().unwrap_or_default();
            let (must, can) = match name {
                "startsWith" => (
                    literal(first).starts_with(needle),
                    form.iter().enumerate().any(|(i, piece)| {
                        heads(piece).iter().any(|head| is_match(&(full(&form[..i]) + head), needle))
                    }),
                ),
                "endsWith" => (
                    literal(last).ends_with(needle),
                    form.iter().enumerate().any(|(i, piece)| {
                        tails(piece)
                            .iter()
                            .any(|tail| is_match(&(tail.clone() + &full(&form[i + 1..])), needle))
                    }),
                ),
                _ => (form.iter().any(|piece| literal(piece).contains(needle)), true),
            };
            match (must || needle.is_empty(), can) {
                (true, _) => V::Bool(true),
                (_, false) => V::Bool(false),
                _ => V::Unknown,
            }
        }
        _ => V::Unknown,
    }
}

/// A piece of what a reference gives: as a pattern, as a pattern of what stands inside it, and
/// the text itself where it is known.
type Piece = (String, String, Option<String>);

/// What references to the buckets and the key of the tests give.
fn form(target: &Target) -> Vec<Piece> {
    let literal = |text: &str| (regex::escape(text), String::new(), Some(text.to_owned()));
    let part = || ("[^:/]+".to_owned(), "[^:/]*".to_owned(), None);
    let any = || (".+".to_owned(), ".*".to_owned(), None);
    let made = || ("[^:/]*-[^:/]*".to_owned(), "[^:/]*".to_owned(), None);
    match (target.type_name.as_str(), target.attribute.as_str()) {
        ("AWS::KMS::Key", "") => vec![any()],
        ("AWS::KMS::Key", "Arn") => vec![
            literal("arn:"),
            part(),
            literal(":kms:"),
            part(),
            literal(":"),
            part(),
            literal(":key/"),
            any(),
        ],
        ("AWS::S3::Bucket", "") => vec![made()],
        ("AWS::S3::Bucket", "Arn") if target.id == "Named" => {
            vec![literal("arn:"), part(), literal(":s3:::ab")]
        }
        ("AWS::S3::Bucket", "Arn") => vec![literal("arn:"), part(), literal(":s3:::"), made()],
        other => panic!("no form of {other:?}"),
    }
}

fn heads((_, inside, literal): &Piece) -> Vec<String> {
    match literal {
        Some(text) => (1..=text.len()).map(|at| regex::escape(&text[..at])).collect(),
        None => vec![inside.clone()],
    }
}

fn tails((_, inside, literal): &Piece) -> Vec<String> {
    match literal {
        Some(text) => (0..text.len()).map(|at| regex::escape(&text[at..])).collect(),
        None => vec![inside.clone()],
    }
}

fn is_match(pattern: &str, text: &str) -> bool {
    regex::Regex::new(&format!("(?s)^{pattern}$")).expect("a pattern").is_match(text)
}

pub(crate) fn lower(value: V) -> V {
    let part = |part| match part {
        Part::Literal(text) => Part::Literal(text.to_ascii_lowercase()),
        _ => Part::Unknown,
    };
    match text(value) {
        V::Str(text) => V::Str(text.to_ascii_lowercase()),
        V::Text(parts) => V::Text(parts.into_iter().map(part).collect()),
        V::Reference(_) => V::Text(vec![Part::Unknown]),
        value @ (V::Absent | V::Null) => value,
        _ => V::Unknown,
    }
}

/// A sum of lists.
pub(crate) fn join(a: V, b: V, kind_a: Option<Kind>, kind_b: Option<Kind>) -> V {
    let (Some((a, open_a)), Some((b, open_b))) = (super::naive::elements(a), super::naive::elements(b))
    else {
        return V::Unknown;
    };
    let coerced = |items: Vec<V>, kind: Option<Kind>| -> Vec<V> {
        items.into_iter().map(|item| kind.map_or(item.clone(), |kind| coerce(item, kind))).collect()
    };
    let mut items = coerced(a, kind_a);
    items.extend(coerced(b, kind_b));
    V::List(items, open_a || open_b)
}

pub(crate) fn combine(operator: BinaryOperator, a: V, b: V) -> V {
    use BinaryOperator as B;
    let is_list = |v: &V| matches!(v, V::List(..));
    match (&a, &b) {
        (V::Unknown, _) | (_, V::Unknown) => V::Unknown,
        (V::Int(x), V::Int(y)) => match operator {
            B::Add => x.checked_add(*y),
            B::Subtract => x.checked_sub(*y),
            B::Multiply => x.checked_mul(*y),
            B::Divide => x.checked_div(*y),
            _ => x.checked_rem(*y),
        }
        .map_or(V::Unknown, V::Int),
        (V::Int(_) | V::Double(_), V::Int(_) | V::Double(_)) => {
            let (x, y) = (number(&a).expect("a number"), number(&b).expect("a number"));
            V::Double(match operator {
                B::Add => x + y,
                B::Subtract => x - y,
                B::Multiply => x * y,
                B::Divide => x / y,
                _ => x % y,
            })
        }
        (
            V::Str(_) | V::Text(_) | V::Reference(_) | V::Secret,
            V::Str(_) | V::Text(_) | V::Reference(_) | V::Secret,
        ) if operator == B::Add => concat(a, b),
        _ if operator == B::Add && (is_list(&a) || is_list(&b)) => join(a, b, None, None),
        _ => V::Unknown,
    }
}

fn concat(a: V, b: V) -> V {
    let parts = |value| match text(value) {
        V::Str(text) => vec![Part::Literal(text)],
        V::Text(parts) => parts,
        V::Reference(target) => vec![Part::Reference(target)],
        _ => vec![Part::Unknown],
    };
    let secret =
        (a == V::Secret && b == V::Str(String::new())) || (b == V::Secret && a == V::Str(String::new()));
    let mut all = parts(a);
    all.extend(parts(b));
    match normal(all) {
        V::Text(parts) => match parts.as_slice() {
            [Part::Reference(target)] => V::Reference(target.clone()),
            [Part::Unknown] if secret => V::Secret,
            _ => V::Text(parts),
        },
        other => other,
    }
}
