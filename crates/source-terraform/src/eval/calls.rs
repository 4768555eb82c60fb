//! Calls of functions.

use std::sync::Arc;

use sekisho_estate::ReasonCode;

use super::expression::{arm, sensitive};
use super::{Eval, Evaluator, Scope, fail, fail_with};
use crate::functions::{self, Call, Function, Need};
use crate::operators::{self, assume, derived};
use crate::syntax::Expr;
use crate::template::Builder;
use crate::value::{Choice, Located, Place, Value};

/// More combinations of alternatives of arguments than this are not computed one by one.
const MAX_COMBINATIONS: usize = 64;

impl Evaluator<'_> {
    pub(super) fn call(
        &mut self,
        name: &Arc<str>,
        function: Option<&'static Function>,
        arguments: &[Expr],
        spread: bool,
        place: Place,
        scope: &mut Scope,
    ) -> Eval<Located> {
        let Some(function) = function else {
            if name.starts_with("provider::") {
                let value = Value::unknown(ReasonCode::UnsupportedFunction, &**name);
                return Ok(Located::new(value, place));
            }
            let meant = sekisho_facts::did_you_mean(name, functions::all().map(|function| function.name));
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            return fail(place, format!("there is no function {name:?}{meant}"));
        };
        if function.need == Need::Special {
            return self.special(function, arguments, place, scope);
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.eval(argument, scope)?);
        }
        if spread && let Some(last) = values.pop() {
            match last.value.plain() {
                Value::List(list) => values.extend(list.items.iter().cloned()),
                known if operators::is_top_known(known) && !matches!(known, Value::Sensitive(_)) => {
                    return fail(last.place, "only a list can be spread with ...");
                }
                unknown => {
                    values.push(Located::new(unknown.clone(), last.place));
                    let value = derived(values.iter().map(|value| &value.value));
                    return Ok(Located::new(value, place));
                }
            }
        }
        if values.len() < function.least || values.len() > function.most {
            let wanted = match (function.least, function.most) {
                (least, most) if least == most => least.to_string(),
                (least, functions::MANY) => format!("at least {least}"),
                (least, most) => format!("{least} to {most}"),
            };
            let message = format!("{name}() takes {wanted} arguments, not {}", values.len());
            return fail(place, message);
        }
        self.apply(function, &values, place)
    }

    /// Calls a function for each combination of alternatives, without marks.
    fn apply(&mut self, function: &'static Function, values: &[Located], place: Place) -> Eval<Located> {
        let combinations = values
            .iter()
            .map(|value| alternatives(&value.value))
            .try_fold(1_usize, |a, b| a.checked_mul(b).filter(|&product| product <= MAX_COMBINATIONS));
        if combinations.is_none() {
            return Ok(Located::new(derived(values.iter().map(|value| &value.value)), place));
        }
        if let Some((at, choice)) =
            values.iter().enumerate().find_map(|(at, value)| match value.value.plain() {
                Value::Choice(choice) => Some((at, choice.clone())),
                _ => None,
            })
        {
            let mut side = |holds: bool| {
                let label = &choice.condition.label;
                let mut values: Vec<Located> = values
                    .iter()
                    .map(|value| Located::new(assume(&value.value, label, holds), value.place))
                    .collect();
                values[at] = if holds { choice.then.clone() } else { choice.otherwise.clone() };
                self.apply(function, &values, place)
            };
            let (then, otherwise) = match (side(true), side(false)) {
                (Err(failure), Err(_)) => return Err(failure),
                (then, otherwise) => (arm(then, place), arm(otherwise, place)),
            };
            return Ok(Located::new(operators::choice(&choice.condition, then, otherwise), place));
        }
        let deep = matches!(function.need, Need::All | Need::Shape);
        let marks = matches!(function.name, "sensitive" | "nonsensitive" | "issensitive");
        let is_marked = |value: &Located| {
            if deep {
                operators::has_sensitive(&value.value)
            } else {
                matches!(value.value.plain(), Value::Sensitive(_))
            }
        };
        if !marks && values.iter().any(is_marked) {
            let unmarked: Vec<Located> = values
                .iter()
                .map(|value| match value.value.plain() {
                    Value::Sensitive(inner) if !deep => Located::new((**inner).clone(), value.place),
                    _ if deep => Located::new(operators::unmarked(&value.value), value.place),
                    _ => value.clone(),
                })
                .collect();
            return self.apply(function, &unmarked, place).map(sensitive);
        }
        let ready = match function.need {
            Need::All => values.iter().all(|value| operators::is_known(&value.value)),
            Need::Shape => values.iter().all(|value| operators::is_top_known(&value.value)),
            Need::Nothing | Need::Special => true,
        };
        if !ready {
            if function.name == "replace"
                && let Some(value) = functions::substitute(values)
            {
                return Ok(Located::new(value, place));
            }
            return Ok(Located::new(derived(values.iter().map(|value| &value.value)), place));
        }
        let call = Call { arguments: values, place, reach: &self.task.reach };
        match (function.run)(&call) {
            Ok(value) => Ok(Located::new(value, place)),
            Err(message) => fail(place, format!("{}(): {message}", function.name)),
        }
    }

    fn special(
        &mut self,
        function: &'static Function,
        arguments: &[Expr],
        place: Place,
        scope: &mut Scope,
    ) -> Eval<Located> {
        if arguments.len() < function.least || arguments.len() > function.most {
            return fail(place, format!("{}() has the wrong number of arguments", function.name));
        }
        match function.name {
            "try" => self.try_each(arguments, place, scope),
            "can" => {
                let value = match self.eval(&arguments[0], scope) {
                    Ok(value) => can(&value.value),
                    Err(failure) if failure.code == ReasonCode::EvaluationLimit => return Err(failure),
                    Err(_) => Value::Bool(false),
                };
                Ok(Located::new(value, place))
            }
            _ => self.template_file(function.name, arguments, place, scope),
        }
    }

    /// The first that does not fail. Of a choice, an alternative that fails is replaced by
    /// what comes after.
    fn try_each(&mut self, arguments: &[Expr], place: Place, scope: &mut Scope) -> Eval<Located> {
        let mut last = None;
        for (at, argument) in arguments.iter().enumerate() {
            match self.eval(argument, scope) {
                Ok(value) => {
                    if !has_failed(&value.value) || at + 1 == arguments.len() {
                        return Ok(value);
                    }
                    let rest = self.try_each(&arguments[at + 1..], place, scope);
                    let rest = arm(rest, place);
                    return Ok(Located::new(replaced(&value.value, &rest), value.place));
                }
                Err(failure) if failure.code == ReasonCode::EvaluationLimit => return Err(failure),
                Err(failure) => last = Some(failure),
            }
        }
        match last {
            Some(failure) => {
                let message = format!("try(): every argument fails; the last one: {}", failure.message);
                fail(place, message)
            }
            None => fail(place, "try() without arguments"),
        }
    }

    fn template_file(
        &mut self,
        name: &str,
        arguments: &[Expr],
        place: Place,
        scope: &mut Scope,
    ) -> Eval<Located> {
        let source = self.eval(&arguments[0], scope)?;
        let variables = self.eval(&arguments[1], scope)?;
        let Some(source) = source.value.text() else {
            if operators::is_known(&source.value) && !matches!(source.value.plain(), Value::Sensitive(_)) {
                return fail(place, format!("{name}(): the first argument must be a string"));
            }
            let value = derived([&source.value, &variables.value]);
            return Ok(Located::new(value, place));
        };
        let (marked, variables) = match variables.value.plain() {
            Value::Sensitive(inner) => (true, (**inner).clone()),
            plain => (false, plain.clone()),
        };
        let Value::Map(map) = &variables else {
            if operators::is_top_known(&variables) {
                return fail(place, format!("{name}(): the second argument must be a map"));
            }
            return Ok(Located::new(derived([&variables]), place));
        };
        let (text, what) = if name == "templatefile" {
            let read = self
                .task
                .reach
                .read(&source)
                .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".into()));
            (read.or_else(|message| fail(place, format!("{name}(): {message}")))?, &*source)
        } else {
            (source.to_string(), "the template")
        };
        let pieces = crate::parse::template(&text).or_else(|problem| {
            let at = sekisho_estate::LineIndex::new(&text).position(&text, problem.offset);
            fail(place, format!("{name}(): {what}:{}:{}: {}", at.line, at.column, problem.message))
        })?;
        let mut inner = Scope::new(scope.node, u32::MAX);
        inner.free = Some(map.clone());
        let mut out = Builder::default();
        self.enter(place)?;
        let result = self.pieces(&pieces, &mut out, place, &mut inner);
        self.leave();
        // Places in the template are none of the configuration.
        result.or_else(|failure| {
            fail_with(place, failure.code, format!("{name}(): {what}: {}", failure.message))
        })?;
        let value = out.finish().or_else(|message| fail(place, format!("{name}(): {message}")))?;
        let located = Located::new(value, place);
        Ok(if marked { sensitive(located) } else { located })
    }
}

