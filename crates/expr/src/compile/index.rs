//! Indices: elements of lists, members of maps by a computed name.

use sekisho_estate::{ReasonCode, key_hash};
use sekisho_facts::Kind;

use super::defaults::is_default;
use super::members::{members_of, not_read, pair};
use super::{Compiled, Compiler, Reading, Result, code};
use crate::compare::{coerce, text};
use crate::frame::{Frame, Seen};
use crate::syntax::{Expression, ExpressionError, ExpressionKind, Literal};
use crate::types::Type;
use crate::value::Val;

impl<'x> Compiler<'x> {
    pub(super) fn index(
        &mut self,
        holder: &'x Expression,
        index: &'x Expression,
        reading: Reading,
    ) -> Result<Compiled> {
        if let ExpressionKind::Literal(Literal::String(name)) = &index.kind {
            return self.member(holder, name, index.span, reading);
        }
        let range = self.part(holder, reading)?;
        let Some(element) = range.kind.element() else {
            let message = format!("{} has no elements", range.kind);
            return Err(ExpressionError::new(holder.span, message));
        };
        let at = self.expression(index)?;
        let listed = match &range.kind {
            Type::Any => None,
            Type::Shape(shape, _) if shape.kind() == Kind::Any => None,
            kind => Some(kind.is_list()),
        };
        let (wanted, name) =
            if listed == Some(false) { (Type::String, "a text") } else { (Type::Int, "a whole number") };
        let fits = match listed {
            None => Type::Int.comparable(&at.kind) || Type::String.comparable(&at.kind),
            Some(_) => wanted.comparable(&at.kind),
        };
        if !fits {
            return Err(ExpressionError::new(index.span, format!("expected {name}, not {}", at.kind)));
        }
        let kind = match &range.kind {
            Type::Shape(shape, path) if shape.kind() == Kind::Map => {
                shape.item().map_or(Type::Any, |item| Type::of(item, path.step("*")))
            }
            kind if kind.is_list() => element,
            _ => Type::Any,
        };
        let coerced = if matches!(range.kind, Type::Shape(..)) { kind.scalar() } else { None };
        let (range, at) = (range.code, at.code);
        let code = code(move |frame| {
            let (range, at) = (range(frame), at(frame));
            let value = match (range, at) {
                (Val::Unknown(_) | Val::Absent, _) => return range,
                (_, Val::Unknown(_)) => return at,
                (_, Val::Absent) => return frame.unknown(ReasonCode::AbsentOperand, "an index"),
                (_, Val::Int(i)) if !keyed(frame, range) => match frame.elements(range) {
                    // Which element stands where is not known of a list that may have more.
                    Ok((_, Some(why))) => Val::Unknown(why),
                    Ok((items, None)) => {
                        usize::try_from(i).ok().and_then(|i| items.get(i)).copied().unwrap_or(Val::Absent)
                    }
                    Err(value) => value,
                },
                _ => match text(frame, at) {
                    Val::Str(name) => member(frame, range, name),
                    _ => frame.unknown(ReasonCode::WrongShape, "index"),
                },
            };
            coerced.map_or(value, |kind| coerce(frame, value, kind))
        });
        Ok(Compiled { code, kind })
    }
}

/// Whether members have names here, not numbers.
fn keyed<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> bool {
    matches!(value, Val::Pairs(_)) || members_of(frame, value).is_some()
}

fn member<'a>(frame: &Frame<'_, 'a>, holder: Val<'a>, name: &'a str) -> Val<'a> {
    let view = match members_of(frame, holder) {
        Some(Ok(view)) => view,
        Some(Err(unknown)) => return unknown,
        None => {
            return match holder {
                Val::Pairs(pairs) => pair(pairs, name).unwrap_or(Val::Absent),
                other => not_read(frame, other, name),
            };
        }
    };
    let node = view.stack.tree.get_hashed(view.node, name, key_hash(name.as_bytes()));
    let value = node.map_or(Val::Absent, |node| frame.read(view.at(node)));
    if frame.notes() && !is_default(view) {
        frame.see(|| match (node, value) {
            (Some(node), value) if !matches!(value, Val::Absent) => Seen::Value(view.at(node), value),
            _ => Seen::Absent(view, name),
        });
    }
    value
}
