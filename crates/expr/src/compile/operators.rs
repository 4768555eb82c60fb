//! Operators, with three truth values.

use std::cmp::Ordering;

use sekisho_estate::{Part, ReasonCode, Text};
use sekisho_facts::Kind;

use super::{Code, Compiled, Compiler, Result, code};
use crate::compare::{coerce, equal, order};
use crate::frame::Frame;
use crate::syntax::{BinaryOperator, Expression, ExpressionError};
use crate::types::Type;
use crate::value::Val;

impl<'x> Compiler<'x> {
    pub(super) fn not(&mut self, operand: &'x Expression) -> Result<Compiled> {
        let operand = self.truth(operand)?;
        let code = code(move |frame| match truth(frame, operand(frame)) {
            Ok(b) => Val::Bool(!b),
            Err(unknown) => unknown,
        });
        Ok(Compiled { code, kind: Type::Bool })
    }

    pub(super) fn negate(&mut self, operand: &'x Expression) -> Result<Compiled> {
        let span = operand.span;
        let operand = self.expression(operand)?;
        if !Type::Int.comparable(&operand.kind) {
            return Err(ExpressionError::new(
                span,
                format!("- needs a number, not a {}", operand.kind.name()),
            ));
        }
        let inner = operand.code;
        let code = code(move |frame| match inner(frame) {
            Val::Int(i) => {
                i.checked_neg().map_or_else(|| frame.unknown(ReasonCode::WrongShape, "number"), Val::Int)
            }
            Val::Double(d) => Val::Double(-d),
            unknown @ Val::Unknown(_) => unknown,
            Val::Absent => frame.unknown(ReasonCode::AbsentOperand, "an operand"),
            _ => frame.unknown(ReasonCode::WrongShape, "number"),
        });
        Ok(Compiled { code, kind: operand.kind })
    }

    /// Compiles a part that must be true or false.
    pub(super) fn truth(&mut self, e: &'x Expression) -> Result<Code> {
        let compiled = self.expression(e)?;
        if Type::Bool.comparable(&compiled.kind) {
            Ok(compiled.code)
        } else {
            Err(ExpressionError::new(
                e.span,
                format!("expected true or false, not a {}", compiled.kind.name()),
            ))
        }
    }

    pub(super) fn conditional(
        &mut self,
        condition: &'x Expression,
        then: &'x Expression,
        otherwise: &'x Expression,
    ) -> Result<Compiled> {
        let condition = self.truth(condition)?;
        let (then, otherwise) = (self.expression(then)?, self.expression(otherwise)?);
        let kind = if then.kind.name() == otherwise.kind.name() { then.kind } else { Type::Any };
        let (then, otherwise) = (then.code, otherwise.code);
        let code = code(move |frame| match truth(frame, condition(frame)) {
            Ok(true) => then(frame),
            Ok(false) => otherwise(frame),
            Err(unknown) => unknown,
        });
        Ok(Compiled { code, kind })
    }

