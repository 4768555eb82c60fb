//! Conditions, one value at a time.
//!
//! Sources, all of the IAM User Guide: `reference_policies_elements_condition_operators.html`
//! (operators, IfExists, Null), `reference_policies_condition-single-vs-multi-valued-context-keys.html`
//! and `reference_policies_condition-logic-multiple-context-keys-or-values.html` (set
//! operators, AND and OR), `reference_policies_variables.html`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

/// The request's condition keys, names in lower case.
pub(crate) type Keys = BTreeMap<String, Given>;

/// What the request says of one key.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The values.
    pub(crate) values: Vec<String>,
    /// Whether the key is a list.
    pub(crate) many: bool,
}

/// One letter of a pattern.
#[derive(Clone, PartialEq)]
pub(crate) enum Letter {
    Is(char),
    One,
    Any,
}

/// A text with its variables put in; `None` when one is missing and has no default.
/// Wildcards in a variable's value are ordinary letters.
///
/// IAM User Guide, `reference_policies_variables.html`; in Version 2008-10-17 `${…}` is text.
pub(crate) fn letters(text: &str, variables: bool, keys: &Keys) -> Option<Vec<Letter>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if variables
            && rest.starts_with("${")
            && let Some(end) = rest.find('}')
        {
            let inside = &rest[2..end];
            rest = &rest[end + 1..];
            if matches!(inside, "*" | "?" | "$") {
                out.extend(inside.chars().map(Letter::Is));
                continue;
            }
            let (name, default) = match inside.split_once(',') {
                Some((name, default)) => (name.trim(), Some(default.trim().trim_matches('\''))),
                None => (inside.trim(), None),
            };
            let value = match keys.get(&name.to_lowercase()) {
                Some(given) if !given.many => given.values.first()?.clone(),
                _ => default?.to_owned(),
            };
            out.extend(value.chars().map(Letter::Is));
            continue;
        }
        out.push(match first {
            '*' => Letter::Any,
            '?' => Letter::One,
            other => Letter::Is(other),
        });
        rest = &rest[first.len_utf8()..];
    }
    Some(out)
}

/// Whether a text fits a pattern.
pub(crate) fn fits(pattern: &[Letter], text: &[char]) -> bool {
    match pattern.first() {
        None => text.is_empty(),
        Some(Letter::Any) => (0..=text.len()).any(|skip| fits(&pattern[1..], &text[skip..])),
        Some(Letter::One) => !text.is_empty() && fits(&pattern[1..], &text[1..]),
        Some(Letter::Is(letter)) => text.first() == Some(letter) && fits(&pattern[1..], &text[1..]),
    }
}

/// Whether a text fits a pattern without variables.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let letters = letters(pattern, false, &Keys::new()).unwrap();
    fits(&letters, &text.chars().collect::<Vec<_>>())
}

/// Whether all operators and all keys of a condition block hold.
pub(crate) fn holds(block: Option<&Value>, variables: bool, keys: &Keys) -> bool {
    let Some(block) = block else { return true };
    block.as_object().unwrap().iter().all(|(operator, of)| {
        of.as_object()
            .unwrap()
            .iter()
            .all(|(key, values)| one(operator, key, &texts(values), variables, keys))
    })
}

/// A text, number or boolean, or a list of them.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn one(operator: &str, key: &str, wanted: &[String], variables: bool, keys: &Keys) -> bool {
    let given = keys.get(&key.to_lowercase());
    if operator == "Null" {
        return (wanted[0] == "true") == given.is_none();
    }
    let (set, rest) = match operator.split_once(':') {
        Some((set, rest)) => (Some(set), rest),
        None => (None, operator),
    };
    let (base, if_exists) = match rest.strip_suffix("IfExists") {
        Some(base) => (base, true),
        None => (rest, false),
    };
    let negated = base.contains("Not");
    let base = base.replace("Not", "");
    // Whether one value of the request equals one of the policy's values.
    let equal = |value: &String| wanted.iter().any(|want| compare(&base, value, want, variables, keys));
    let right = |value: &String| equal(value) != negated;
    match (set, given) {
        (Some("ForAllValues"), None) => true,
        (Some("ForAllValues"), Some(given)) => given.values.iter().all(right),
        (Some("ForAnyValue"), None) => false,
        (Some("ForAnyValue"), Some(given)) => given.values.iter().any(right),
        (None, None) => if_exists || negated,
        (None, Some(given)) if given.many => false,
        (None, Some(given)) => given.values.iter().all(right),
        (Some(other), _) => panic!("there is no set operator {other}"),
    }
}

