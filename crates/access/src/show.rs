//! Conditions as people read them.

use crate::condition::{Compare, Ordered, Set, Test, Wanted};
use crate::formula::{Atom, Formula};
use crate::holes::{HoleClass, Holes};

/// A formula as one line of text.
#[must_use]
pub fn formula(of: &Formula, holes: &Holes) -> String {
    write(of, holes, false)
}

fn write(of: &Formula, holes: &Holes, nested: bool) -> String {
    let join = |parts: &[Formula], word: &str| {
        let text: Vec<String> = parts.iter().map(|part| write(part, holes, true)).collect();
        let text = text.join(word);
        if nested { format!("({text})") } else { text }
    };
    match of {
        Formula::True => "always".to_owned(),
        Formula::False => "never".to_owned(),
        Formula::Atom(atom) => self::atom(atom, holes, false),
        Formula::Not(inner) => match &**inner {
            Formula::Atom(atom) => self::atom(atom, holes, true),
            other => format!("not {}", write(other, holes, true)),
        },
        Formula::And(parts) => join(parts, " and "),
        Formula::Or(parts) => join(parts, " or "),
    }
}

fn atom(of: &Atom, holes: &Holes, negated: bool) -> String {
    match of {
        Atom::Test(test) => self::test(&test.0, holes, negated),
        Atom::Absent(key) if negated => format!("{key} is present"),
        Atom::Absent(key) => format!("{key} is absent"),
        // What of a store the request names.
        Atom::Matches { text, pattern, .. }
            if text.chars().any(|c| holes.get(c).is_some_and(|hole| hole.class == HoleClass::Content)) =>
        {
            format!("the request is {}for {}", if negated { "not " } else { "" }, pattern.show(holes))
        }
        Atom::Matches { text, pattern, .. } => {
            let like = if negated { "is not like" } else { "is like" };
            format!("{} {like} {}", holes.show(text), pattern.show(holes))
        }
        Atom::Unknown(why) if negated => format!("not [unknown: {why}]"),
        Atom::Unknown(why) => format!("[unknown: {why}]"),
        Atom::Ambiguous(what) => format!("[not settled by the documentation: {what}]"),
    }
}

/// A test as one piece of text.
#[must_use]
pub fn test(of: &Test, holes: &Holes, opposite: bool) -> String {
    let values: Vec<String> = of.values.iter().map(|wanted| self::wanted(wanted, holes)).collect();
    let negated = of.negated != opposite;
    let wild = of.values.iter().any(|wanted| match wanted {
        Wanted::Text(glob) => glob.has_wildcards() || !glob.variables().is_empty(),
        Wanted::Arn(fields) => fields.iter().any(|glob| glob.has_wildcards() || !glob.variables().is_empty()),
        _ => false,
    });
    let word = match (of.compare, negated) {
        (Compare::Ip, false) => "is in",
        (Compare::Ip, true) => "is not in",
        (Compare::Number(order) | Compare::Date(order), negated) => match (order, negated) {
            (Ordered::Equal, false) => "is",
            (Ordered::Equal, true) => "is not",
            (Ordered::Less, false) | (Ordered::GreaterOrEqual, true) => "<",
            (Ordered::LessOrEqual, false) | (Ordered::Greater, true) => "<=",
            (Ordered::Greater, false) | (Ordered::LessOrEqual, true) => ">",
            (Ordered::GreaterOrEqual, false) | (Ordered::Less, true) => ">=",
        },
        (_, false) if wild => "is like",
        (_, true) if wild => "is not like",
        (_, false) => "is",
        (_, true) => "is not",
    };
    let set = match of.set {
        Some(Set::All) => "every value of ",
        Some(Set::Any) => "a value of ",
        None => "",
    };
    let list = match values.as_slice() {
        [one] => one.clone(),
        many => format!("one of {}", many.join(", ")),
    };
    format!("{set}{} {word} {list}", of.written.0)
}

fn wanted(of: &Wanted, holes: &Holes) -> String {
    match of {
        Wanted::Text(glob) => glob.show(holes),
        Wanted::Arn(fields) => {
            let fields: Vec<String> = fields.iter().map(|glob| glob.show(holes)).collect();
            fields.join(":")
        }
        Wanted::Number(bits) => f64::from_bits(*bits).to_string(),
        Wanted::Date(seconds) => time(*seconds),
        Wanted::Bool(is) => is.to_string(),
        Wanted::Ip(range) => range.to_string(),
        Wanted::Nothing(text) => text.to_string(),
    }
}

/// A time in UTC.
fn time(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The civil calendar from days, with years that begin in March.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times() {
        for text in ["1970-01-01T00:00:00Z", "2000-02-29T12:00:00Z", "2024-12-31T23:59:59Z"] {
            assert_eq!(time(sekisho_policy::date(text).unwrap()), text);
        }
    }
}
