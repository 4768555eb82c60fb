//! Repetition: `count` and `for_each` of resources, data sources and module calls.

use std::rc::Rc;
use std::sync::Arc;

use sekisho_estate::ReasonCode;

use super::expression::elements;
use super::{Copies, Each, Eval, Evaluator, Repeated, Scope, fail, limits};
use crate::functions::{describe, number_of};
use crate::instance::Key;
use crate::module::Repetition;
use crate::operators::{self, derived};
use crate::value::{Condition, Entry, ListKind, Located, Map, Place, Test, Value};

/// Whether something holds: always, never, or under a condition.
enum When {
    Always,
    Never,
    If(Arc<Condition>),
}

impl Evaluator<'_> {
    /// The copies of a block; addresses are added by the caller.
    pub(super) fn copies(&mut self, node: usize, repetition: &Repetition, what: &str) -> Eval<Copies> {
        match repetition {
            Repetition::Once => {
                let nothing = Located::new(Value::Null, Place::NOWHERE);
                let each = Each { key: Key::None, named: nothing.clone(), value: nothing, when: None };
                Ok(Copies {
                    copies: vec![Rc::new(each)],
                    kind: Repeated::Once,
                    by: Value::Null,
                    addresses: Vec::new(),
                    value: Value::Null,
                })
            }
            Repetition::Count(count) => {
                let value = self.eval(&count.value, &mut Scope::new(node, count.place.file))?;
                self.counted(&value, count.place, what)
            }
            Repetition::ForEach(each) => {
                let value = self.eval(&each.value, &mut Scope::new(node, each.place.file))?;
                self.keyed(&value, each.place, what)
            }
        }
    }

    fn counted(&mut self, value: &Located, place: Place, what: &str) -> Eval<Copies> {
        let mut numbers = Vec::new();
        leaves(&value.value, &mut numbers);
        let mut most = 0;
        for leaf in numbers {
            let count = match leaf.plain() {
                Value::Null => return fail(place, "count must not be null"),
                plain => number_of(plain),
            };
            let Some(count) = count else {
                if operators::is_known(leaf) {
                    return fail(place, format!("count must be a number, but it is {}", describe(leaf)));
                }
                return Ok(representative(value, what));
            };
            let count = count.as_i64().and_then(|count| usize::try_from(count).ok());
            let Some(count) = count else {
                return fail(place, "count must be a whole number and not negative");
            };
            if count > limits::REPEATED {
                return fail(place, format!("count is {count}; more than {} are not made", limits::REPEATED));
            }
            most = most.max(count);
        }
        let mut copies = Vec::with_capacity(most);
        for at in 0..most {
            let exists = when(&value.value, &|leaf| {
                number_of(leaf).and_then(|count| count.as_i64()).is_some_and(|count| count > at as i64)
            });
            let when = match exists {
                When::Always => None,
                When::Never => continue,
                When::If(condition) => Some(condition),
            };
            copies.push(Rc::new(Each {
                key: Key::Index(at as u32),
                named: Located::new(Value::int(at as i64), value.place),
                value: Located::new(Value::Null, value.place),
                when,
            }));
        }
        Ok(Copies {
            copies,
            kind: Repeated::Count,
            by: value.value.clone(),
            addresses: Vec::new(),
            value: Value::Null,
        })
    }

    fn keyed(&mut self, value: &Located, place: Place, what: &str) -> Eval<Copies> {
        let mut collections = Vec::new();
        leaves(&value.value, &mut collections);
        let mut keys: Vec<(Arc<str>, Located)> = Vec::new();
        let mut open = false;
        for leaf in &collections {
            match leaf.plain() {
                Value::Map(map) => {
                    open |= map.open.is_some();
                    keys.extend(map.entries.iter().map(|entry| {
                        (entry.key.clone(), Located::new(Value::String(entry.key.clone()), entry.place))
                    }));
                }
                Value::List(list) if list.kind == ListKind::Set || list.items.is_empty() => {
                    for item in &list.items {
                        match item.value.text() {
                            Some(key) => keys.push((key, item.clone())),
                            None if operators::is_known(&item.value) => {
                                return fail(place, "for_each needs a set of strings");
                            }
                            None => open = true,
                        }
                    }
                }
                Value::Null => return fail(place, "for_each must not be null"),
                other if operators::is_top_known(other) => {
                    let other = describe(other);
                    return fail(
                        place,
                        format!("for_each must be a map or a set of strings, but it is {other}"),
                    );
                }
                _ => open = true,
            }
        }
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        keys.dedup_by(|a, b| a.0 == b.0);
        if keys.len() > limits::REPEATED {
            return fail(
                place,
                format!("for_each has {} keys; more than {} are not made", keys.len(), limits::REPEATED),
            );
        }
        let mut copies = Vec::with_capacity(keys.len() + usize::from(open));
        for (key, named) in keys {
            let when = match when(&value.value, &|leaf| entry(leaf, &key).is_some()) {
                When::Always | When::Never => None,
                When::If(condition) => Some(condition),
            };
            let element = pick(&value.value, &key).unwrap_or_else(|| named.clone());
            copies.push(Rc::new(Each { key: Key::String(key), named, value: element, when }));
        }
        if open {
            let rest = representative(value, what);
            // What the known elements have in common is not guessed for the others.
            copies.extend(rest.copies);
        }
        let kind = if open { Repeated::Unknown } else { Repeated::ForEach };
        Ok(Copies { copies, kind, by: value.value.clone(), addresses: Vec::new(), value: Value::Null })
    }
}

