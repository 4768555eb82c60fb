//! Equality, order and coercion of values that may be absent, unknown or references.

use std::cmp::Ordering;
use std::collections::HashMap;

use sekisho_estate::{Node, Part, ReasonCode, Target, View};
use sekisho_facts::Kind;

use crate::form::Form;
use crate::frame::Frame;
use crate::value::Val;

/// The outcome of a comparison: decided, or the unknown value to give.
pub(crate) type Decided<'a> = Result<bool, Val<'a>>;

/// Whether two values are equal. Absent equals nothing.
pub(crate) fn equal<'a>(frame: &Frame<'_, 'a>, left: Val<'a>, right: Val<'a>) -> Decided<'a> {
    Ok(match (left, right) {
        (Val::Unknown(_), _) => return Err(left),
        (_, Val::Unknown(_)) => return Err(right),
        (Val::Absent, _) | (_, Val::Absent) => false,
        (Val::Null, Val::Null) => true,
        (Val::Bool(a), Val::Bool(b)) => a == b,
        (Val::Int(a), Val::Int(b)) => a == b,
        (Val::Str(a), Val::Str(b)) => a == b,
        (Val::Int(_) | Val::Double(_), Val::Int(_) | Val::Double(_)) => number(left) == number(right),
        (Val::Secret(_), _) | (_, Val::Secret(_)) => return Err(frame.unknown(ReasonCode::Secret, "value")),
        (Val::Reference(a), Val::Reference(b)) => return references(frame, a, b),
        (Val::Reference(a), other) | (other, Val::Reference(a)) => {
            match (text(frame, Val::Reference(a)), other) {
                (known @ Val::Str(_), _) => return equal(frame, known, other),
                (_, Val::Null) => false,
                // Names, ids and ARNs are never empty; what a custom resource gives can be.
                (_, Val::Str("")) if !is_custom(a.type_name()) => false,
                (_, Val::Str(text)) if Form::of(frame, a).is_some_and(|form| !form.can_be(text)) => false,
                (_, Val::Text(_)) => return Err(frame.unknown(ReasonCode::NotComparable, a.name())),
                // An attribute can be a number, a list or an object.
                _ => return Err(frame.unknown(ReasonCode::AttributeAtDeploy, a.name())),
            }
        }
        (Val::Text(text), Val::Str(b)) | (Val::Str(b), Val::Text(text)) => {
            if text.can_be(b) {
                return Err(frame.unknown(ReasonCode::AttributeAtDeploy, text.display()));
            }
            false
        }
        (Val::Text(a), Val::Text(b)) => {
            let known = |part: &Part| !matches!(part, Part::Secret(_) | Part::Unknown(_));
            if a.parts == b.parts && a.parts.iter().all(known) {
                true
            } else if !ends_agree(a.prefix(), b.prefix(), a.suffix(), b.suffix()) {
                false
            } else {
                return Err(frame.unknown(ReasonCode::NotComparable, a.display()));
            }
        }
        (Val::Resource(a), Val::Resource(b)) => a.id == b.id,
        (Val::Node(_) | Val::Items(..) | Val::Pairs(_), Val::Node(_) | Val::Items(..) | Val::Pairs(_)) => {
            return containers(frame, left, right);
        }
        _ => false,
    })
}

fn is_custom(type_name: &str) -> bool {
    type_name.starts_with("Custom::") || type_name == "AWS::CloudFormation::CustomResource"
}

fn ends_agree(prefix_a: &str, prefix_b: &str, suffix_a: &str, suffix_b: &str) -> bool {
    let prefixes = prefix_a.bytes().zip(prefix_b.bytes()).all(|(a, b)| a == b);
    let suffixes = suffix_a.bytes().rev().zip(suffix_b.bytes().rev()).all(|(a, b)| a == b);
    prefixes && suffixes
}

/// Two resources of one type never share a name or ARN; different attributes tell nothing.
fn references<'a>(frame: &Frame<'_, 'a>, a: Target<'a>, b: Target<'a>) -> Decided<'a> {
    if a == b {
        return Ok(true);
    }
    if let (Some(x), Some(y)) = (frame.reader.referenced_value(a), frame.reader.referenced_value(b)) {
        return Ok(x == y);
    }
    let same_resource = std::ptr::eq(a.stack, b.stack) && a.resource == b.resource;
    let identifying = a.attribute == b.attribute && (a.attribute.is_empty() || a.attribute == "Arn");
    if !same_resource && identifying && a.type_name() == b.type_name() {
        return Ok(false);
    }
    Err(frame.unknown(ReasonCode::NotComparable, a.name()))
}

