//! Sums of numbers, texts and lists.

use sekisho_estate::{Part, ReasonCode, Text};

use super::operators::{Operands, coercion};
use super::{Compiled, Compiler, Result, code};
use crate::compare::{coerce, text};
use crate::frame::{Frame, STEP_BYTES};
use crate::syntax::{BinaryOperator, Expression, ExpressionError};
use crate::types::Type;
use crate::value::Val;

impl<'x> Compiler<'x> {
    pub(super) fn negate(&mut self, operand: &'x Expression) -> Result<Compiled> {
        let span = operand.span;
        let operand = self.expression(operand)?;
        if !Type::Int.comparable(&operand.kind) {
            return Err(ExpressionError::new(span, format!("- needs a number, not {}", operand.kind)));
        }
        let coerced = coercion(&operand.kind, &Type::Double);
        let inner = operand.code;
        let code = code(move |frame| {
            let value = inner(frame);
            match coerced.map_or(value, |kind| coerce(frame, value, kind)) {
                Val::Int(i) => {
                    i.checked_neg().map_or_else(|| frame.unknown(ReasonCode::WrongShape, "number"), Val::Int)
                }
                Val::Double(d) => Val::Double(-d),
                other => no_number(frame, other),
            }
        });
        let kind = if coerced.is_some() { Type::Double } else { operand.kind };
        Ok(Compiled { code, kind })
    }

    pub(super) fn arithmetic(
        &mut self,
        operator: BinaryOperator,
        left: &'x Expression,
        right: &'x Expression,
    ) -> Result<Compiled> {
        let (a, b) = (self.expression(left)?, self.expression(right)?);
        let adds = operator == BinaryOperator::Add;
        let lists = adds && (a.kind.is_list() || b.kind.is_list());
        let fits =
            |kind: &Type| lists || Type::Int.comparable(kind) || (adds && Type::String.comparable(kind));
        if !a.kind.comparable(&b.kind) || !fits(&a.kind) || !fits(&b.kind) {
            let message = format!("{} and {} cannot be combined so", a.kind, b.kind);
            return Err(ExpressionError::new(left.span.to(right.span), message));
        }
        if lists {
            let element = match (a.kind.element(), b.kind.element()) {
                (Some(a), Some(b)) => a.either(&b),
                _ => Type::Any,
            };
            let coerced = (item_kind(&a.kind), item_kind(&b.kind));
            let (a, b) = (a.code, b.code);
            let code = code(move |frame| join(frame, a(frame), b(frame), coerced));
            return Ok(Compiled { code, kind: Type::List(Box::new(element)) });
        }
        let kind = match (&a.kind, &b.kind) {
            (Type::Int, Type::Int) => Type::Int,
            (Type::String, _) | (_, Type::String) => Type::String,
            (Type::Int | Type::Double, _) | (_, Type::Int | Type::Double) => Type::Double,
            _ => Type::Any,
        };
        let operands = Operands::new(a, b);
        let code = code(move |frame| {
            let (x, y) = operands.read(frame);
            combine(frame, operator, x, y)
        });
        Ok(Compiled { code, kind })
    }
}

/// The kind that the schema gives the elements of a list.
pub(super) fn item_kind(list: &Type) -> Option<sekisho_facts::Kind> {
    if matches!(list, Type::Shape(..)) { list.element()?.scalar() } else { None }
}

