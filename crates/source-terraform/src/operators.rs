//! Operators, equality and what is known of values.

use std::collections::HashSet;
use std::sync::Arc;

use sekisho_estate::{Reason, ReasonCode};

use crate::functions::{bool_of, describe, number_of};
use crate::instance::Mode;
use crate::syntax::Operator;
use crate::value::{
    Choice, Condition, List, ListKind, Located, Number, Part, Reference, Step, Unknown, Value,
};

/// More alternatives of one value than this are not kept apart.
const MAX_ALTERNATIVES: usize = 64;

/// Whether a value and all in it is known, references to known values too.
pub(crate) fn is_known(value: &Value) -> bool {
    match value.plain() {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::List(list) => list.items.iter().all(|item| is_known(&item.value)),
        Value::Map(map) => map.open.is_none() && map.entries.iter().all(|entry| is_known(&entry.value.value)),
        Value::Json(inner) => is_known(&inner.value),
        Value::Sensitive(inner) => is_known(inner),
        Value::Template(_) | Value::Reference(_) | Value::Unknown(_) | Value::Choice(_) => false,
    }
}

/// Whether it is known what kind of value it is: elements may be unknown, text may have holes.
pub(crate) fn is_top_known(value: &Value) -> bool {
    !matches!(value.plain(), Value::Reference(_) | Value::Unknown(_) | Value::Choice(_))
}

/// Whether values lie in each other deeper than this.
pub(crate) fn is_deeper(value: &Value, than: u32) -> bool {
    let Some(than) = than.checked_sub(1) else { return true };
    match value {
        Value::List(list) => list.items.iter().any(|item| is_deeper(&item.value, than)),
        Value::Map(map) => map.entries.iter().any(|entry| is_deeper(&entry.value.value, than)),
        Value::Json(inner) => is_deeper(&inner.value, than),
        Value::Sensitive(inner) => is_deeper(inner, than),
        Value::Choice(choice) => {
            is_deeper(&choice.then.value, than) || is_deeper(&choice.otherwise.value, than)
        }
        Value::Template(parts) => {
            parts.iter().any(|part| matches!(part, Part::Hole(hole) if is_deeper(hole, than)))
        }
        Value::Reference(reference) => reference.known.as_ref().is_some_and(|known| is_deeper(known, than)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Unknown(_) => false,
    }
}

/// Whether it can stand for text.
pub(crate) fn may_be_text(value: &Value) -> bool {
    !matches!(value.plain(), Value::List(_) | Value::Map(_) | Value::Null)
}

/// Whether a sensitive value is in it.
pub(crate) fn has_sensitive(value: &Value) -> bool {
    match value.plain() {
        Value::Sensitive(_) => true,
        Value::List(list) => list.items.iter().any(|item| has_sensitive(&item.value)),
        Value::Map(map) => map.entries.iter().any(|entry| has_sensitive(&entry.value.value)),
        Value::Json(inner) => has_sensitive(&inner.value),
        Value::Template(parts) => {
            parts.iter().any(|part| matches!(part, Part::Hole(hole) if has_sensitive(hole)))
        }
        _ => false,
    }
}

/// The value without the marks of sensitive values in it.
pub(crate) fn unmarked(value: &Value) -> Value {
    let located = |located: &Located| Located::new(unmarked(&located.value), located.place);
    match value.plain() {
        Value::Sensitive(inner) => unmarked(inner),
        Value::List(list) => {
            Value::List(Arc::new(List { kind: list.kind, items: list.items.iter().map(located).collect() }))
        }
        Value::Map(map) => {
            let mut map = (**map).clone();
            for entry in &mut map.entries {
                entry.value = located(&entry.value);
            }
            Value::Map(Arc::new(map))
        }
        Value::Json(inner) => Value::Json(Arc::new(located(inner))),
        Value::Template(parts) => {
            let mut out = crate::template::Builder::default();
            for part in parts.iter() {
                match part {
                    Part::Literal(text) => out.text(text),
                    Part::Hole(hole) => {
                        if out.value(&unmarked(hole)).is_err() {
                            return value.clone();
                        }
                    }
                }
            }
            out.finish().unwrap_or_else(|_| value.clone())
        }
        plain => plain.clone(),
    }
}

/// What follows from values that are not known: it is not known, for the reason of the
/// first of them, and was computed from the resources of all.
pub(crate) fn derived<'v>(values: impl IntoIterator<Item = &'v Value>) -> Value {
    Value::Unknown(unknown_of(values))
}

