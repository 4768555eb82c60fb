//! From a syntax tree to closures, with every path checked against the resource schemas.
//!
//! An expression is compiled once for each resource type that it is applied to,
//! when the first resource of the type comes. A closure takes a [`Frame`] and
//! gives a [`Val`]; what can be computed at compile time (hashes of keys,
//! regular expressions, dated defaults) is.

mod arithmetic;
mod calls;
mod defaults;
mod index;
mod macros;
mod members;
mod narrow;
mod operators;

pub(crate) use operators::truth;

use sekisho_estate::ReasonCode;
use sekisho_facts::{ResourceType, did_you_mean};

use crate::frame::{Frame, MAX_TRACE, MAX_VARIABLES};
use crate::syntax::{Expression, ExpressionError, ExpressionKind, Literal, MAX_HEIGHT, Span, UnaryOperator};
use crate::types::Type;
use crate::value::Val;

/// A compiled part.
pub(crate) type Code = Box<dyn for<'r, 'a> Fn(&Frame<'r, 'a>) -> Val<'a> + Send + Sync>;

/// A compiled part with its static type.
pub(crate) struct Compiled {
    pub(crate) code: Code,
    pub(crate) kind: Type,
}

/// Most parts of one expression with the named parts in it.
const MAX_PARTS: usize = 16 << 10;

pub(crate) type Result<T> = std::result::Result<T, ExpressionError>;

/// Coerces the type of a closure so that its lifetimes are inferred as universal.
pub(crate) fn code<F>(f: F) -> Code
where
    F: for<'r, 'a> Fn(&Frame<'r, 'a>) -> Val<'a> + Send + Sync + 'static,
{
    Box::new(f)
}

/// What the compiler knows while it walks.
pub(crate) struct Compiler<'x> {
    /// The type of `this`, none for a control of a stack or account.
    pub(crate) this: Option<ResourceType>,
    /// Variables of the macros around, with their types.
    pub(crate) variables: Vec<(&'x str, Type)>,
    /// Whether every part reports its value.
    pub(crate) traced: bool,
    pub(crate) depth: u32,
    /// Named parts that can be used here.
    named: &'x [(&'x str, Expression)],
    /// Parts compiled so far: a named part counts each time that it is used.
    parts: usize,
}

/// What a path is read for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reading {
    /// Its value, which is evidence.
    Value,
    /// Only a member of it; the longer path will be the evidence.
    Step,
    /// Whether a member of it is written: defaults do not count.
    Written,
}

impl Reading {
    /// What the holder of a path is read for.
    pub(crate) fn of_holder(self) -> Self {
        if self == Self::Written { Self::Written } else { Self::Step }
    }
}