fn alternatives(value: &Value) -> usize {
    match value.plain() {
        Value::Choice(choice) => alternatives(&choice.then.value) + alternatives(&choice.otherwise.value),
        _ => 1,
    }
}

/// Whether an evaluation succeeds that gave a value.
fn can(value: &Value) -> Value {
    match value.plain() {
        Value::Choice(choice) => operators::choice(
            &choice.condition,
            Located::new(can(&choice.then.value), choice.then.place),
            Located::new(can(&choice.otherwise.value), choice.otherwise.place),
        ),
        Value::Unknown(unknown) if unknown.reason.code == ReasonCode::EvaluationFailed => Value::Bool(false),
        Value::Unknown(_) => derived([value]),
        _ => Value::Bool(true),
    }
}

/// Whether an alternative is there because its evaluation failed.
pub(super) fn has_failed(value: &Value) -> bool {
    match value {
        Value::Choice(choice) => has_failed(&choice.then.value) || has_failed(&choice.otherwise.value),
        Value::Unknown(unknown) => unknown.reason.code == ReasonCode::EvaluationFailed,
        _ => false,
    }
}

fn replaced(value: &Value, by: &Located) -> Value {
    match value {
        Value::Choice(choice) => {
            let side = |side: &Located, holds: bool| {
                let by = Located::new(assume(&by.value, &choice.condition.label, holds), by.place);
                Located::new(replaced(&side.value, &by), side.place)
            };
            operators::choice(&choice.condition, side(&choice.then, true), side(&choice.otherwise, false))
        }
        Value::Unknown(unknown) if unknown.reason.code == ReasonCode::EvaluationFailed => by.value.clone(),
        other => other.clone(),
    }
}

/// The value without alternatives that fail: where one would be taken, Terraform would
/// refuse the configuration, so the other one is.
pub(super) fn without_failed(value: Value) -> Value {
    match &value {
        Value::Choice(choice) => {
            let then = without_failed(choice.then.value.clone());
            let otherwise = without_failed(choice.otherwise.value.clone());
            match (is_failure(&then), is_failure(&otherwise)) {
                (true, false) => otherwise,
                (false, true) => then,
                _ => Value::Choice(Arc::new(Choice {
                    condition: choice.condition.clone(),
                    then: Located::new(then, choice.then.place),
                    otherwise: Located::new(otherwise, choice.otherwise.place),
                })),
            }
        }
        _ => value,
    }
}

fn is_failure(value: &Value) -> bool {
    matches!(value, Value::Unknown(unknown) if unknown.reason.code == ReasonCode::EvaluationFailed)
}