/// The unknown part of [`derived`].
pub(crate) fn unknown_of<'v>(values: impl IntoIterator<Item = &'v Value>) -> Arc<Unknown> {
    let mut found = Found::default();
    for value in values {
        found.walk(value, 0);
    }
    let reason = found.reason.unwrap_or_else(|| Reason::new(ReasonCode::AttributeAtDeploy, "the value"));
    Arc::new(Unknown { reason, refs: found.refs, variable: None, test: None })
}

#[derive(Default)]
struct Found {
    reason: Option<Reason>,
    refs: Vec<Reference>,
}

impl Found {
    fn walk(&mut self, value: &Value, depth: u32) {
        if depth > 100 {
            return;
        }
        match value.plain() {
            Value::List(list) => list.items.iter().for_each(|item| self.walk(&item.value, depth + 1)),
            Value::Map(map) => {
                map.entries.iter().for_each(|entry| self.walk(&entry.value.value, depth + 1));
                if let Some(open) = &map.open {
                    self.unknown(open);
                }
            }
            Value::Json(inner) => self.walk(&inner.value, depth + 1),
            Value::Sensitive(inner) => self.walk(inner, depth + 1),
            Value::Template(parts) => {
                for part in parts.iter() {
                    if let Part::Hole(hole) = part {
                        self.walk(hole, depth + 1);
                    }
                }
            }
            Value::Reference(reference) => {
                self.reason(|| reason_of(reference));
                self.reference(reference);
            }
            Value::Unknown(unknown) => self.unknown(unknown),
            Value::Choice(choice) => {
                self.walk(&choice.then.value, depth + 1);
                self.walk(&choice.otherwise.value, depth + 1);
                self.reason(|| Reason::new(ReasonCode::TooManyAlternatives, &*choice.condition.label));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn unknown(&mut self, unknown: &Unknown) {
        self.reason(|| unknown.reason.clone());
        for reference in &unknown.refs {
            self.reference(reference);
        }
    }

    fn reason(&mut self, reason: impl FnOnce() -> Reason) {
        if self.reason.is_none() {
            self.reason = Some(reason());
        }
    }

    fn reference(&mut self, reference: &Reference) {
        // More than a few say nothing more, and looking for a known one must not get slow.
        if self.refs.len() < 32 && !self.refs.contains(reference) {
            self.refs.push(reference.clone());
        }
    }
}

/// Why the value of a reference is not known.
pub(crate) fn reason_of(reference: &Reference) -> Reason {
    let code = match reference.target.mode {
        Mode::Data => ReasonCode::DataSource,
        Mode::Managed | Mode::Module => ReasonCode::AttributeAtDeploy,
    };
    Reason::new(code, printed(reference))
}

/// A reference as it is written.
pub(crate) fn printed(reference: &Reference) -> String {
    use std::fmt::Write as _;
    let mut text = reference.target.to_string();
    for step in &reference.path {
        match step {
            Step::Name(name) => drop(write!(text, ".{name}")),
            Step::Index(index) => drop(write!(text, "[{index}]")),
            Step::Any => text.push_str("[*]"),
        }
    }
    text
}

/// A reference one step deeper.
pub(crate) fn deeper(reference: &Reference, step: Step) -> Value {
    let mut path = Vec::with_capacity(reference.path.len() + 1);
    path.extend_from_slice(&reference.path);
    // A path is bounded by the expression that is written.
    path.push(step);
    Value::Reference(Arc::new(Reference { target: reference.target.clone(), path, known: None }))
}

/// Whether a value that is not known is certainly neither null nor empty: what AWS gives
/// each resource when it creates it.
pub(crate) fn never_empty(value: &Value) -> bool {
    match value.plain() {
        Value::Reference(reference) => match reference.path.last() {
            Some(Step::Name(name)) if reference.path.len() == 1 => {
                matches!(
                    &**name,
                    "id" | "arn"
                        | "unique_id"
                        | "dns_name"
                        | "invoke_arn"
                        | "key_id"
                        | "domain_name"
                        | "endpoint"
                ) && reference.target.mode == Mode::Managed
            }
            _ => false,
        },
        Value::Template(parts) => crate::functions::is_filled(parts),
        Value::Json(_) => true,
        Value::Sensitive(inner) => {
            never_empty(inner) || matches!(&**inner, Value::String(text) if !text.is_empty())
        }
        Value::Choice(choice) => {
            let filled = |value: &Value| {
                never_empty(value) || matches!(value.plain(), Value::String(text) if !text.is_empty())
            };
            filled(&choice.then.value) && filled(&choice.otherwise.value)
        }
        _ => false,
    }
}

/// Whether two values are equal, as `==` compares them; `None` when that is not known.
pub(crate) fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a.plain(), b.plain()) {
        (Value::Sensitive(inner), other) | (other, Value::Sensitive(inner)) => equal(inner, other),
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::Number(a), Value::Number(b)) => Some(a == b),
        (Value::String(a), Value::String(b)) => Some(a == b),
        (Value::Reference(a), Value::Reference(b)) if a == b => Some(true),
        (Value::Json(json), other) | (other, Value::Json(json))
            if matches!(other, Value::String(_) | Value::Json(_)) =>
        {
            let text = crate::json_text::known(&json.value)?;
            Some(other.text()? == Arc::from(text))
        }
        (Value::Null, other) | (other, Value::Null) => {
            if never_empty(other) || (is_top_known(other) && !matches!(other, Value::Sensitive(_))) {
                Some(false)
            } else {
                None
            }
        }
        (Value::String(text), other) | (other, Value::String(text))
            if text.is_empty() && never_empty(other) =>
        {
            Some(false)
        }
        (Value::List(a), Value::List(b)) => {
            let sequence = |list: &List| list.kind != ListKind::Set;
            if sequence(a) != sequence(b) || a.items.len() != b.items.len() {
                return Some(false);
            }
            all_equal(a.items.iter().zip(&b.items).map(|(a, b)| equal(&a.value, &b.value)))
        }
        (Value::Map(a), Value::Map(b)) if a.open.is_none() && b.open.is_none() => {
            if a.entries.len() != b.entries.len()
                || a.entries.iter().zip(&b.entries).any(|(a, b)| a.key != b.key)
            {
                return Some(false);
            }
            all_equal(a.entries.iter().zip(&b.entries).map(|(a, b)| equal(&a.value.value, &b.value.value)))
        }
        (a, b) if is_known(a) && is_known(b) => Some(false),
        _ => None,
    }
}

