//! `all`, `exists`, `exists_one`, `filter`, `map`.

use sekisho_estate::Why;

use super::operators::truth;
use super::{Compiled, Compiler, Result, code};
use crate::syntax::{Expression, ExpressionError, Macro};
use crate::types::Type;
use crate::value::Val;

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
            let message = format!("a {} has no elements", over.kind.name());
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
        let over = over.code;
        let (body, body_kind) = (inner.code, inner.kind);
        let result = match kind {
            Macro::All | Macro::Exists | Macro::ExistsOne => Type::Bool,
            Macro::Filter => Type::List(Box::new(element)),
            Macro::Map => Type::List(Box::new(body_kind)),
        };
        let code = match kind {
            Macro::All | Macro::Exists => {
                let decisive = kind == Macro::Exists;
                code(move |frame| {
                    let start = frame.mark();
                    let (items, open) = match frame.elements(over(frame)) {
                        Ok(found) => found,
                        Err(unknown) => return unknown,
                    };
                    // The list itself is evidence only when it has no element to look at.
                    let listed = frame.mark();
                    if !items.is_empty() {
                        frame.forget(start, listed);
                    }
                    let mut unknown: Option<Val<'_>> = open.map(Val::Unknown);
                    let begun = frame.mark();
                    for item in items {
                        if let Err(limit) = frame.step() {
                            return limit;
                        }
                        let before = frame.mark();
                        frame.variables[slot].set(*item);
                        match truth(frame, body(frame)) {
                            Ok(is) if is == decisive => {
                                frame.forget(begun, before);
                                return Val::Bool(decisive);
                            }
                            Ok(_) => {}
                            Err(value) => unknown = unknown.or(Some(value)),
                        }
                    }
                    unknown.unwrap_or(Val::Bool(!decisive))
                })
            }
            Macro::ExistsOne => code(move |frame| {
                let (items, open) = match frame.elements(over(frame)) {
                    Ok(found) => found,
                    Err(unknown) => return unknown,
                };
                let mut unknown: Option<Val<'_>> = open.map(Val::Unknown);
                let mut count = 0;
                for item in items {
                    if let Err(limit) = frame.step() {
                        return limit;
                    }
                    frame.variables[slot].set(*item);
                    match truth(frame, body(frame)) {
                        Ok(true) => count += 1,
                        Ok(false) => {}
                        Err(value) => unknown = unknown.or(Some(value)),
                    }
                    if count > 1 {
                        return Val::Bool(false);
                    }
                }
                unknown.unwrap_or(Val::Bool(count == 1))
            }),
            Macro::Filter | Macro::Map => {
                let keep = kind == Macro::Filter;
                code(move |frame| {
                    let (items, open) = match frame.elements(over(frame)) {
                        Ok(found) => found,
                        Err(unknown) => return unknown,
                    };
                    let mut open: Option<Why<'_>> = open;
                    let mut out = bumpalo::collections::Vec::with_capacity_in(items.len(), frame.bump());
                    for item in items {
                        if let Err(limit) = frame.step() {
                            return limit;
                        }
                        frame.variables[slot].set(*item);
                        let value = body(frame);
                        if !keep {
                            out.push(value);
                            continue;
                        }
                        match truth(frame, value) {
                            Ok(true) => out.push(*item),
                            Ok(false) => {}
                            // Whether this one belongs is not known, so the list may have more.
                            Err(Val::Unknown(why)) => open = open.or(Some(why)),
                            Err(other) => return other,
                        }
                    }
                    Val::Items(out.into_bump_slice(), open)
                })
            }
        };
        Ok(Compiled { code, kind: result })
    }
}
