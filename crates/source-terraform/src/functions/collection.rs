//! Lists and maps.

use std::sync::Arc;

use sekisho_estate::ReasonCode;

use super::{Call, Function, MANY, MAX_ELEMENTS, any, describe, entry, known, shape};
use crate::operators::{self, equal, never_empty};
use crate::value::{Entry, ListKind, Located, Map, Step, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    shape("alltrue", 1, 1, |call| every(call, true)),
    shape("anytrue", 1, 1, |call| every(call, false)),
    shape("chunklist", 2, 2, chunklist),
    any("coalesce", 1, MANY, coalesce),
    any("coalescelist", 1, MANY, coalescelist),
    shape("compact", 1, 1, compact),
    any("concat", 1, MANY, concat),
    shape("contains", 2, 2, contains),
    shape("distinct", 1, 1, distinct),
    any("element", 2, 2, element),
    any("flatten", 1, 1, flatten),
    known("index", 2, 2, index),
    shape("keys", 1, 1, keys),
    any("length", 1, 1, length),
    any("list", 0, MANY, |call| Ok(Value::list(ListKind::Tuple, call.arguments.to_vec()))),
    any("lookup", 2, 3, lookup),
    any("map", 0, MANY, map),
    shape("matchkeys", 3, 3, matchkeys),
    any("merge", 0, MANY, merge),
    any("one", 1, 1, one),
    shape("reverse", 1, 1, reverse),
    any("slice", 3, 3, slice),
    known("sort", 1, 1, sort),
    known("transpose", 1, 1, transpose),
    shape("values", 1, 1, values),
    any("zipmap", 2, 2, zipmap),
];

/// The result is not known because of one of the arguments.
pub(super) fn derived(call: &Call<'_>) -> Value {
    operators::derived(call.arguments.iter().map(|argument| &argument.value))
}

/// Whether all are true (`wanted` is true) or one is (`wanted` is false).
fn every(call: &Call<'_>, wanted: bool) -> Result<Value, String> {
    let mut open = false;
    for item in &call.list(0)?.items {
        match item.value.plain() {
            Value::Null => return Ok(Value::Bool(false)),
            value => match super::bool_of(value) {
                Some(bool) if bool != wanted => return Ok(Value::Bool(bool)),
                Some(_) => {}
                None if operators::is_known(value) => return Err("every element must be a bool".into()),
                None => open = true,
            },
        }
    }
    Ok(if open { derived(call) } else { Value::Bool(wanted) })
}

fn chunklist(call: &Call<'_>) -> Result<Value, String> {
    let list = call.list(0)?;
    let size = usize::try_from(call.int(1)?).map_err(|_| "the size is negative")?;
    let size = if size == 0 { list.items.len().max(1) } else { size };
    let chunks = list.items.chunks(size).map(|chunk| call.made(Value::list(ListKind::List, chunk.to_vec())));
    Ok(Value::list(ListKind::List, chunks.collect()))
}

/// The first that is neither null nor empty text.
fn coalesce(call: &Call<'_>) -> Result<Value, String> {
    for argument in call.arguments {
        match argument.value.plain() {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            value if operators::is_top_known(value) || never_empty(value) => {
                return Ok(argument.value.clone());
            }
            _ => return Ok(derived(call)),
        }
    }
    Err("no argument is a value that is neither null nor empty".into())
}

fn coalescelist(call: &Call<'_>) -> Result<Value, String> {
    for argument in call.arguments {
        match argument.value.plain() {
            Value::Null => {}
            Value::List(list) if list.items.is_empty() => {}
            Value::List(_) => return Ok(argument.value.clone()),
            value if operators::is_top_known(value) => return Err("every argument must be a list".into()),
            _ => return Ok(derived(call)),
        }
    }
    Err("no argument is a list with elements".into())
}

fn compact(call: &Call<'_>) -> Result<Value, String> {
    let mut items = Vec::new();
    for item in &call.list(0)?.items {
        match item.value.plain() {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            value if operators::is_top_known(value) || never_empty(value) => items.push(item.clone()),
            _ => return Ok(derived(call)),
        }
    }
    Ok(Value::list(ListKind::List, items))
}