fn all_equal(mut pairs: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut open = false;
    for pair in pairs.by_ref() {
        match pair {
            Some(false) => return Some(false),
            Some(true) => {}
            None => open = true,
        }
    }
    if open { None } else { Some(true) }
}

/// The elements without those equal to an earlier one. Linear for scalars.
pub(crate) fn distinct(items: &[Located]) -> Vec<Located> {
    let mut seen: HashSet<(u8, Arc<str>)> = HashSet::new();
    let mut kept: Vec<Located> = Vec::new();
    let mut others: Vec<usize> = Vec::new();
    for item in items {
        let kind = match item.value.plain() {
            Value::Bool(_) => 0,
            Value::Number(_) => 1,
            Value::String(_) => 2,
            _ => 3,
        };
        if kind < 3
            && let Some(text) = item.value.text()
        {
            if seen.insert((kind, text)) {
                kept.push(item.clone());
            }
        } else if !others.iter().any(|&at| equal(&kept[at].value, &item.value) == Some(true)) {
            // What is not known may be equal to another; it is kept.
            if others.len() < 4096 {
                others.push(kept.len());
            }
            kept.push(item.clone());
        }
    }
    kept
}

/// A set of elements, in the order in which Terraform iterates: text by its bytes, numbers
/// by size, false before true; others as written.
pub(crate) fn to_set(items: Vec<Located>) -> Value {
    let mut items = distinct(&items);
    if items.iter().all(|item| matches!(item.value.plain(), Value::String(_) | Value::Bool(_))) {
        items.sort_by_cached_key(|item| item.value.text());
    } else if items.iter().all(|item| matches!(item.value.plain(), Value::Number(_))) {
        items.sort_by(|a, b| match (a.value.plain(), b.value.plain()) {
            (Value::Number(a), Value::Number(b)) => a.as_f64().total_cmp(&b.as_f64()),
            _ => std::cmp::Ordering::Equal,
        });
    }
    Value::list(ListKind::Set, items)
}

