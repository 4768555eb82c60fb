//! `format` and `formatlist`, with the verbs of
//! <https://developer.hashicorp.com/terraform/language/functions/format>.

use super::{Call, Function, MANY, any};
use crate::operators;
use crate::template::Builder;
use crate::value::{ListKind, Value};

pub(super) const FUNCTIONS: &[Function] =
    &[any("format", 1, MANY, format), any("formatlist", 1, MANY, formatlist)];

fn format(call: &Call<'_>) -> Result<Value, String> {
    let Some(pattern) = call.value(0).text() else { return Ok(super::collection::derived(call)) };
    let arguments: Vec<&Value> = call.arguments[1..].iter().map(|argument| &argument.value).collect();
    formatted(&pattern, &arguments)
}

fn formatlist(call: &Call<'_>) -> Result<Value, String> {
    let Some(pattern) = call.value(0).text() else { return Ok(super::collection::derived(call)) };
    let arguments = &call.arguments[1..];
    let mut length = None;
    for argument in arguments {
        match argument.value.plain() {
            Value::List(list) => match length {
                Some(known) if known != list.items.len() => {
                    return Err("the lists have different lengths".into());
                }
                _ => length = Some(list.items.len()),
            },
            // Its length is not known, if it is a list.
            Value::Unknown(_) => return Ok(super::collection::derived(call)),
            _ => {}
        }
    }
    let row = |at: usize| -> Vec<&Value> {
        arguments
            .iter()
            .map(|argument| match argument.value.plain() {
                Value::List(list) => list.items.get(at).map_or(&Value::Null, |item| &item.value),
                _ => &argument.value,
            })
            .collect()
    };
    let rows = (0..length.unwrap_or(1)).map(|at| formatted(&pattern, &row(at)).map(|text| call.made(text)));
    Ok(Value::list(ListKind::List, rows.collect::<Result<_, _>>()?))
}

/// One verb: `%[index]flags width . precision letter`.
#[derive(Default)]
struct Verb {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

fn formatted(pattern: &str, arguments: &[&Value]) -> Result<Value, String> {
    let mut out = Builder::default();
    let mut rest = pattern;
    let mut next = 0;
    let mut highest = 0;
    while let Some(at) = rest.find('%') {
        out.text(&rest[..at]);
        let mut chars = rest[at + 1..].char_indices().peekable();
        let mut verb = Verb::default();
        while let Some(&(_, c)) = chars.peek() {
            match c {
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                ' ' => verb.space = true,
                '0' => verb.zero = true,
                '#' => verb.sharp = true,
                _ => break,
            }
            chars.next();
        }
        let number = |chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>| {
            let mut number: Option<usize> = None;
            while let Some((_, c)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
                let digit = c as usize - '0' as usize;
                number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit).min(10_000));
            }
            number
        };
        verb.width = number(&mut chars);
        if chars.next_if(|(_, c)| *c == '.').is_some() {
            verb.precision = Some(number(&mut chars).unwrap_or(0));
        }
        if chars.next_if(|(_, c)| *c == '[').is_some() {
            let index =
                number(&mut chars).filter(|&index| index > 0).ok_or("an index in brackets begins at 1")?;
            chars.next_if(|(_, c)| *c == ']').ok_or("an index lacks its closing bracket")?;
            next = index - 1;
        }
        let (end, letter) = chars.next().ok_or("the format ends with an unfinished verb")?;
        rest = &rest[at + 1 + end + letter.len_utf8()..];
        if letter == '%' {
            out.text("%");
            continue;
        }
        let value = arguments.get(next).ok_or_else(|| format!("%{letter} has no argument {}", next + 1))?;
        next += 1;
        highest = highest.max(next);
        if operators::is_known(value) {
            out.text(&verb.known(letter, value)?);
        } else if matches!(letter, 's' | 'v' | 'd') && verb.width.is_none() && operators::may_be_text(value) {
            out.value(value)?;
        } else {
            out.value(&operators::derived([*value]))?;
        }
    }
    out.text(rest);
    if highest < arguments.len() {
        return Err(format!("{} arguments for a format that uses {highest}", arguments.len()));
    }
    out.finish()
}

impl Verb {
    fn known(&self, letter: char, value: &Value) -> Result<String, String> {
        let value = value.plain();
        let text = match letter {
            'v' if self.sharp => json(value),
            'v' => match value {
                Value::Null => "null".to_owned(),
                Value::Bool(_) | Value::Number(_) | Value::String(_) => string(value)?,
                other => json(other),
            },
            's' => self.cut(string(value)?),
            'q' => json(&Value::text_of(&self.cut(string(value)?))),
            't' => super::bool_of(value).ok_or("%t needs a bool")?.to_string(),
            'd' | 'b' | 'o' | 'x' | 'X' => {
                if let ('x' | 'X', Value::String(text)) = (letter, value)
                    && super::number_of(value).is_none()
                {
                    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
                    return Ok(self.pad(if letter == 'X' { hex.to_uppercase() } else { hex }, false));
                }
                let number = super::number_of(value).ok_or_else(|| format!("%{letter} needs a number"))?;
                let whole = number.as_f64().trunc();
                let int = number.as_i64().unwrap_or(whole as i64);
                let digits = match letter {
                    'd' => int.unsigned_abs().to_string(),
                    'b' => format!("{:b}", int.unsigned_abs()),
                    'o' => format!("{:o}", int.unsigned_abs()),
                    'x' => format!("{:x}", int.unsigned_abs()),
                    _ => format!("{:X}", int.unsigned_abs()),
                };
                return Ok(self.pad(self.signed(int < 0, digits), true));
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let number = super::number_of(value).ok_or_else(|| format!("%{letter} needs a number"))?;
                let float = number.as_f64();
                let digits = match letter {
                    'f' | 'F' => std::format!("{:.*}", self.precision.unwrap_or(6), float.abs()),
                    'g' | 'G' => number.to_string().trim_start_matches('-').to_owned(),
                    _ => exponent(float.abs(), self.precision.unwrap_or(6)),
                };
                let digits = if letter.is_uppercase() { digits.to_uppercase() } else { digits };
                return Ok(self.pad(self.signed(float < 0.0, digits), true));
            }
            _ => return Err(std::format!("%{letter} is no verb of format")),
        };
        Ok(self.pad(text, false))
    }

    fn cut(&self, text: String) -> String {
        match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        }
    }

    fn signed(&self, negative: bool, digits: String) -> String {
        let sign = match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        std::format!("{sign}{digits}")
    }

    fn pad(&self, text: String, number: bool) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        if missing == 0 {
            return text;
        }
        if self.minus {
            return text + &" ".repeat(missing);
        }
        if self.zero && number {
            let (sign, digits) = match text.strip_prefix(['-', '+', ' ']) {
                Some(digits) => text.split_at(text.len() - digits.len()),
                None => ("", text.as_str()),
            };
            return std::format!("{sign}{}{digits}", "0".repeat(missing));
        }
        let fill = if self.zero { "0" } else { " " };
        fill.repeat(missing) + &text
    }
}

/// With an exponent of at least two digits, as Go writes it.
fn exponent(float: f64, precision: usize) -> String {
    let text = std::format!("{float:.precision$e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    std::format!("{digits}e{sign}{exponent:0>2}")
}

fn string(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Err("null cannot be formatted as a string".into()),
        value => value.text().map(|text| text.to_string()).ok_or_else(|| "%s needs a string".into()),
    }
}

fn json(value: &Value) -> String {
    crate::json_text::known(value).unwrap_or_default()
}