fn combine<'a>(frame: &Frame<'_, 'a>, operator: BinaryOperator, left: Val<'a>, right: Val<'a>) -> Val<'a> {
    use BinaryOperator as B;
    match (left, right) {
        (Val::Unknown(_), _) => left,
        (_, Val::Unknown(_)) => right,
        (Val::Int(a), Val::Int(b)) => match operator {
            B::Add => a.checked_add(b),
            B::Subtract => a.checked_sub(b),
            B::Multiply => a.checked_mul(b),
            B::Divide => a.checked_div(b),
            _ => a.checked_rem(b),
        }
        .map_or_else(|| frame.unknown(ReasonCode::WrongShape, "number"), Val::Int),
        (Val::Int(_) | Val::Double(_), Val::Int(_) | Val::Double(_)) => {
            let number = |value| match value {
                Val::Int(i) => i as f64,
                Val::Double(d) => d,
                _ => f64::NAN,
            };
            let (a, b) = (number(left), number(right));
            Val::Double(match operator {
                B::Add => a + b,
                B::Subtract => a - b,
                B::Multiply => a * b,
                B::Divide => a / b,
                _ => a % b,
            })
        }
        (Val::Absent, other) | (other, Val::Absent) if !is_list(other) => no_number(frame, Val::Absent),
        (a, b) if operator == B::Add && is_text(a) && is_text(b) => concat(frame, a, b),
        (a, b) if operator == B::Add && (is_list(a) || is_list(b)) => join(frame, a, b, (None, None)),
        (Val::Int(_) | Val::Double(_), other) | (other, _) => no_number(frame, other),
    }
}

fn is_text(value: Val<'_>) -> bool {
    matches!(value, Val::Str(_) | Val::Text(_) | Val::Reference(_) | Val::Secret(_))
}

fn is_list(value: Val<'_>) -> bool {
    match value {
        Val::Items(..) => true,
        Val::Node(view) => matches!(view.stack.tree.node(view.node), sekisho_estate::Node::List(_)),
        _ => false,
    }
}

/// What a value that is no number gives instead of a sum.
fn no_number<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Val<'a> {
    match value {
        Val::Unknown(_) => value,
        Val::Absent => frame.unknown(ReasonCode::AbsentOperand, "an operand"),
        Val::Reference(target) => frame.unknown(ReasonCode::AttributeAtDeploy, target.name()),
        Val::Text(text) => frame.unknown(ReasonCode::AttributeAtDeploy, text.display()),
        Val::Secret(_) => frame.unknown(ReasonCode::Secret, "value"),
        _ => frame.unknown(ReasonCode::WrongShape, "number"),
    }
}

/// One text after the other.
fn concat<'a>(frame: &Frame<'_, 'a>, left: Val<'a>, right: Val<'a>) -> Val<'a> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    let mut literal = String::new();
    for side in [text(frame, left), text(frame, right)] {
        let own = match side {
            Val::Str(text) => &[Part::Literal(text)],
            Val::Reference(target) => &[Part::Reference(target)],
            Val::Secret(view) => &[Part::Secret(view)],
            Val::Text(text) => text.parts,
            _ => continue,
        };
        for part in own {
            if let Part::Literal(text) = part {
                literal.push_str(text);
            } else {
                if !literal.is_empty() {
                    parts.push(Part::Literal(frame.bump().alloc_str(&std::mem::take(&mut literal))));
                }
                parts.push(*part);
            }
        }
        if let Err(limit) = frame.step(literal.len() / STEP_BYTES + own.len()) {
            return limit;
        }
    }
    if parts.is_empty() {
        return Val::Str(frame.bump().alloc_str(&literal));
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(frame.bump().alloc_str(&literal)));
    }
    match parts.as_slice() {
        [Part::Reference(target)] => Val::Reference(*target),
        [Part::Secret(view)] => Val::Secret(*view),
        parts => Val::Text(frame.bump().alloc(Text { parts: frame.bump().alloc_slice_copy(parts) })),
    }
}

/// One list after the other; what is not written is empty.
fn join<'a>(
    frame: &Frame<'_, 'a>,
    left: Val<'a>,
    right: Val<'a>,
    coerced: (Option<sekisho_facts::Kind>, Option<sekisho_facts::Kind>),
) -> Val<'a> {
    let ((a, open_a), (b, open_b)) = match (frame.elements(left), frame.elements(right)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(unknown), _) | (_, Err(unknown)) => return unknown,
    };
    if let Err(limit) = frame.step(a.len() + b.len()) {
        return limit;
    }
    let mut items = bumpalo::collections::Vec::with_capacity_in(a.len() + b.len(), frame.bump());
    for (part, kind) in [(a, coerced.0), (b, coerced.1)] {
        items.extend(part.iter().map(|item| kind.map_or(*item, |kind| coerce(frame, *item, kind))));
    }
    Val::Items(items.into_bump_slice(), open_a.or(open_b))
}