    pub(super) fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &'x Expression,
        right: &'x Expression,
    ) -> Result<Compiled> {
        use BinaryOperator as B;
        match operator {
            B::And => self.logic(left, right, false),
            B::Or => self.logic(left, right, true),
            B::Equal => self.equality(left, right, true),
            B::NotEqual => self.equality(left, right, false),
            B::Less => self.ordering(left, right, |o| o == Ordering::Less),
            B::LessOrEqual => self.ordering(left, right, |o| o != Ordering::Greater),
            B::Greater => self.ordering(left, right, |o| o == Ordering::Greater),
            B::GreaterOrEqual => self.ordering(left, right, |o| o != Ordering::Less),
            B::In => self.inside(left, right),
            B::Add | B::Subtract | B::Multiply | B::Divide | B::Remainder => {
                self.arithmetic(operator, left, right)
            }
        }
    }

    /// `&&` and `||`: the side that decides absorbs an unknown on the other, and is the only evidence.
    fn logic(&mut self, left: &'x Expression, right: &'x Expression, decisive: bool) -> Result<Compiled> {
        let (left, right) = (self.truth(left)?, self.truth(right)?);
        let code = code(move |frame| {
            let start = frame.mark();
            let first = truth(frame, left(frame));
            if first.as_ref().is_ok_and(|b| *b == decisive) {
                return Val::Bool(decisive);
            }
            let middle = frame.mark();
            let second = truth(frame, right(frame));
            match (first, second) {
                (_, Ok(b)) if b == decisive => {
                    frame.forget(start, middle);
                    Val::Bool(decisive)
                }
                (Ok(_), Ok(_)) => Val::Bool(!decisive),
                (Err(unknown), Ok(_)) => {
                    frame.forget(middle, frame.mark());
                    unknown
                }
                (Ok(_), Err(unknown)) => {
                    frame.forget(start, middle);
                    unknown
                }
                (Err(unknown), Err(_)) => unknown,
            }
        });
        Ok(Compiled { code, kind: Type::Bool })
    }

    fn equality(&mut self, left: &'x Expression, right: &'x Expression, wanted: bool) -> Result<Compiled> {
        let (a, b) = (self.expression(left)?, self.expression(right)?);
        if !a.kind.comparable(&b.kind) {
            let message = format!("a {} is never equal to a {}", a.kind.name(), b.kind.name());
            return Err(ExpressionError::new(left.span.to(right.span), message));
        }
        // A place without a schema takes the kind of what it is compared with.
        let (coerce_a, coerce_b) = (coercion(&a.kind, &b.kind), coercion(&b.kind, &a.kind));
        let (a, b) = (a.code, b.code);
        let code = code(move |frame| {
            let (mut x, mut y) = (a(frame), b(frame));
            if let Some(kind) = coerce_a {
                x = coerce(frame, x, kind);
            }
            if let Some(kind) = coerce_b {
                y = coerce(frame, y, kind);
            }
            match equal(frame, x, y) {
                Ok(is) => Val::Bool(is == wanted),
                Err(unknown) => unknown,
            }
        });
        Ok(Compiled { code, kind: Type::Bool })
    }

    fn ordering(
        &mut self,
        left: &'x Expression,
        right: &'x Expression,
        holds: impl Fn(Ordering) -> bool + Send + Sync + 'static,
    ) -> Result<Compiled> {
        let (a, b) = (self.expression(left)?, self.expression(right)?);
        let ordered = |kind: &Type| Type::Int.comparable(kind) || Type::String.comparable(kind);
        if !a.kind.comparable(&b.kind) || !ordered(&a.kind) || !ordered(&b.kind) {
            let message = format!("a {} and a {} have no order", a.kind.name(), b.kind.name());
            return Err(ExpressionError::new(left.span.to(right.span), message));
        }
        let (coerce_a, coerce_b) = (coercion(&a.kind, &b.kind), coercion(&b.kind, &a.kind));
        let (a, b) = (a.code, b.code);
        let code = code(move |frame| {
            let (mut x, mut y) = (a(frame), b(frame));
            if let Some(kind) = coerce_a {
                x = coerce(frame, x, kind);
            }
            if let Some(kind) = coerce_b {
                y = coerce(frame, y, kind);
            }
            match order(frame, x, y) {
                Ok(order) => Val::Bool(holds(order)),
                Err(unknown) => unknown,
            }
        });
        Ok(Compiled { code, kind: Type::Bool })
    }

    fn inside(&mut self, left: &'x Expression, right: &'x Expression) -> Result<Compiled> {
        let (a, b) = (self.expression(left)?, self.expression(right)?);
        let Some(element) = b.kind.element() else {
            return Err(ExpressionError::new(right.span, format!("a {} has no elements", b.kind.name())));
        };
        if !a.kind.comparable(&element) {
            let message = format!("a {} is never in a list of {}", a.kind.name(), element.name());
            return Err(ExpressionError::new(left.span.to(right.span), message));
        }
        let coerce_a = coercion(&a.kind, &element);
        let (a, b) = (a.code, b.code);
        let code = code(move |frame| {
            let mut needle = a(frame);
            if let Some(kind) = coerce_a {
                needle = coerce(frame, needle, kind);
            }
            let (items, open) = match frame.elements(b(frame)) {
                Ok(found) => found,
                Err(unknown) => return unknown,
            };
            let mut unknown = open.map(Val::Unknown);
            for item in items {
                match equal(frame, needle, *item) {
                    Ok(true) => return Val::Bool(true),
                    Ok(false) => {}
                    Err(value) => unknown = unknown.or(Some(value)),
                }
            }
            unknown.unwrap_or(Val::Bool(false))
        });
        Ok(Compiled { code, kind: Type::Bool })
    }

    fn arithmetic(
        &mut self,
        operator: BinaryOperator,
        left: &'x Expression,
        right: &'x Expression,
    ) -> Result<Compiled> {
        let (a, b) = (self.expression(left)?, self.expression(right)?);
        let span = left.span.to(right.span);
        let list = matches!(a.kind.element(), Some(_)) && !matches!(a.kind, Type::Any);
        let fits = |kind: &Type| {
            Type::Int.comparable(kind)
                || (operator == BinaryOperator::Add && (Type::String.comparable(kind) || list))
        };
        if !a.kind.comparable(&b.kind) || !fits(&a.kind) || !fits(&b.kind) {
            let message = format!("a {} and a {} cannot be combined so", a.kind.name(), b.kind.name());
            return Err(ExpressionError::new(span, message));
        }
        let kind = match (&a.kind, &b.kind) {
            (Type::Double, _) | (_, Type::Double) => Type::Double,
            (Type::Any, other) => other.clone(),
            (known, _) => known.clone(),
        };
        let (a, b) = (a.code, b.code);
        let code = code(move |frame| combine(frame, operator, a(frame), b(frame)));
        Ok(Compiled { code, kind })
    }
}

