//! Calls: functions of the table, methods of text.

use sekisho_estate::{Part, ReasonCode, Text, Why};
use sekisho_facts::resource_type;

use super::members::absent_or_unknown;
use super::{Code, Compiled, Compiler, Result, code, lasting, suggestion};
use crate::compare::{text, version_at_least};
use crate::form::Form;
use crate::frame::{Frame, STEP_BYTES};
use crate::functions::{FUNCTIONS, Function, Sort, function};
use crate::syntax::{Expression, ExpressionError, ExpressionKind, Literal, Span};
use crate::types::Type;
use crate::value::Val;

impl<'x> Compiler<'x> {
    pub(super) fn call(&mut self, name: &str, arguments: &'x [Expression], span: Span) -> Result<Compiled> {
        if name == "size" {
            return match arguments {
                [argument] => self.size(argument),
                _ => Err(ExpressionError::new(span, "size takes one argument")),
            };
        }
        if name == "unknown" {
            return cannot_decide(arguments, span);
        }
        let Some(function) = function(name) else {
            let known = FUNCTIONS.iter().map(|f| f.name).chain(["has", "size"]);
            return Err(ExpressionError::new(
                span,
                format!("there is no function {name}{}", suggestion(name, known)),
            ));
        };
        let least = function.parameters.iter().filter(|p| !p.optional).count();
        if arguments.len() < least || arguments.len() > function.parameters.len() {
            return Err(wrong_count(name, least, function.parameters.len(), arguments.len(), span));
        }
        let mut codes = Vec::with_capacity(arguments.len());
        let mut kinds = Vec::with_capacity(arguments.len());
        let mut named = None;
        for (argument, parameter) in arguments.iter().zip(function.parameters) {
            let compiled = self.argument(function, argument, parameter.kind)?;
            if parameter.kind == Sort::Type
                && let ExpressionKind::Literal(Literal::String(type_name)) = &argument.kind
            {
                named = resource_type(type_name);
            }
            codes.push(compiled.code);
            kinds.push(compiled.kind);
        }
        let of_first = match kinds.first() {
            Some(Type::Resource(kind)) => *kind,
            _ => None,
        };
        let kind = match function.result {
            Sort::Attributes => Type::Attributes,
            Sort::Companions => match of_first {
                Some(kind) => Type::Companions(kind),
                None => {
                    return Err(ExpressionError::new(span, "companions takes a resource of a known type"));
                }
            },
            Sort::Target => Type::Resource(named),
            Sort::Resources => Type::List(Box::new(Type::Resource(named))),
            simple => Type::of_sort(simple),
        };
        Ok(Compiled { code: invoke(function, codes), kind })
    }

    fn argument(&mut self, function: &Function, argument: &'x Expression, sort: Sort) -> Result<Compiled> {
        let compiled = self.expression(argument)?;
        let wrong = |wanted: &str| {
            let message = format!("{} takes {wanted} here, not {}", function.name, compiled.kind);
            Err(ExpressionError::new(argument.span, message))
        };
        match sort {
            Sort::Type => {
                let ExpressionKind::Literal(Literal::String(name)) = &argument.kind else {
                    return Err(ExpressionError::new(argument.span, "the type must be written as text"));
                };
                if resource_type(name).is_none() {
                    let near = suggestion(name, sekisho_facts::resource_type_names());
                    return Err(ExpressionError::new(
                        argument.span,
                        format!("there is no resource type {name}{near}"),
                    ));
                }
            }
            Sort::Resource if !matches!(compiled.kind, Type::Resource(_) | Type::Any) => {
                return wrong("a resource");
            }
            Sort::String if !Type::String.comparable(&compiled.kind) => return wrong("text"),
            Sort::Int if !Type::Int.comparable(&compiled.kind) => return wrong("a whole number"),
            Sort::Ports
                if !Type::Int.comparable(compiled.kind.element().as_ref().unwrap_or(&compiled.kind)) =>
            {
                return wrong("a whole number or a list of them");
            }
            Sort::Map if !Type::Map.comparable(&compiled.kind) => return wrong("a map"),
            _ => {}
        }
        Ok(compiled)
    }

    fn size(&mut self, argument: &'x Expression) -> Result<Compiled> {
        let compiled = self.expression(argument)?;
        if compiled.kind.element().is_none() && !Type::String.comparable(&compiled.kind) {
            return Err(ExpressionError::new(argument.span, format!("{} has no size", compiled.kind)));
        }
        let (inner, of_text) = (compiled.code, matches!(compiled.kind, Type::String));
        let code = code(move |frame| match inner(frame) {
            Val::Absent => Val::Int(0),
            value if of_text => match text(frame, value) {
                Val::Str(text) => match searched(frame, text) {
                    Ok(()) => Val::Int(text.chars().count() as i64),
                    Err(limit) => limit,
                },
                other => not_text(frame, other),
            },
            value => match frame.elements(value) {
                Ok((items, None)) => Val::Int(items.len() as i64),
                Ok((_, Some(why))) => Val::Unknown(why),
                Err(unknown) => unknown,
            },
        });
        Ok(Compiled { code, kind: Type::Int })
    }