fn compare(base: &str, value: &str, want: &str, variables: bool, keys: &Keys) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    let numbers = |test: &dyn Fn(f64, f64) -> bool| match (number(value), number(want)) {
        (Some(a), Some(b)) => test(a, b),
        _ => false,
    };
    let dates = |test: &dyn Fn(i64, i64) -> bool| match (seconds(value), seconds(want)) {
        (Some(a), Some(b)) => test(a, b),
        _ => false,
    };
    // In operators without wildcards `*` and `?` are ordinary letters.
    let plain = |lower: bool| {
        let Some(letters) = letters(want, variables, keys) else { return false };
        let text: String = letters
            .iter()
            .map(|letter| match letter {
                Letter::Is(letter) => *letter,
                Letter::One => '?',
                Letter::Any => '*',
            })
            .collect();
        if lower { text.to_lowercase() == value.to_lowercase() } else { text == value }
    };
    match base {
        "StringEquals" => plain(false),
        "StringEqualsIgnoreCase" => plain(true),
        "StringLike" => letters(want, variables, keys)
            .is_some_and(|letters| fits(&letters, &value.chars().collect::<Vec<_>>())),
        "NumericEquals" => numbers(&|a, b| a == b),
        "NumericLessThan" => numbers(&|a, b| a < b),
        "NumericLessThanEquals" => numbers(&|a, b| a <= b),
        "NumericGreaterThan" => numbers(&|a, b| a > b),
        "NumericGreaterThanEquals" => numbers(&|a, b| a >= b),
        "DateEquals" => dates(&|a, b| a == b),
        "DateLessThan" => dates(&|a, b| a < b),
        "DateLessThanEquals" => dates(&|a, b| a <= b),
        "DateGreaterThan" => dates(&|a, b| a > b),
        "DateGreaterThanEquals" => dates(&|a, b| a >= b),
        "Bool" => value == want && (want == "true" || want == "false"),
        "BinaryEquals" => value == want,
        "IpAddress" => within(value, want),
        "ArnEquals" | "ArnLike" => arn_fits(value, want, variables, keys),
        other => panic!("there is no operator {other}"),
    }
}

/// Each of the six parts between colons is compared by itself, so that `*` does not reach
/// over a colon, except within the last. ArnEquals and ArnLike are the same.
fn arn_fits(value: &str, want: &str, variables: bool, keys: &Keys) -> bool {
    // Variables may hold colons, so the pattern is cut before they are put in.
    let (values, wants): (Vec<&str>, Vec<&str>) =
        (value.splitn(6, ':').collect(), want.splitn(6, ':').collect());
    values.len() == 6
        && wants.len() == 6
        && values.iter().zip(wants).all(|(value, want)| {
            letters(want, variables, keys)
                .is_some_and(|letters| fits(&letters, &value.chars().collect::<Vec<_>>()))
        })
}

/// An address within a block, or equal to one without a mask.
fn within(value: &str, block: &str) -> bool {
    let bits = |address: &str| match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(four) => Some((u128::from(u32::from(four)) << 96, 4)),
        IpAddr::V6(six) => Some((u128::from(six), 6)),
    };
    let (base, length) =
        block.split_once('/').unwrap_or((block, if block.contains(':') { "128" } else { "32" }));
    let (Some((a, family)), Some((b, of)), Ok(length)) = (bits(value), bits(base), length.parse::<u32>())
    else {
        return false;
    };
    let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
    family == of && a & mask == b & mask
}

/// Seconds since 1970 of an ISO 8601 date in UTC, or of a number of seconds.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(epoch) = text.parse() {
        return Some(epoch);
    }
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let part = |text: &str, at: usize, by: char| text.split(by).nth(at)?.parse::<i64>().ok();
    let (year, month, day) = (part(date, 0, '-')?, part(date, 1, '-')?, part(date, 2, '-')?);
    let time = time.trim_end_matches('Z');
    let (hour, minute, second) = (part(time, 0, ':')?, part(time, 1, ':')?, part(time, 2, ':').unwrap_or(0));
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut days: i64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    for before in 1..month {
        days += match before {
            2 if leap(year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
    }
    Some(((days + day - 1) * 24 + hour) * 3600 + minute * 60 + second)
}