/// One copy that stands for all.
fn representative(value: &Located, what: &str) -> Copies {
    let named = Located::new(Value::unknown(ReasonCode::InstancesUnknown, what), value.place);
    let mut element = None;
    // Each element of an unknown list of a resource's attribute is at least that.
    if let Value::Reference(reference) = value.value.plain() {
        element = Some(operators::deeper(reference, crate::value::Step::Any));
    }
    let element = element.unwrap_or_else(|| derived([&value.value]));
    let each = Each { key: Key::Unknown, named, value: Located::new(element, value.place), when: None };
    Copies {
        copies: vec![Rc::new(each)],
        kind: Repeated::Unknown,
        by: value.value.clone(),
        addresses: Vec::new(),
        value: Value::Null,
    }
}

/// The values that a value can be, behind choices and marks.
fn leaves<'v>(value: &'v Value, out: &mut Vec<&'v Value>) {
    match value.plain() {
        Value::Choice(choice) => {
            leaves(&choice.then.value, out);
            leaves(&choice.otherwise.value, out);
        }
        Value::Sensitive(inner) => leaves(inner, out),
        _ => out.push(value),
    }
}

/// When a leaf that a test accepts is the value.
fn when(value: &Value, test: &dyn Fn(&Value) -> bool) -> When {
    match value.plain() {
        Value::Sensitive(inner) => when(inner, test),
        Value::Choice(choice) => {
            let condition = &choice.condition;
            match (when(&choice.then.value, test), when(&choice.otherwise.value, test)) {
                (When::Always, When::Always) => When::Always,
                (When::Never, When::Never) => When::Never,
                (When::Always, When::Never) => When::If(condition.clone()),
                (When::Never, When::Always) => When::If(not(condition)),
                (When::If(inner), When::Never) => When::If(join(&[condition.clone(), inner], true)),
                (When::Never, When::If(inner)) => When::If(join(&[not(condition), inner], true)),
                (When::If(inner), When::Always) => When::If(join(&[not(condition), inner], false)),
                (When::Always, When::If(inner)) => When::If(join(&[condition.clone(), inner], false)),
                (When::If(then), When::If(otherwise)) => {
                    let then = join(&[condition.clone(), then], true);
                    let otherwise = join(&[not(condition), otherwise], true);
                    When::If(join(&[then, otherwise], false))
                }
            }
        }
        plain => {
            if test(plain) {
                When::Always
            } else {
                When::Never
            }
        }
    }
}

fn not(condition: &Arc<Condition>) -> Arc<Condition> {
    Arc::new(Condition {
        label: format!("!({})", condition.label).into(),
        test: Test::Not(condition.clone()),
    })
}