/// A value as true or false, or the unknown to give instead.
pub(super) fn truth<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> std::result::Result<bool, Val<'a>> {
    match value {
        Val::Bool(b) => Ok(b),
        unknown @ Val::Unknown(_) => Err(unknown),
        Val::Absent => Err(frame.unknown(ReasonCode::AbsentOperand, "an operand")),
        other => match coerce(frame, other, Kind::Boolean) {
            Val::Bool(b) => Ok(b),
            unknown @ Val::Unknown(_) => Err(unknown),
            _ => Err(frame.unknown(ReasonCode::WrongShape, "boolean")),
        },
    }
}

/// The kind that a side without a schema takes from the other side.
fn coercion(of: &Type, other: &Type) -> Option<Kind> {
    let open = match of {
        Type::Any => true,
        Type::Shape(shape, _) => shape.kind() == Kind::Any,
        _ => false,
    };
    if !open {
        return None;
    }
    match other {
        Type::Bool => Some(Kind::Boolean),
        Type::Int | Type::Double => Some(Kind::Number),
        Type::String => Some(Kind::String),
        _ => None,
    }
}

fn combine<'a>(frame: &Frame<'_, 'a>, operator: BinaryOperator, left: Val<'a>, right: Val<'a>) -> Val<'a> {
    use BinaryOperator as B;
    let overflow = || frame.unknown(ReasonCode::WrongShape, "number");
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
        .map_or_else(overflow, Val::Int),
        (Val::Int(_) | Val::Double(_), Val::Int(_) | Val::Double(_)) => {
            let number = |v| {
                if let Val::Int(i) = v {
                    i as f64
                } else if let Val::Double(d) = v {
                    d
                } else {
                    0.0
                }
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
        (Val::Str(a), Val::Str(b)) if operator == B::Add => {
            Val::Str(frame.bump().alloc_str(&[a, b].concat()))
        }
        (Val::Str(_) | Val::Text(_) | Val::Reference(_), Val::Str(_) | Val::Text(_) | Val::Reference(_))
            if operator == B::Add =>
        {
            let mut parts: Vec<Part<'a>> = Vec::new();
            for side in [left, right] {
                match side {
                    Val::Str(text) => parts.push(Part::Literal(text)),
                    Val::Text(text) => parts.extend_from_slice(text.parts),
                    Val::Reference(target) => parts.push(Part::Reference(target)),
                    _ => {}
                }
            }
            Val::Text(frame.bump().alloc(Text { parts: frame.bump().alloc_slice_copy(&parts) }))
        }
        (Val::Absent, Val::Int(_) | Val::Double(_) | Val::Str(_))
        | (Val::Int(_) | Val::Double(_) | Val::Str(_), Val::Absent) => {
            frame.unknown(ReasonCode::AbsentOperand, "an operand")
        }
        _ if operator == B::Add => match (frame.elements(left), frame.elements(right)) {
            (Ok((a, open_a)), Ok((b, open_b))) => {
                let items =
                    frame.bump().alloc_slice_fill_iter(a.iter().chain(b).copied().collect::<Vec<_>>());
                Val::Items(items, open_a.or(open_b))
            }
            (Err(unknown), _) | (_, Err(unknown)) => unknown,
        },
        _ => frame.unknown(ReasonCode::WrongShape, "number"),
    }
}