fn containers<'a>(frame: &Frame<'_, 'a>, left: Val<'a>, right: Val<'a>) -> Decided<'a> {
    match (pairs(frame, left)?, pairs(frame, right)?) {
        (Some(a), Some(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            let b: HashMap<&str, Val<'a>> = b.into_iter().collect();
            all_equal(
                a.iter()
                    .map(|(key, value)| b.get(key).map_or(Ok(false), |other| equal(frame, *value, *other))),
            )
        }
        (None, None) => {
            let ((a, open_a), (b, open_b)) = (frame.elements(left)?, frame.elements(right)?);
            if let Some(why) = open_a.or(open_b) {
                return Err(Val::Unknown(why));
            }
            if a.len() != b.len() {
                return Ok(false);
            }
            frame.step(a.len())?;
            all_equal(a.iter().zip(b).map(|(x, y)| equal(frame, *x, *y)))
        }
        _ => Ok(false),
    }
}

fn all_equal<'a>(parts: impl Iterator<Item = Decided<'a>>) -> Decided<'a> {
    let mut unknown = None;
    for part in parts {
        match part {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(value) => unknown = unknown.or(Some(value)),
        }
    }
    unknown.map_or(Ok(true), Err)
}

type Pairs<'a> = Vec<(&'a str, Val<'a>)>;

/// The entries of a map, each key once; none for a list.
fn pairs<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Result<Option<Pairs<'a>>, Val<'a>> {
    match value {
        Val::Pairs(pairs) => {
            frame.step(pairs.len())?;
            let mut found: Pairs<'a> = Vec::with_capacity(pairs.len());
            for (key, value) in pairs.iter().filter(|(_, value)| !matches!(value, Val::Absent)) {
                match text(frame, *key) {
                    Val::Str(key) if found.iter().any(|(k, _)| *k == key) => {}
                    Val::Str(key) => found.push((key, *value)),
                    unknown @ Val::Unknown(_) => return Err(unknown),
                    _ => return Err(frame.unknown(ReasonCode::NotComparable, "key")),
                }
            }
            Ok(Some(found))
        }
        Val::Node(view) if !is_list(view) => {
            Ok(Some(frame.entries(view)?.into_iter().map(|(key, value)| (key, frame.read(value))).collect()))
        }
        _ => Ok(None),
    }
}

/// The order of two values. Absent has none.
pub(crate) fn order<'a>(frame: &Frame<'_, 'a>, left: Val<'a>, right: Val<'a>) -> Result<Ordering, Val<'a>> {
    match (left, right) {
        (Val::Unknown(_), _) => Err(left),
        (_, Val::Unknown(_)) => Err(right),
        (Val::Int(a), Val::Int(b)) => Ok(a.cmp(&b)),
        (Val::Str(a), Val::Str(b)) => Ok(a.cmp(b)),
        (Val::Int(_) | Val::Double(_), Val::Int(_) | Val::Double(_)) => number(left)
            .partial_cmp(&number(right))
            .ok_or_else(|| frame.unknown(ReasonCode::NotComparable, "number")),
        (Val::Absent, _) | (_, Val::Absent) => Err(frame.unknown(ReasonCode::AbsentOperand, "an operand")),
        (Val::Reference(target), other) | (other, Val::Reference(target)) => {
            let written = |value| if matches!(value, Val::Reference(_)) { text(frame, value) } else { value };
            match (written(left), written(right)) {
                (Val::Str(a), Val::Str(b)) => Ok(a.cmp(b)),
                (Val::Str(_), _) if !matches!(other, Val::Reference(_)) => {
                    Err(frame.unknown(ReasonCode::NotComparable, "value"))
                }
                _ => Err(frame.unknown(ReasonCode::AttributeAtDeploy, target.name())),
            }
        }
        (Val::Text(text), _) | (_, Val::Text(text)) => {
            Err(frame.unknown(ReasonCode::AttributeAtDeploy, text.display()))
        }
        (Val::Secret(_), _) | (_, Val::Secret(_)) => Err(frame.unknown(ReasonCode::Secret, "value")),
        _ => Err(frame.unknown(ReasonCode::NotComparable, "value")),
    }
}

fn number(value: Val<'_>) -> Option<f64> {
    match value {
        Val::Int(i) => Some(i as f64),
        Val::Double(d) => Some(d),
        _ => None,
    }
}