fn concat(call: &Call<'_>) -> Result<Value, String> {
    let mut items = Vec::new();
    for at in 0..call.len() {
        match call.value(at) {
            Value::List(list) => items.extend_from_slice(&list.items),
            value if operators::is_top_known(value) => {
                return Err(format!("argument {} must be a list, but is {}", at + 1, describe(value)));
            }
            _ => return Ok(derived(call)),
        }
        if items.len() > MAX_ELEMENTS {
            return Err(format!("more than {MAX_ELEMENTS} elements"));
        }
    }
    Ok(Value::list(ListKind::Tuple, items))
}

fn contains(call: &Call<'_>) -> Result<Value, String> {
    let wanted = call.value(1);
    let mut open = false;
    for item in &call.list(0)?.items {
        match equal(&item.value, wanted) {
            Some(true) => return Ok(Value::Bool(true)),
            // The elements of a list have one type, and the argument is converted to it.
            Some(false) if item.value.text().is_some() && item.value.text() == wanted.text() => {
                return Ok(Value::Bool(true));
            }
            Some(false) => {}
            None => open = true,
        }
    }
    Ok(if open { derived(call) } else { Value::Bool(false) })
}

fn distinct(call: &Call<'_>) -> Result<Value, String> {
    Ok(Value::list(ListKind::List, operators::distinct(&call.list(0)?.items)))
}

fn element(call: &Call<'_>) -> Result<Value, String> {
    let at = super::number_of(call.value(1)).and_then(|number| number.as_i64());
    match call.value(0) {
        Value::List(list) => {
            let length = list.items.len() as i64;
            if length == 0 {
                return Err("an empty list has no elements".into());
            }
            match at {
                Some(at) => Ok(list.items[at.rem_euclid(length) as usize].value.clone()),
                None if operators::is_top_known(call.value(1)) => {
                    Err("the index must be a whole number".into())
                }
                None if length == 1 => Ok(list.items[0].value.clone()),
                None => Ok(derived(call)),
            }
        }
        // Whether the index wraps around depends on the length, which is not known.
        Value::Reference(reference) => Ok(operators::deeper(reference, Step::Any)),
        value if operators::is_top_known(value) => Err(format!("a list is wanted, not {}", describe(value))),
        _ => Ok(derived(call)),
    }
}

