//! Numbers.

use super::{Call, Function, MANY, known};
use crate::value::{ListKind, Number, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    known("abs", 1, 1, |call| {
        Ok(Value::Number(match call.number(0)? {
            Number::Int(int) => int.checked_abs().map_or(Number::Float((int as f64).abs()), Number::Int),
            number => Number::from_f64(number.as_f64().abs()),
        }))
    }),
    known("ceil", 1, 1, |call| float(call.float(0)?.ceil())),
    known("floor", 1, 1, |call| float(call.float(0)?.floor())),
    known("log", 2, 2, |call| float(call.float(0)?.ln() / call.float(1)?.ln())),
    known("pow", 2, 2, |call| float(call.float(0)?.powf(call.float(1)?))),
    known("signum", 1, 1, |call| {
        let number = call.float(0)?;
        Ok(Value::int(i64::from(number > 0.0) - i64::from(number < 0.0)))
    }),
    known("max", 1, MANY, |call| extreme(call, |a, b| a > b)),
    known("min", 1, MANY, |call| extreme(call, |a, b| a < b)),
    known("sum", 1, 1, sum),
    known("parseint", 2, 2, parseint),
    known("range", 1, 3, range),
];

fn float(float: f64) -> Result<Value, String> {
    if !float.is_finite() {
        return Err("the result is no finite number".into());
    }
    Ok(Value::Number(Number::from_f64(float)))
}

fn extreme(call: &Call<'_>, better: fn(f64, f64) -> bool) -> Result<Value, String> {
    let mut best = call.number(0)?;
    for at in 1..call.len() {
        let next = call.number(at)?;
        if better(next.as_f64(), best.as_f64()) {
            best = next;
        }
    }
    Ok(Value::Number(best))
}

fn sum(call: &Call<'_>) -> Result<Value, String> {
    let list = call.list(0)?;
    if list.items.is_empty() {
        return Err("the sum of an empty list".into());
    }
    let mut total = Number::Int(0);
    for item in &list.items {
        let next = super::number_of(&item.value).ok_or("every element must be a number")?;
        total = crate::operators::add(&total, &next);
    }
    Ok(Value::Number(total))
}

fn parseint(call: &Call<'_>) -> Result<Value, String> {
    let (text, base) = (call.text(0)?, call.int(1)?);
    let base = u32::try_from(base).ok().filter(|base| (2..=62).contains(base));
    let base = base.ok_or("the base must be between 2 and 62")?;
    let wrong = || format!("{text:?} is no whole number of base {base}");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, &*text),
    };
    if digits.is_empty() {
        return Err(wrong());
    }
    let mut total: i128 = 0;
    for c in digits.chars() {
        // Up to base 36 the case of a letter says nothing; beyond it lower case comes first.
        let digit = match c {
            '0'..='9' => c as u32 - '0' as u32,
            'a'..='z' => c as u32 - 'a' as u32 + 10,
            'A'..='Z' if base <= 36 => c as u32 - 'A' as u32 + 10,
            'A'..='Z' => c as u32 - 'A' as u32 + 36,
            _ => return Err(wrong()),
        };
        if digit >= base {
            return Err(wrong());
        }
        total = total
            .checked_mul(i128::from(base))
            .and_then(|total| total.checked_add(i128::from(digit)))
            .ok_or("the number is too large")?;
    }
    let total = if negative { -total } else { total };
    Ok(Value::Number(match i64::try_from(total) {
        Ok(int) => Number::Int(int),
        Err(_) => Number::Exact(total as f64, total.to_string().into()),
    }))
}

fn range(call: &Call<'_>) -> Result<Value, String> {
    let (start, limit) = match call.len() {
        1 => (0.0, call.float(0)?),
        _ => (call.float(0)?, call.float(1)?),
    };
    let step = match call.len() {
        3 => call.float(2)?,
        _ if limit < start => -1.0,
        _ => 1.0,
    };
    if step == 0.0 || (limit > start && step < 0.0) || (limit < start && step > 0.0) {
        return Err("the step leads away from the limit".into());
    }
    let mut items = Vec::new();
    let mut at = start;
    while (step > 0.0 && at < limit) || (step < 0.0 && at > limit) {
        // The bound of Terraform itself.
        if items.len() >= 1024 {
            return Err("more than 1024 elements".into());
        }
        items.push(call.made(Value::Number(Number::from_f64(at))));
        at += step;
    }
    Ok(Value::list(ListKind::List, items))
}
