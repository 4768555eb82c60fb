//! `all`, `exists`, `exists_one`, `filter`, `map`.

use sekisho_estate::Why;
use sekisho_facts::Kind;

use super::operators::truth;
use super::{Code, Compiled, Compiler, Result, code};
use crate::compare::coerce;
use crate::frame::{Frame, Seen};
use crate::syntax::{Expression, ExpressionError, Macro};
use crate::types::Type;
use crate::value::Val;

/// What a macro runs over, for what, and where its variable lies.
struct Loop {
    over: Code,
    body: Code,
    slot: usize,
    /// The kind that the schema gives the elements.
    coerced: Option<Kind>,
}

impl<'x> Compiler<'x> {
    pub(super) fn fold(
        &mut self,
        kind: Macro,
        range: &'x Expression,
        variable: &'x str,
        body: &'x Expression,
    ) -> Result<Compiled> {
        let over = self.expression(range)?;
        let Some(element) = over.kind.element() else {
            let message = format!("{} has no elements", over.kind);
            return Err(ExpressionError::new(range.span, message));
        };
        let slot = self.bind(variable, element.clone(), body.span)?;
        let inner = if kind == Macro::Map {
            self.expression(body)
        } else {
            self.truth(body).map(|code| Compiled { code, kind: Type::Bool })
        };
        self.variables.pop();
        let inner = inner?;
        let result = match kind {
            Macro::All | Macro::Exists | Macro::ExistsOne => Type::Bool,
            Macro::Filter => Type::List(Box::new(element.clone())),
            Macro::Map => Type::List(Box::new(inner.kind)),
        };
        // The elements of a computed list were coerced when they were read.
        let coerced = if matches!(over.kind, Type::Shape(..)) { element.scalar() } else { None };
        let each = Loop { over: over.code, body: inner.code, slot, coerced };
        let code = match kind {
            Macro::All => code(move |frame| each.until(frame, false)),
            Macro::Exists => code(move |frame| each.until(frame, true)),
            Macro::ExistsOne => code(move |frame| each.one(frame)),
            Macro::Filter => code(move |frame| each.collect(frame, true)),
            Macro::Map => code(move |frame| each.collect(frame, false)),
        };
        Ok(Compiled { code, kind: result })
    }
}

impl Loop {
    /// The body for one element, which becomes the value of the variable.
    #[inline]
    fn at<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        item: Val<'a>,
    ) -> std::result::Result<(Val<'a>, Val<'a>), Val<'a>> {
        frame.step(1)?;
        let item = self.coerced.map_or(item, |kind| coerce(frame, item, kind));
        frame.variables[self.slot].set(item);
        Ok((item, (self.body)(frame)))
    }

    /// `exists` (decisive is true) and `all` (decisive is false).
    fn until<'a>(&self, frame: &Frame<'_, 'a>, decisive: bool) -> Val<'a> {
        let start = frame.mark();
        let (items, open) = match frame.elements((self.over)(frame)) {
            Ok(found) => found,
            Err(unknown) => return unknown,
        };
        let begun = frame.mark();
        let mut unknown: Option<Val<'_>> = open.map(Val::Unknown);
        let mut decided = false;
        for item in items {
            let before = frame.mark();
            match self.at(frame, *item).and_then(|(_, value)| truth(frame, value)) {
                Ok(is) if is == decisive => {
                    // That the resource is there decided, when nothing in it was looked at.
                    if let Val::Resource(resource) = *item
                        && frame.mark() == before
                    {
                        frame.see(|| Seen::Resource(resource));
                    }
                    frame.forget(begun, before);
                    decided = true;
                    break;
                }
                Ok(_) => {}
                Err(value) => unknown = unknown.or(Some(value)),
            }
        }
        // The list itself is evidence only when nothing in it was looked at.
        if frame.mark() > begun {
            frame.forget(start, begun);
        }
        if decided { Val::Bool(decisive) } else { unknown.unwrap_or(Val::Bool(!decisive)) }
    }

    fn one<'a>(&self, frame: &Frame<'_, 'a>) -> Val<'a> {
        let (items, open) = match frame.elements((self.over)(frame)) {
            Ok(found) => found,
            Err(unknown) => return unknown,
        };
        let mut unknown: Option<Val<'_>> = open.map(Val::Unknown);
        let mut count = 0;
        for item in items {
            match self.at(frame, *item).and_then(|(_, value)| truth(frame, value)) {
                Ok(true) => count += 1,
                Ok(false) => {}
                Err(value) => unknown = unknown.or(Some(value)),
            }
            if count > 1 {
                return Val::Bool(false);
            }
        }
        unknown.unwrap_or(Val::Bool(count == 1))
    }

    /// `filter` (which keeps elements) and `map` (which keeps the values of the body).
    fn collect<'a>(&self, frame: &Frame<'_, 'a>, keep: bool) -> Val<'a> {
        let (items, mut open): (_, Option<Why<'a>>) = match frame.elements((self.over)(frame)) {
            Ok(found) => found,
            Err(unknown) => return unknown,
        };
        let mut out = bumpalo::collections::Vec::with_capacity_in(items.len(), frame.bump());
        for item in items {
            let (item, value) = match self.at(frame, *item) {
                Ok(found) => found,
                Err(limit) => return limit,
            };
            if !keep {
                out.push(value);
                continue;
            }
            match truth(frame, value) {
                Ok(true) => out.push(item),
                Ok(false) => {}
                // Whether this one belongs is not known, so the list may have more.
                Err(Val::Unknown(why)) => open = open.or(Some(why)),
                Err(other) => return other,
            }
        }
        Val::Items(out.into_bump_slice(), open)
    }
}
