//! Regular expressions. Terraform's are those of RE2, whose syntax the `regex` crate shares.

use regex::{Captures, Regex, RegexBuilder};

use super::{Call, Function, bounded, entry, known};
use crate::value::{ListKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    known("regex", 2, 2, |call| {
        let (pattern, text) = (compile(&call.text(0)?)?, call.text(1)?);
        let found = pattern.captures(&text).ok_or("the pattern matches nothing")?;
        Ok(captured(call, &pattern, &found))
    }),
    known("regexall", 2, 2, |call| {
        let (pattern, text) = (compile(&call.text(0)?)?, call.text(1)?);
        let all = pattern.captures_iter(&text).map(|found| call.made(captured(call, &pattern, &found)));
        Ok(Value::list(ListKind::List, all.collect()))
    }),
    known("replace", 3, 3, replace),
];

fn compile(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(1 << 20).build();
    built.map_err(|error| format!("{pattern:?} is no regular expression: {error}"))
}

/// Without groups the match, with unnamed ones a list, with named ones a map.
fn captured(call: &Call<'_>, pattern: &Regex, found: &Captures<'_>) -> Value {
    let value = |at: usize| found.get(at).map_or(Value::Null, |group| Value::text_of(group.as_str()));
    if pattern.captures_len() == 1 {
        return value(0);
    }
    if pattern.capture_names().flatten().next().is_some() {
        let names = pattern.capture_names().enumerate();
        return Value::map(names.filter_map(|(at, name)| Some(entry(call, name?, value(at)))).collect());
    }
    Value::list(ListKind::Tuple, (1..pattern.captures_len()).map(|at| call.made(value(at))).collect())
}

/// A pattern between slashes is a regular expression.
fn replace(call: &Call<'_>) -> Result<Value, String> {
    let (text, wanted, by) = (call.text(0)?, call.text(1)?, call.text(2)?);
    if wanted.len() > 1
        && let Some(pattern) = wanted.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'))
    {
        return bounded(compile(pattern)?.replace_all(&text, &*by).into_owned());
    }
    if wanted.is_empty() && text.len().saturating_mul(by.len() + 1) > super::MAX_TEXT {
        return Err("the text would be too long".into());
    }
    bounded(text.replace(&*wanted, &by))
}
