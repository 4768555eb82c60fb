//! Operators, with three truth values.

use std::cmp::Ordering;

use sekisho_estate::ReasonCode;
use sekisho_facts::Kind;

use super::arithmetic::item_kind;
use super::{Code, Compiled, Compiler, Result, code};
use crate::compare::{coerce, equal, order};
use crate::frame::Frame;
use crate::syntax::{BinaryOperator, Expression, ExpressionError, ExpressionKind};
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

    /// Compiles a part that must be true or false.
    pub(super) fn truth(&mut self, e: &'x Expression) -> Result<Code> {
        let compiled = self.expression(e)?;
        if Type::Bool.comparable(&compiled.kind) {
            Ok(compiled.code)
        } else {
            Err(ExpressionError::new(e.span, format!("expected true or false, not {}", compiled.kind)))
        }
    }

    pub(super) fn conditional(
        &mut self,
        condition: &'x Expression,
        then: &'x Expression,
        otherwise: &'x Expression,
    ) -> Result<Compiled> {
        let decided = self.decided(condition)?;
        let condition = self.truth(condition)?;
        if let Some(is) = decided {
            let Compiled { code: taken, kind } = self.expression(if is { then } else { otherwise })?;
            if !self.traced {
                return Ok(Compiled { code: taken, kind });
            }
            let code = code(move |frame| {
                condition(frame);
                taken(frame)
            });
            return Ok(Compiled { code, kind });
        }
        let (then, otherwise) = (self.expression(then)?, self.expression(otherwise)?);
        let kind = then.kind.either(&otherwise.kind);
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
        // A side that this type decides without deciding the whole leaves the other.
        let (of_left, of_right) = (self.decided(left)?, self.decided(right)?);
        if of_left.is_some() || of_right.is_some() {
            let (known, open) = if of_left.is_some() { (left, right) } else { (right, left) };
            let known = self.truth(known)?;
            let open = self.truth(open)?;
            let traced = self.traced;
            let code = code(move |frame| {
                if traced {
                    known(frame);
                }
                truth(frame, open(frame)).map_or_else(|unknown| unknown, Val::Bool)
            });
            return Ok(Compiled { code, kind: Type::Bool });
        }
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
            let message = format!("{} is never equal to {}", a.kind, b.kind);
            return Err(ExpressionError::new(left.span.to(right.span), message));
        }
        let operands = Operands::new(a, b);
        let code = code(move |frame| {
            let (x, y) = operands.read(frame);
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
            let message = format!("{} and {} have no order", a.kind, b.kind);
            return Err(ExpressionError::new(left.span.to(right.span), message));
        }
        let operands = Operands::new(a, b);
        let code = code(move |frame| {
            let (x, y) = operands.read(frame);
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
            return Err(ExpressionError::new(right.span, format!("{} has no elements", b.kind)));
        };
        if !a.kind.comparable(&element) {
            let message = format!("{} is never in this list, whose elements are each {element}", a.kind);
            return Err(ExpressionError::new(left.span.to(right.span), message));
        }
        let coerce_a = coercion(&a.kind, &element);
        // What is written here is what it is.
        let written = matches!(right.kind, ExpressionKind::List(_) | ExpressionKind::Map(_));
        let coerce_item =
            if written { None } else { item_kind(&b.kind).or_else(|| coercion(&element, &a.kind)) };
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
            if let Err(limit) = frame.step(items.len()) {
                return limit;
            }
            let mut unknown = open.map(Val::Unknown);
            for item in items {
                let item = coerce_item.map_or(*item, |kind| coerce(frame, *item, kind));
                match equal(frame, needle, item) {
                    Ok(true) => return Val::Bool(true),
                    Ok(false) => {}
                    Err(value) => unknown = unknown.or(Some(value)),
                }
            }
            unknown.unwrap_or(Val::Bool(false))
        });
        Ok(Compiled { code, kind: Type::Bool })
    }
}

/// Two operands, of which a place without a schema takes the kind of the other side.
pub(super) struct Operands {
    left: Code,
    right: Code,
    kinds: (Option<Kind>, Option<Kind>),
}

impl Operands {
    pub(super) fn new(left: Compiled, right: Compiled) -> Self {
        let kinds = (coercion(&left.kind, &right.kind), coercion(&right.kind, &left.kind));
        Self { left: left.code, right: right.code, kinds }
    }

    /// Both values in the current world, the left one first.
    #[inline]
    pub(super) fn read<'a>(&self, frame: &Frame<'_, 'a>) -> (Val<'a>, Val<'a>) {
        let (left, right) = ((self.left)(frame), (self.right)(frame));
        let kind = |value, kind: Option<Kind>| kind.map_or(value, |kind| coerce(frame, value, kind));
        (kind(left, self.kinds.0), kind(right, self.kinds.1))
    }
}

/// A value as true or false, or the unknown to give instead.
pub(crate) fn truth<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> std::result::Result<bool, Val<'a>> {
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
pub(super) fn coercion(of: &Type, other: &Type) -> Option<Kind> {
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