    pub(super) fn method(
        &mut self,
        holder: &'x Expression,
        name: &str,
        arguments: &'x [Expression],
        span: Span,
    ) -> Result<Compiled> {
        const METHODS: [&str; 6] = ["startsWith", "endsWith", "contains", "matches", "lowerAscii", "size"];
        let wanted = match name {
            "size" if arguments.is_empty() => return self.size(holder),
            "lowerAscii" => 0,
            "startsWith" | "endsWith" | "contains" | "matches" => 1,
            _ => {
                let known = METHODS.into_iter().chain(["all", "exists", "exists_one", "filter", "map"]);
                return Err(ExpressionError::new(
                    span,
                    format!("there is no method {name}{}", suggestion(name, known)),
                ));
            }
        };
        if arguments.len() != wanted {
            return Err(wrong_count(name, wanted, wanted, arguments.len(), span));
        }
        let compiled = self.expression(holder)?;
        if !Type::String.comparable(&compiled.kind) {
            return Err(ExpressionError::new(
                holder.span,
                format!("{name} needs text, not {}", compiled.kind),
            ));
        }
        let subject = compiled.code;
        if name == "lowerAscii" {
            return Ok(Compiled { code: lower(subject), kind: Type::String });
        }
        let argument = &arguments[0];
        if name == "matches" {
            let ExpressionKind::Literal(Literal::String(pattern)) = &argument.kind else {
                return Err(ExpressionError::new(argument.span, "the pattern must be written as text"));
            };
            let regex = regex::RegexBuilder::new(pattern)
                .size_limit(1 << 20)
                .build()
                .map_err(|e| ExpressionError::new(argument.span, format!("not a regular expression: {e}")))?;
            return Ok(Compiled { code: matches(subject, regex), kind: Type::Bool });
        }
        let needle = self.expression(argument)?;
        if !Type::String.comparable(&needle.kind) {
            return Err(ExpressionError::new(
                argument.span,
                format!("{name} takes text, not {}", needle.kind),
            ));
        }
        let (needle, name) = (needle.code, name.to_owned());
        let code = code(move |frame| {
            let (subject, needle) = (text(frame, subject(frame)), text(frame, needle(frame)));
            if let Val::Str(text) = subject
                && let Err(limit) = searched(frame, text)
            {
                return limit;
            }
            match (subject, needle) {
                (Val::Str(subject), Val::Str(needle)) => Val::Bool(match name.as_str() {
                    "startsWith" => subject.starts_with(needle),
                    "endsWith" => subject.ends_with(needle),
                    _ => subject.contains(needle),
                }),
                (Val::Text(subject), Val::Str(needle)) => match known_part(&name, subject, needle) {
                    Some(is) => Val::Bool(is),
                    None => frame.unknown(ReasonCode::AttributeAtDeploy, subject.display()),
                },
                (Val::Reference(target), Val::Str(needle)) => {
                    match Form::of(frame, target).and_then(|form| form.decides(&name, needle)) {
                        Some(is) => Val::Bool(is),
                        None => not_text(frame, subject),
                    }
                }
                (value, Val::Str(_)) => not_text(frame, value),
                (_, value) => not_text(frame, value),
            }
        });
        Ok(Compiled { code, kind: Type::Bool })
    }
}

/// `unknown("reason")`: what the author of a control knows cannot be decided.
fn cannot_decide(arguments: &[Expression], span: Span) -> Result<Compiled> {
    let [argument] = arguments else { return Err(wrong_count("unknown", 1, 1, arguments.len(), span)) };
    match &argument.kind {
        ExpressionKind::Literal(Literal::String(reason)) if !reason.trim().is_empty() => {
            let subject = lasting(reason.trim());
            let code = code(move |_| Val::Unknown(Why { code: ReasonCode::SaidByControl, subject }));
            Ok(Compiled { code, kind: Type::Any })
        }
        _ => Err(ExpressionError::new(argument.span, "the reason must be written as text")),
    }
}

fn wrong_count(name: &str, least: usize, most: usize, given: usize, span: Span) -> ExpressionError {
    let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let noun = if most == 1 { "argument" } else { "arguments" };
    ExpressionError::new(span, format!("{name} takes {wanted} {noun}, not {given}"))
}