/// A value in the kind that the schema gives its place, as the service coerces it:
/// `"True"` where a boolean belongs, `"90"` where a number belongs, `90` where text belongs.
/// What the service would refuse is unknown.
#[inline]
pub(crate) fn coerce<'a>(frame: &Frame<'_, 'a>, value: Val<'a>, kind: Kind) -> Val<'a> {
    match (kind, value) {
        (Kind::Boolean, Val::Str(text)) => {
            if text.eq_ignore_ascii_case("true") {
                Val::Bool(true)
            } else if text.eq_ignore_ascii_case("false") {
                Val::Bool(false)
            } else {
                frame.unknown(ReasonCode::WrongShape, text)
            }
        }
        (Kind::Integer | Kind::Number, Val::Str(text)) => {
            let text = text.trim();
            if let Ok(int) = text.parse() {
                Val::Int(int)
            } else if let Some(double) = text.parse().ok().filter(|d: &f64| d.is_finite()) {
                Val::Double(double)
            } else {
                frame.unknown(ReasonCode::WrongShape, text)
            }
        }
        (Kind::Integer, Val::Double(d)) if d.fract() == 0.0 && d.abs() < 9e15 => Val::Int(d as i64),
        (Kind::String, Val::Int(_) | Val::Double(_) | Val::Bool(_)) => text(frame, value),
        // What a reference gives can be a number or boolean only where the template writes it.
        (Kind::Boolean | Kind::Integer | Kind::Number, Val::Reference(target)) => {
            match frame.reader.referenced_value(target) {
                Some(known) => coerce(frame, frame.convert(known), kind),
                None => frame.unknown(ReasonCode::AttributeAtDeploy, target.name()),
            }
        }
        (Kind::Boolean | Kind::Integer | Kind::Number, Val::Text(text)) => {
            frame.unknown(ReasonCode::AttributeAtDeploy, text.display())
        }
        (Kind::List, Val::Node(view)) if !is_list(view) => frame.unknown(ReasonCode::WrongShape, "list"),
        (Kind::Map | Kind::Object, Val::Node(view)) if is_list(view) => {
            frame.unknown(ReasonCode::WrongShape, "object")
        }
        (Kind::Map | Kind::Object, Val::Str(_) | Val::Text(_) | Val::Items(..)) => {
            frame.unknown(ReasonCode::WrongShape, "object")
        }
        (Kind::Map | Kind::Object, Val::Reference(_)) if matches!(text(frame, value), Val::Str(_)) => {
            frame.unknown(ReasonCode::WrongShape, "object")
        }
        _ => value,
    }
}

fn is_list(view: View<'_>) -> bool {
    matches!(view.stack.tree.node(view.node), Node::List(_))
}

/// A scalar as text.
pub(crate) fn text<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Val<'a> {
    match value {
        Val::Int(i) => Val::Str(frame.bump().alloc_str(&i.to_string())),
        // 8.0 stays "8.0": it may be a version.
        Val::Double(d) if d.fract() == 0.0 && d.abs() < 1e7 => {
            Val::Str(frame.bump().alloc_str(&format!("{d:.1}")))
        }
        Val::Double(d) => Val::Str(frame.bump().alloc_str(&d.to_string())),
        Val::Bool(b) => Val::Str(if b { "true" } else { "false" }),
        Val::Reference(target) => match frame.reader.referenced_value(target) {
            Some(known) => text(frame, frame.convert(known)),
            None => value,
        },
        other => other,
    }
}

/// A dotted version compared number by number; what is not a number ends the comparison as unknown.
pub(crate) fn version_at_least<'a>(frame: &Frame<'_, 'a>, value: Val<'a>, least: Val<'a>) -> Decided<'a> {
    let (value, least) = (text(frame, value), text(frame, least));
    let (Val::Str(version), Val::Str(least)) = (value, least) else {
        return Err(match (value, least) {
            (unknown @ Val::Unknown(_), _) | (Val::Str(_), unknown @ Val::Unknown(_)) => unknown,
            (Val::Absent, _) | (Val::Str(_), Val::Absent) => {
                frame.unknown(ReasonCode::AbsentOperand, "version")
            }
            _ => frame.unknown(ReasonCode::NotComparable, "version"),
        });
    };
    let mut ours = version.split(['.', '-', '_']);
    for wanted in least.split('.') {
        let Ok(wanted) = wanted.parse::<u64>() else {
            return Err(frame.unknown(ReasonCode::NotComparable, least));
        };
        let Some(piece) = ours.next() else {
            // "8" may be 8.0 or 8.4: the least version is longer than what is written.
            if wanted == 0 {
                continue;
            }
            return Err(frame.unknown(ReasonCode::NotComparable, version));
        };
        let Ok(piece) = piece.parse::<u64>() else {
            return Err(frame.unknown(ReasonCode::NotComparable, version));
        };
        match piece.cmp(&wanted) {
            Ordering::Greater => return Ok(true),
            Ordering::Less => return Ok(false),
            Ordering::Equal => {}
        }
    }
    Ok(true)
}