impl<'x> Compiler<'x> {
    pub(crate) fn new(this: Option<ResourceType>, traced: bool, named: &'x [(&'x str, Expression)]) -> Self {
        Self { this, variables: Vec::new(), traced, depth: 0, named, parts: 0 }
    }

    /// Compiles a part whose value is asked.
    pub(crate) fn expression(&mut self, e: &'x Expression) -> Result<Compiled> {
        self.part(e, Reading::Value)
    }

    fn part(&mut self, e: &'x Expression, reading: Reading) -> Result<Compiled> {
        self.depth += 1;
        self.parts += 1;
        let depth = self.depth;
        if depth > MAX_HEIGHT || self.parts > MAX_PARTS {
            return Err(ExpressionError::new(e.span, "named parts in named parts make this too large"));
        }
        let compiled = self.kind(e, reading)?;
        self.depth -= 1;
        if !self.traced || reading != Reading::Value || matches!(e.kind, ExpressionKind::Literal(_)) {
            return Ok(compiled);
        }
        let (inner, span) = (compiled.code, e.span);
        let code = code(move |frame| {
            let room = frame.trace.filter(|trace| trace.borrow().len() < MAX_TRACE);
            let place = room.map(|trace| {
                let mut trace = trace.borrow_mut();
                trace.push(crate::frame::TraceStep { span, depth, value: String::new() });
                trace.len() - 1
            });
            let value = inner(frame);
            if let (Some(trace), Some(place)) = (frame.trace, place)
                && let Some(step) = trace.borrow_mut().get_mut(place)
            {
                step.value = crate::show::show(frame, value);
            }
            value
        });
        Ok(Compiled { code, kind: compiled.kind })
    }

    fn kind(&mut self, e: &'x Expression, reading: Reading) -> Result<Compiled> {
        if let Some(is) = self.decided(e)? {
            return Ok(Compiled { code: code(move |_| Val::Bool(is)), kind: Type::Bool });
        }
        match &e.kind {
            ExpressionKind::Literal(literal) => Ok(compile_literal(literal)),
            ExpressionKind::Name(name) => self.name(name, e.span, reading),
            ExpressionKind::List(items) => self.list(items),
            ExpressionKind::Map(pairs) => self.map(pairs),
            ExpressionKind::Member(holder, name, span) => self.member(holder, name, *span, reading),
            ExpressionKind::Index(holder, index) => self.index(holder, index, reading),
            ExpressionKind::Has(path) => self.has(path),
            ExpressionKind::Call(name, arguments) => self.call(name, arguments, e.span),
            ExpressionKind::Method(holder, name, arguments) => self.method(holder, name, arguments, e.span),
            ExpressionKind::Macro(kind, range, variable, body) => self.fold(*kind, range, variable, body),
            ExpressionKind::Unary(UnaryOperator::Not, operand) => self.not(operand),
            ExpressionKind::Unary(UnaryOperator::Negate, operand) => self.negate(operand),
            ExpressionKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExpressionKind::Conditional(condition, then, otherwise) => {
                self.conditional(condition, then, otherwise)
            }
        }
    }

    fn name(&mut self, name: &str, span: Span, reading: Reading) -> Result<Compiled> {
        if let Some(slot) = self.variables.iter().rposition(|(n, _)| *n == name) {
            let kind = self.variables[slot].1.clone();
            return Ok(Compiled { code: code(move |frame| frame.variables[slot].get()), kind });
        }
        if name == "this" {
            let Some(this) = self.this else {
                return Err(ExpressionError::new(
                    span,
                    "this has no meaning in a control of a whole stack or account",
                ));
            };
            let code = code(|frame| match frame.this {
                Some(this) => Val::Resource(this),
                None => frame.unknown(ReasonCode::NotInInput, "this"),
            });
            return Ok(Compiled { code, kind: Type::Resource(Some(this)) });
        }
        let named = self.named;
        if let Some((index, (_, part))) = named.iter().enumerate().find(|(_, (n, _))| *n == name) {
            // The part was checked by itself, so it names nothing of the macros around; its
            // own macros take the slots behind theirs. Its steps are told apart from these.
            let traced = std::mem::replace(&mut self.traced, false);
            self.named = &named[..index];
            let compiled =
                self.part(part, reading).map_err(|error| ExpressionError::new(span, error.message));
            (self.named, self.traced) = (named, traced);
            return compiled;
        }
        let names = named.iter().map(|(n, _)| *n);
        let known = self.variables.iter().map(|(n, _)| *n).chain(names).chain(["this"]);
        Err(ExpressionError::new(span, format!("nothing is named {name}{}", suggestion(name, known))))
    }

    fn list(&mut self, items: &'x [Expression]) -> Result<Compiled> {
        if let Some(constant) = constant(items) {
            let kind = self.expression(&items[0])?.kind;
            return Ok(Compiled {
                code: code(move |_| Val::Items(constant, None)),
                kind: Type::List(Box::new(kind)),
            });
        }
        let mut codes = Vec::with_capacity(items.len());
        let mut kind: Option<Type> = None;
        for item in items {
            let compiled = self.expression(item)?;
            kind = Some(kind.map_or_else(|| compiled.kind.clone(), |kind| kind.either(&compiled.kind)));
            codes.push(compiled.code);
        }
        let code = code(move |frame| {
            let items = frame.bump().alloc_slice_fill_iter(codes.iter().map(|code| code(frame)));
            Val::Items(items, None)
        });
        Ok(Compiled { code, kind: Type::List(Box::new(kind.unwrap_or(Type::Any))) })
    }

    fn map(&mut self, pairs: &'x [(Expression, Expression)]) -> Result<Compiled> {
        let mut codes = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let key_code = self.expression(key)?;
            if !Type::String.comparable(&key_code.kind) {
                return Err(ExpressionError::new(key.span, "a key must be text"));
            }
            codes.push((key_code.code, self.expression(value)?.code));
        }
        let code = code(move |frame| {
            let pairs = frame.bump().alloc_slice_fill_iter(codes.iter().map(|(k, v)| (k(frame), v(frame))));
            Val::Pairs(pairs)
        });
        Ok(Compiled { code, kind: Type::Map })
    }

    /// Binds a variable for the body of a macro and gives its slot.
    pub(crate) fn bind(&mut self, name: &'x str, kind: Type, span: Span) -> Result<usize> {
        if self.variables.len() == MAX_VARIABLES {
            return Err(ExpressionError::new(span, format!("macros nested deeper than {MAX_VARIABLES}")));
        }
        if self.named.iter().any(|(n, _)| *n == name) {
            return Err(ExpressionError::new(span, format!("{name} is the name of a part in let")));
        }
        self.variables.push((name, kind));
        Ok(self.variables.len() - 1)
    }
}

fn compile_literal(literal: &Literal) -> Compiled {
    match literal.clone() {
        Literal::Null => Compiled { code: code(|_| Val::Null), kind: Type::Null },
        Literal::Bool(b) => Compiled { code: code(move |_| Val::Bool(b)), kind: Type::Bool },
        Literal::Int(i) => Compiled { code: code(move |_| Val::Int(i)), kind: Type::Int },
        Literal::Double(d) => Compiled { code: code(move |_| Val::Double(d)), kind: Type::Double },
        Literal::String(s) => {
            let text = lasting(s);
            Compiled { code: code(move |_| Val::Str(text)), kind: Type::String }
        }
    }
}

/// The values of a list of literals of one kind, made once.
fn constant(items: &[Expression]) -> Option<&'static [Val<'static>]> {
    let values: Option<Vec<Val<'static>>> = items
        .iter()
        .map(|item| match &item.kind {
            ExpressionKind::Literal(Literal::Int(i)) => Some(Val::Int(*i)),
            ExpressionKind::Literal(Literal::Bool(b)) => Some(Val::Bool(*b)),
            ExpressionKind::Literal(Literal::String(s)) => Some(Val::Str(lasting(s.as_str()))),
            _ => None,
        })
        .collect();
    let values = values.filter(|values| !values.is_empty())?;
    let kind = std::mem::discriminant(&values[0]);
    if values.iter().any(|value| std::mem::discriminant(value) != kind) {
        return None;
    }
    Some(Box::leak(values.into_boxed_slice()))
}

/// Text of a control that lives as long as the program, as its closures do. Controls are
/// compiled once for each type that occurs, so this is bounded by what was loaded.
pub(crate) fn lasting(text: impl Into<Box<str>>) -> &'static str {
    Box::leak(text.into())
}

/// `; did you mean X?`, or nothing.
pub(crate) fn suggestion<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    did_you_mean(name, known).map_or(String::new(), |meant| format!("; did you mean {meant}?"))
}