/// The sum of two numbers.
pub(crate) fn add(a: &Number, b: &Number) -> Number {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => {
            a.checked_add(*b).map_or(Number::Float(*a as f64 + *b as f64), Number::Int)
        }
        _ => Number::from_f64(a.as_f64() + b.as_f64()),
    }
}

/// An operator on two values that are known, neither `&&` nor `||` nor an equality.
pub(crate) fn compute(operator: Operator, a: &Value, b: &Value) -> Result<Value, String> {
    let number = |value: &Value| {
        number_of(value).ok_or_else(|| format!("a number is wanted, but the operand is {}", describe(value)))
    };
    let (a, b) = (number(a)?, number(b)?);
    let (left, right) = (a.as_f64(), b.as_f64());
    let whole =
        |checked: Option<i64>, float: f64| checked.map_or_else(|| Number::from_f64(float), Number::Int);
    let pair = match (&a, &b) {
        (Number::Int(a), Number::Int(b)) => Some((*a, *b)),
        _ => None,
    };
    Ok(match operator {
        Operator::Less => Value::Bool(left < right),
        Operator::LessEqual => Value::Bool(left <= right),
        Operator::Greater => Value::Bool(left > right),
        Operator::GreaterEqual => Value::Bool(left >= right),
        Operator::Add => Value::Number(add(&a, &b)),
        Operator::Subtract => Value::Number(whole(pair.and_then(|(a, b)| a.checked_sub(b)), left - right)),
        Operator::Multiply => Value::Number(whole(pair.and_then(|(a, b)| a.checked_mul(b)), left * right)),
        Operator::Divide | Operator::Modulo if right == 0.0 => return Err("division by zero".into()),
        Operator::Divide => {
            let exact =
                pair.filter(|(a, b)| a.checked_rem(*b) == Some(0)).and_then(|(a, b)| a.checked_div(b));
            Value::Number(whole(exact, left / right))
        }
        Operator::Modulo => Value::Number(whole(pair.and_then(|(a, b)| a.checked_rem(b)), left % right)),
        Operator::Equal | Operator::NotEqual | Operator::And | Operator::Or => {
            return Err("no operator on numbers".into());
        }
    })
}

/// `a && b`, `a || b` of booleans that may be not known.
pub(crate) fn logical(operator: Operator, a: Option<bool>, b: Option<bool>) -> Option<bool> {
    let decides = operator == Operator::Or;
    match (a, b) {
        (Some(a), _) if a == decides => Some(decides),
        (_, Some(b)) if b == decides => Some(decides),
        (Some(_), Some(_)) => Some(!decides),
        _ => None,
    }
}

/// The bool of a condition, or why it is none.
pub(crate) fn truth(value: &Value) -> Result<Option<bool>, String> {
    match value.plain() {
        Value::Sensitive(inner) => truth(inner),
        Value::Reference(_) | Value::Unknown(_) | Value::Choice(_) | Value::Template(_) => Ok(None),
        value => {
            bool_of(value).map(Some).ok_or_else(|| format!("a bool is wanted, but it is {}", describe(value)))
        }
    }
}

/// One of two values; one value if they do not differ.
pub(crate) fn choice(condition: &Arc<Condition>, then: Located, otherwise: Located) -> Value {
    if same(&then.value, &otherwise.value) {
        return then.value;
    }
    if alternatives(&then.value) + alternatives(&otherwise.value) > MAX_ALTERNATIVES {
        return Value::unknown(ReasonCode::TooManyAlternatives, &*condition.label);
    }
    Value::Choice(Arc::new(Choice { condition: condition.clone(), then, otherwise }))
}

/// Whether two values are the same scalar.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Reference(a), Value::Reference(b)) => a == b,
        (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b) || (a.items.is_empty() && b.items.is_empty()),
        (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

fn alternatives(value: &Value) -> usize {
    match value {
        Value::Choice(choice) => alternatives(&choice.then.value) + alternatives(&choice.otherwise.value),
        _ => 1,
    }
}

/// The value where a condition is decided, as far as its outermost choices go.
pub(crate) fn assume(value: &Value, label: &str, holds: bool) -> Value {
    match value.plain() {
        Value::Choice(choice) if &*choice.condition.label == label => {
            assume(if holds { &choice.then.value } else { &choice.otherwise.value }, label, holds)
        }
        _ => value.clone(),
    }
}