/// What the known parts of a text already decide.
fn known_part(name: &str, subject: &sekisho_estate::Text<'_>, needle: &str) -> Option<bool> {
    let agree = |a: &str, b: &str| a.bytes().zip(b.bytes()).all(|(x, y)| x == y);
    match name {
        "startsWith" => {
            let prefix = subject.prefix();
            if prefix.starts_with(needle) {
                Some(true)
            } else if agree(prefix, needle) {
                None
            } else {
                Some(false)
            }
        }
        "endsWith" => {
            let suffix = subject.suffix();
            let agree = suffix.bytes().rev().zip(needle.bytes().rev()).all(|(x, y)| x == y);
            if suffix.ends_with(needle) {
                Some(true)
            } else if agree {
                None
            } else {
                Some(false)
            }
        }
        _ => {
            let known =
                subject.parts.iter().any(|p| matches!(p, Part::Literal(text) if text.contains(needle)));
            if known { Some(true) } else { None }
        }
    }
}

/// What a text function gives for a value that is no text: absent holds nothing.
fn not_text<'a>(frame: &Frame<'_, 'a>, value: Val<'a>) -> Val<'a> {
    match value {
        Val::Absent => Val::Bool(false),
        unknown @ Val::Unknown(_) => unknown,
        Val::Text(text) => frame.unknown(ReasonCode::AttributeAtDeploy, text.display()),
        Val::Reference(target) => frame.unknown(ReasonCode::AttributeAtDeploy, target.name()),
        Val::Secret(_) => frame.unknown(ReasonCode::Secret, "value"),
        _ => frame.unknown(ReasonCode::WrongShape, "text"),
    }
}

/// Counts the search through a text.
fn searched<'a>(frame: &Frame<'_, 'a>, text: &str) -> std::result::Result<(), Val<'a>> {
    frame.step(text.len() / STEP_BYTES)
}

fn matches(subject: Code, regex: regex::Regex) -> Code {
    code(move |frame| match text(frame, subject(frame)) {
        Val::Str(text) => match searched(frame, text) {
            Ok(()) => Val::Bool(regex.is_match(text)),
            Err(limit) => limit,
        },
        value => not_text(frame, value),
    })
}

fn lower(subject: Code) -> Code {
    code(move |frame| match text(frame, subject(frame)) {
        Val::Str(text) if text.bytes().any(|b| b.is_ascii_uppercase()) => match searched(frame, text) {
            Ok(()) => Val::Str(frame.bump().alloc_str(&text.to_ascii_lowercase())),
            Err(limit) => limit,
        },
        Val::Text(text) => {
            let parts = text.parts.iter().map(|part| lower_part(frame, *part)).collect::<Vec<_>>();
            Val::Text(frame.bump().alloc(Text { parts: frame.bump().alloc_slice_copy(&parts) }))
        }
        // The name itself may have capitals.
        Val::Reference(target) => {
            let part = lower_part(frame, Part::Reference(target));
            Val::Text(frame.bump().alloc(Text { parts: frame.bump().alloc_slice_copy(&[part]) }))
        }
        value @ (Val::Str(_) | Val::Absent | Val::Null) => value,
        other => not_text(frame, other),
    })
}

/// A hole in lower case is no more what it was.
fn lower_part<'a>(frame: &Frame<'_, 'a>, part: Part<'a>) -> Part<'a> {
    match part {
        Part::Literal(text) => Part::Literal(frame.bump().alloc_str(&text.to_ascii_lowercase())),
        Part::Reference(target) => {
            Part::Unknown(frame.reader.reason(ReasonCode::AttributeAtDeploy, target.name()))
        }
        Part::Variable(name) => Part::Unknown(frame.reader.reason(ReasonCode::ParameterWithoutValue, name)),
        Part::Secret(_) | Part::Unknown(_) => part,
    }
}

/// The call itself: the language answers what is built in, the host the rest.
fn invoke(function: &'static Function, mut codes: Vec<Code>) -> Code {
    match function.name {
        "absent" => {
            let argument = codes.remove(0);
            code(move |frame| match argument(frame) {
                Val::Absent => Val::Bool(true),
                unknown @ Val::Unknown(_) => unknown,
                _ => Val::Bool(false),
            })
        }
        "lower" => lower(codes.remove(0)),
        "version_at_least" => {
            let (value, least) = (codes.remove(0), codes.remove(0));
            code(move |frame| match version_at_least(frame, value(frame), least(frame)) {
                Ok(is) => Val::Bool(is),
                Err(unknown) => unknown,
            })
        }
        "attributes" | "companions" => {
            let (argument, attributes) = (codes.remove(0), function.name == "attributes");
            code(move |frame| match argument(frame) {
                Val::Resource(resource) if attributes => Val::Attributes(resource),
                Val::Resource(resource) => Val::Companions(resource),
                other => absent_or_unknown(frame, other),
            })
        }
        _ => code(move |frame| {
            if let Err(limit) = frame.step(1) {
                return limit;
            }
            let mut arguments = bumpalo::collections::Vec::with_capacity_in(codes.len(), frame.bump());
            arguments.extend(codes.iter().map(|code| code(frame)));
            frame
                .host
                .call(frame, function, arguments.into_bump_slice())
                .unwrap_or_else(|| frame.unknown(ReasonCode::AnalysisNotBuilt, function.name))
        }),
    }
}