fn join(conditions: &[Arc<Condition>], all: bool) -> Arc<Condition> {
    let labels: Vec<&str> = conditions.iter().map(|condition| &*condition.label).collect();
    let label = labels.join(if all { " && " } else { " || " });
    let conditions = conditions.to_vec();
    Arc::new(Condition {
        label: Arc::from(label),
        test: if all { Test::All(conditions) } else { Test::Any(conditions) },
    })
}

/// The element of a collection under a key.
fn entry(value: &Value, key: &str) -> Option<Located> {
    match value.plain() {
        Value::Map(map) => map.get(key).map(|entry| entry.value.clone()),
        Value::List(list) => {
            list.items.iter().find(|item| item.value.text().as_deref() == Some(key)).cloned()
        }
        _ => None,
    }
}

/// The element under a key, of whichever alternative has it.
fn pick(value: &Value, key: &str) -> Option<Located> {
    match value.plain() {
        Value::Sensitive(inner) => pick(inner, key),
        Value::Choice(choice) => {
            match (pick(&choice.then.value, key), pick(&choice.otherwise.value, key)) {
                (Some(then), Some(otherwise)) => {
                    let place = then.place;
                    Some(Located::new(operators::choice(&choice.condition, then, otherwise), place))
                }
                // The copy exists only where this is the value.
                (Some(found), None) | (None, Some(found)) => Some(found),
                (None, None) => None,
            }
        }
        plain => entry(plain, key),
    }
}

/// What a repeated block is in expressions: one, a list or a map of `references`, which lie
/// in the order of the copies.
pub(super) fn value_of(copies: &Copies, references: Vec<Located>) -> Value {
    let first = || references.first().map_or(Value::Null, |reference| reference.value.clone());
    match copies.kind {
        Repeated::Once => first(),
        Repeated::Unknown if references.len() == 1 => first(),
        Repeated::Count => mapped(&copies.by, &|leaf| {
            let count = number_of(leaf).and_then(|count| count.as_i64()).unwrap_or(0);
            let count = usize::try_from(count).unwrap_or(0).min(references.len());
            Value::list(ListKind::Tuple, references[..count].to_vec())
        }),
        Repeated::ForEach | Repeated::Unknown => mapped(&copies.by, &|leaf| {
            let pairs = copies.copies.iter().zip(&references);
            let entries = pairs.filter_map(|(each, reference)| match &each.key {
                Key::String(key) if entry(leaf, key).is_some() => {
                    Some(Entry { key: key.clone(), place: reference.place, value: reference.clone() })
                }
                _ => None,
            });
            let mut map = Map::from_entries(entries.collect());
            if copies.kind == Repeated::Unknown {
                map.open = Some(operators::unknown_of(references.iter().map(|reference| &reference.value)));
            }
            Value::Map(Arc::new(map))
        }),
    }
}

/// A value made of each alternative.
fn mapped(value: &Value, f: &dyn Fn(&Value) -> Value) -> Value {
    match value.plain() {
        Value::Sensitive(inner) => mapped(inner, f),
        Value::Choice(choice) => operators::choice(
            &choice.condition,
            Located::new(mapped(&choice.then.value, f), choice.then.place),
            Located::new(mapped(&choice.otherwise.value, f), choice.otherwise.place),
        ),
        plain => f(plain),
    }
}

/// Key and value of a block that a dynamic one generates, and when it is there.
pub(super) type Generated = (Located, Located, Option<Arc<Condition>>);

/// Elements with their keys, for dynamic blocks: of a choice those of both sides.
pub(super) fn generated(value: &Located) -> Option<Vec<Generated>> {
    if let Some(pairs) = elements(value) {
        return Some(pairs.into_iter().map(|(key, value)| (key, value, None)).collect());
    }
    match value.value.plain() {
        Value::Sensitive(inner) => generated(&Located::new((**inner).clone(), value.place)),
        Value::Choice(choice) => {
            let mut pairs = Vec::new();
            for (side, condition) in
                [(&choice.then, choice.condition.clone()), (&choice.otherwise, not(&choice.condition))]
            {
                for (key, value, inner) in generated(side)? {
                    let condition = match inner {
                        Some(inner) => join(&[condition.clone(), inner], true),
                        None => condition.clone(),
                    };
                    pairs.push((key, value, Some(condition)));
                }
            }
            Some(pairs)
        }
        _ => None,
    }
}