fn flatten(call: &Call<'_>) -> Result<Value, String> {
    fn walk(value: &Located, items: &mut Vec<Located>, depth: u32) -> Result<bool, String> {
        if items.len() > MAX_ELEMENTS || depth > 100 {
            return Err(format!("more than {MAX_ELEMENTS} elements or nested too deep"));
        }
        match value.value.plain() {
            Value::List(list) => {
                for item in &list.items {
                    if !walk(item, items, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            // It may be a list of any length.
            Value::Unknown(_) => Ok(false),
            _ => {
                items.push(value.clone());
                Ok(true)
            }
        }
    }
    let Value::List(list) = call.value(0) else {
        return if operators::is_top_known(call.value(0)) {
            Err("a list is wanted".into())
        } else {
            Ok(derived(call))
        };
    };
    let mut items = Vec::new();
    for item in &list.items {
        if !walk(item, &mut items, 0)? {
            return Ok(derived(call));
        }
    }
    Ok(Value::list(ListKind::Tuple, items))
}

fn index(call: &Call<'_>) -> Result<Value, String> {
    let at = call.list(0)?.items.iter().position(|item| equal(&item.value, call.value(1)) == Some(true));
    at.map(|at| Value::int(at as i64)).ok_or_else(|| "no element is equal to the value".into())
}

fn keys(call: &Call<'_>) -> Result<Value, String> {
    let map = call.map(0)?;
    if let Some(open) = &map.open {
        return Ok(Value::Unknown(open.clone()));
    }
    let key = |entry: &Entry| Located::new(Value::String(entry.key.clone()), entry.place);
    Ok(Value::list(ListKind::List, map.entries.iter().map(key).collect()))
}

fn values(call: &Call<'_>) -> Result<Value, String> {
    let map = call.map(0)?;
    if let Some(open) = &map.open {
        return Ok(Value::Unknown(open.clone()));
    }
    Ok(Value::list(ListKind::Tuple, map.entries.iter().map(|entry| entry.value.clone()).collect()))
}

fn length(call: &Call<'_>) -> Result<Value, String> {
    let length = match call.value(0) {
        Value::List(list) => list.items.len(),
        Value::Map(map) => match &map.open {
            Some(open) => return Ok(Value::Unknown(open.clone())),
            None => map.entries.len(),
        },
        // Characters as people count them are near enough to code points.
        Value::String(text) => text.chars().count(),
        value @ Value::Json(_) if operators::is_known(value) => {
            value.text().map_or(0, |text| text.chars().count())
        }
        value if operators::is_top_known(value) => {
            return Err(format!("{} has no length", describe(value)));
        }
        _ => return Ok(derived(call)),
    };
    Ok(Value::int(length as i64))
}

fn lookup(call: &Call<'_>) -> Result<Value, String> {
    let map = match call.value(0) {
        Value::Map(map) => map,
        value if operators::is_top_known(value) => {
            return Err(format!("a map is wanted, not {}", describe(value)));
        }
        Value::Reference(reference) => {
            return Ok(match call.value(1).text() {
                // The entry may not be there, and the default be taken.
                Some(_) if call.len() == 3 => derived(call),
                Some(key) => operators::deeper(reference, Step::Name(key)),
                None => derived(call),
            });
        }
        _ => return Ok(derived(call)),
    };
    let Some(key) = call.value(1).text() else {
        // Whatever the key is, an empty map does not have it.
        return Ok(match call.arguments.get(2) {
            Some(default) if map.entries.is_empty() && map.open.is_none() => default.value.clone(),
            _ => derived(call),
        });
    };
    match (map.get(&key), &map.open) {
        (Some(found), _) => Ok(found.value.value.clone()),
        (None, Some(open)) => Ok(Value::Unknown(open.clone())),
        (None, None) if call.len() == 3 => Ok(call.arguments[2].value.clone()),
        (None, None) => Err(format!("the map has no key {key:?}")),
    }
}

fn map(call: &Call<'_>) -> Result<Value, String> {
    let mut entries = Vec::new();
    for at in (0..call.len()).step_by(2) {
        let value = call.arguments.get(at + 1).ok_or("an even number of arguments is wanted")?;
        entries.push(Entry { key: call.text(at)?, place: call.arguments[at].place, value: value.clone() });
    }
    Ok(Value::map(entries))
}

fn matchkeys(call: &Call<'_>) -> Result<Value, String> {
    let (values, keys, wanted) = (call.list(0)?, call.list(1)?, call.list(2)?);
    if values.items.len() != keys.items.len() {
        return Err("the two lists have different lengths".into());
    }
    let mut items = Vec::new();
    for (value, key) in values.items.iter().zip(&keys.items) {
        let mut found = Some(false);
        for wanted in &wanted.items {
            match equal(&key.value, &wanted.value) {
                Some(true) => found = Some(true),
                None if found == Some(false) => found = None,
                _ => {}
            }
        }
        match found {
            Some(true) => items.push(value.clone()),
            Some(false) => {}
            None => return Ok(derived(call)),
        }
    }
    Ok(Value::list(ListKind::List, items))
}

fn merge(call: &Call<'_>) -> Result<Value, String> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut open = None;
    for at in 0..call.len() {
        match call.value(at) {
            Value::Null => {}
            Value::Map(map) => {
                if map.open.is_some() {
                    open.clone_from(&map.open);
                }
                entries.extend_from_slice(&map.entries);
            }
            value if operators::is_top_known(value) => {
                return Err(format!("argument {} must be a map, but is {}", at + 1, describe(value)));
            }
            value => {
                // What stands before it may be overwritten by it.
                for entry in &mut entries {
                    entry.value.value = operators::derived([value, &entry.value.value]);
                }
                open = Some(operators::unknown_of([value]));
            }
        }
    }
    let mut merged = Map::from_entries(entries);
    merged.open = open;
    Ok(Value::Map(Arc::new(merged)))
}

fn one(call: &Call<'_>) -> Result<Value, String> {
    match call.value(0) {
        Value::Null => Ok(Value::Null),
        Value::List(list) => match list.items.as_slice() {
            [] => Ok(Value::Null),
            [item] => Ok(item.value.clone()),
            _ => Err("the list has more than one element".into()),
        },
        value if operators::is_top_known(value) => Ok(call.arguments[0].value.clone()),
        Value::Reference(reference) => Ok(operators::deeper(reference, Step::Index(0))),
        _ => Ok(derived(call)),
    }
}

fn reverse(call: &Call<'_>) -> Result<Value, String> {
    Ok(Value::list(ListKind::Tuple, call.list(0)?.items.iter().rev().cloned().collect()))
}

fn slice(call: &Call<'_>) -> Result<Value, String> {
    let bound = |at: usize| super::number_of(call.value(at)).and_then(|number| number.as_i64());
    let (from, to) = match (bound(1), bound(2)) {
        (Some(from), Some(to)) => (from, to),
        _ if operators::is_top_known(call.value(1)) && operators::is_top_known(call.value(2)) => {
            return Err("the bounds must be whole numbers".into());
        }
        _ => return Ok(derived(call)),
    };
    match call.value(0) {
        Value::List(list) => {
            let bounds = usize::try_from(from).ok().zip(usize::try_from(to).ok());
            let items = bounds.and_then(|(from, to)| list.items.get(from..to));
            let wrong =
                || format!("the list of {} elements has no part from {from} to {to}", list.items.len());
            Ok(Value::list(ListKind::Tuple, items.ok_or_else(wrong)?.to_vec()))
        }
        // It succeeds only if there are so many, and then they are these.
        Value::Reference(reference) if from >= 0 && from <= to && to - from <= 1024 => {
            let items = (from..to).map(|at| call.made(operators::deeper(reference, Step::Index(at))));
            Ok(Value::list(ListKind::Tuple, items.collect()))
        }
        value if operators::is_top_known(value) => Err(format!("a list is wanted, not {}", describe(value))),
        _ => Ok(derived(call)),
    }
}

fn sort(call: &Call<'_>) -> Result<Value, String> {
    call.texts(0)?;
    let mut items: Vec<Located> = call.list(0)?.items.clone();
    items.sort_by_cached_key(|item| item.value.text());
    Ok(Value::list(ListKind::List, items))
}

fn transpose(call: &Call<'_>) -> Result<Value, String> {
    let mut turned: std::collections::BTreeMap<Arc<str>, Vec<Located>> = std::collections::BTreeMap::new();
    for entry in &call.map(0)?.entries {
        let Value::List(list) = entry.value.value.plain() else {
            return Err("a map of lists is wanted".into());
        };
        for item in &list.items {
            let key = item.value.text().ok_or("the lists must hold strings")?;
            turned.entry(key).or_default().push(call.made(Value::String(entry.key.clone())));
        }
    }
    let entries =
        turned.into_iter().map(|(key, items)| entry(call, &key, Value::list(ListKind::List, items)));
    Ok(Value::map(entries.collect()))
}

fn zipmap(call: &Call<'_>) -> Result<Value, String> {
    let (Value::List(keys), Value::List(values)) = (call.value(0), call.value(1)) else {
        let known = |at: usize| operators::is_top_known(call.value(at));
        return if known(0) && known(1) { Err("two lists are wanted".into()) } else { Ok(derived(call)) };
    };
    if keys.items.len() != values.items.len() {
        return Err(format!("{} keys for {} values", keys.items.len(), values.items.len()));
    }
    let mut entries = Vec::new();
    for (key, value) in keys.items.iter().zip(&values.items) {
        let Some(text) = key.value.text() else {
            if operators::is_known(&key.value) {
                return Err("the keys must be strings".into());
            }
            return Ok(Value::unknown(ReasonCode::AttributeAtDeploy, "a key of zipmap"));
        };
        entries.push(Entry { key: text, place: key.place, value: value.clone() });
    }
    Ok(Value::map(entries))
}
